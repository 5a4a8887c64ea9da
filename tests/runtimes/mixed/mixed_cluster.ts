import { type Runtime, RUNTIMES } from "../../../tasks/suites.ts";
import { eventually } from "../../support/wait.ts";
import { Cable, type Cut } from "./cable.ts";
import type { Connection } from "./commands.ts";
import { MemberProcess } from "./member_process.ts";

/** The members; each is named after its runtime. */
export const MEMBERS: readonly Runtime[] = RUNTIMES;

/** Longer than the pause after the loss of a member, to distinguish the two; in milliseconds. */
export const SESSION_TTL = 3_000;

const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/**
 * A cluster with one process in each runtime, on this machine. Each member reaches each of the others at
 * a separate address, through a cable.
 */
export class MixedCluster {
  readonly #connection: Connection;
  readonly #members = new Map<Runtime, MemberProcess>();
  readonly #cables = new Map<Runtime, Map<Runtime, Cable>>();

  private constructor(connection: Connection) {
    this.#connection = connection;
    for (const from of MEMBERS) {
      const others = MEMBERS.filter((to) => to !== from);
      this.#cables.set(from, new Map(others.map((to) => [to, new Cable()])));
    }
  }

  /** Starts all members, and waits until they form one cluster. */
  static async start(connection: Connection): Promise<MixedCluster> {
    const cluster = new MixedCluster(connection);
    try {
      await Promise.all(MEMBERS.map((runtime) => cluster.launch(runtime)));
      await cluster.all((member) => member.tell("ready"));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Starts the process of a member, which joins with an empty memory. */
  async launch(runtime: Runtime): Promise<void> {
    const member = await MemberProcess.start(runtime);
    this.#members.set(runtime, member);
    const port = await member.tell("listen");
    for (const [to, cable] of this.#cablesTo(runtime)) {
      if (to === runtime) cable.target = port;
    }
    const scheme = this.#connection === "http" ? "http" : "ws";
    const addresses = Array.from(
      this.#cables.get(runtime)!,
      ([to, { port }]) => [to, `${scheme}://127.0.0.1:${port}/synod`],
    );
    await member.tell("join", {
      id: runtime,
      members: MEMBERS,
      connection: this.#connection,
      peers: Object.fromEntries(addresses),
      secret: SECRET,
      sessionTtl: SESSION_TTL,
    });
  }

  /** The member of a runtime. */
  member(runtime: Runtime): MemberProcess {
    return this.#members.get(runtime)!;
  }

  /** The results of `use` for all members, in their order. */
  all<T>(use: (member: MemberProcess) => T | Promise<T>): Promise<T[]> {
    return Promise.all(MEMBERS.map((runtime) => use(this.member(runtime))));
  }

  /** Kills the process of a member. */
  async kill(runtime: Runtime): Promise<void> {
    await this.member(runtime).kill();
  }

  /** Cuts a member off from all others. */
  cut(runtime: Runtime, how: Cut): void {
    for (const [, cable] of this.#cablesTo(runtime)) cable.cut(how);
  }

  /** Ends all cuts. */
  heal(): void {
    for (const cables of this.#cables.values()) for (const cable of cables.values()) cable.heal();
  }

  /** Waits until every member sees all members vote, and has a session. */
  async whole(): Promise<void> {
    await eventually(async () => {
      const statuses = await this.all((member) => member.tell("status"));
      return statuses.every(({ hasQuorum, waitingFor, members }) =>
        hasQuorum && waitingFor.length === 0 &&
        members.every(({ state, reachable }) => reachable && state === "operational")
      );
    }, "the cluster is whole");
  }

  /** Closes everything that is left. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#members.values(), (member) => member.kill()));
    for (const cables of this.#cables.values()) for (const cable of cables.values()) cable.close();
  }

  /** The cables to and from `runtime`, each with its target. */
  *#cablesTo(runtime: Runtime): Iterable<[to: Runtime, cable: Cable]> {
    for (const [from, cables] of this.#cables) {
      for (const [to, cable] of cables) if (from === runtime || to === runtime) yield [to, cable];
    }
  }
}

/** The members besides `runtime`. */
export function othersThan(runtime: Runtime): [Runtime, Runtime] {
  const [one, other] = MEMBERS.filter((id) => id !== runtime);
  return [one, other];
}
