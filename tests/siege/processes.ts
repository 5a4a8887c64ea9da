import { programFor } from "../../tasks/program.ts";
import { root } from "../../tasks/process.ts";
import type { Runtime } from "../../tasks/suites.ts";
import { readLines } from "../chaos/lines.ts";
import { SECRET } from "../transports/support/networks.ts";
import {
  type Addresses,
  MEMBERS,
  type Order,
  type Peers,
  STAND_INS,
  type State,
  type Times,
} from "./shared.ts";
import type { Tally } from "./tally.ts";

/** A process that says and is told lines. It ends with its standard input, so it never outlives this one. */
class Talker {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = readLines(this.#child.stdout);
  }

  async tell(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  async hear(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`a process has ended: ${JSON.stringify(await this.#child.status)}`);
    return value;
  }

  async stop(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }
}

/** The process of the attacker. */
export class Attacker {
  readonly #process: Talker;
  /** Of the peers that it stands in for. */
  readonly addresses: readonly Addresses[];

  private constructor(process: Talker, addresses: readonly Addresses[]) {
    this.#process = process;
    this.addresses = addresses;
  }

  /** Starts it, with a low priority: a true attacker does not take the processor from the members. */
  static async start(): Promise<Attacker> {
    const [command, ...args] = await programFor("deno", "tests/siege/attacker.ts", [
      "--allow-read",
      "--allow-net=127.0.0.1",
      "--import-map=tests/offline/import_map.json",
    ]);
    const process = new Talker("nice", ["-n", "15", command, ...args]);
    return new Attacker(process, JSON.parse(await process.hear()));
  }

  /** Carries out an attack; returns how it was answered. */
  async attack(order: Order): Promise<Tally> {
    await this.#process.tell(order);
    return new Map(JSON.parse(await this.#process.hear()));
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** The processes of three members of one runtime. */
export class Members {
  readonly #processes: readonly Talker[];
  readonly addresses: readonly Addresses[];

  private constructor(processes: readonly Talker[], addresses: readonly Addresses[]) {
    this.#processes = processes;
    this.addresses = addresses;
  }

  /** Starts them; `standIns` are the addresses of further peers. Resolves when they have a quorum. */
  static async start(
    runtime: Runtime,
    standIns: readonly Addresses[],
    { sessionTtl }: Times,
  ): Promise<Members> {
    const permissions = ["--allow-read", "--allow-net=127.0.0.1"];
    const [command, ...args] = await programFor(runtime, "tests/siege/member.ts", permissions);
    const processes = MEMBERS.map((id) =>
      new Talker(command, [...args, id, MEMBERS.join(","), SECRET, `${sessionTtl}`])
    );
    const addresses: Addresses[] = await Promise.all(
      processes.map(async (process) => JSON.parse(await process.hear())),
    );
    await Promise.all(processes.map(async (process, self) => {
      const others = MEMBERS.flatMap((id, index) =>
        index === self ? [] : [[id, addresses[index].ws] as const]
      );
      const further = (over: keyof Addresses) =>
        STAND_INS.map((id, index) => [id, standIns[index][over]] as const);
      const peers: Peers = {
        ws: Object.fromEntries([...others, ...further("ws")]),
        http: Object.fromEntries(further("http")),
      };
      await process.tell(peers);
      await process.hear();
    }));
    return new Members(processes, addresses);
  }

  /** What each member says about itself. */
  async states(): Promise<State[]> {
    return await Promise.all(this.addresses.map(async ({ http }) => {
      return await (await fetch(`${http}/state`)).json();
    }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}
