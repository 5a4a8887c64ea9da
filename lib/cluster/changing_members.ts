import { MAX_MEMBERS, readConfiguration } from "../codec.ts";
import { SynodError, type SynodErrorCode } from "../errors.ts";
import type { Core } from "../node/core.ts";
import type { Operation } from "../node/shell.ts";
import type { MemberChanges } from "../node/membership/member_changes.ts";
import { type Configuration, votersBefore, votersOf } from "../paxos/configuration.ts";
import { CONFIGURATION } from "../paxos/register.ts";
import type { ChangeMembersOptions } from "./change_members_options.ts";
import type { MemberStatus } from "./status.ts";

/** What a change of the list of members works with. */
export interface ChangingMembersParts {
  readonly core: Core;
  readonly changes: MemberChanges;
  /** The state of each member, as far as it answers. */
  readonly ask: () => Promise<MemberStatus[]>;
}

/** One step: the node that is added or removed. */
type Step = { readonly add: string } | { readonly remove: string };

/** Changes the list of members, one member after the other (section 11). */
export class ChangingMembers {
  readonly #parts: ChangingMembersParts;

  /** Changes nothing yet. */
  constructor(parts: ChangingMembersParts) {
    this.#parts = parts;
  }

  /** See `ClusterNode.changeMembers`. */
  to(list: readonly string[], { signal, timeout }: ChangeMembersOptions): Promise<void> {
    const { core } = this.#parts;
    const deadline = timeout === undefined ? Infinity : core.runtime.now() + timeout;
    const late = () => {
      const { silence } = core;
      const why = silence === "" ? "" : `: ${silence}`;
      return new DOMException(`The members have not changed in time${why}`, "TimeoutError");
    };
    const limits = { deadline, signal, ...(timeout !== undefined && { late }) };
    const operation = core.operation<void>(limits);
    if (!operation.ended) {
      const change = new ListChange(this.#parts, list, operation);
      change.run().then(() => operation.resolve(), (error) => operation.reject(error));
    }
    return operation.promise;
  }
}

/** One call of `changeMembers`. */
class ListChange {
  readonly #parts: ChangingMembersParts;
  readonly #list: readonly string[];
  readonly #operation: Operation<void>;
  /** The members after the last step, as far as this call knows. */
  #known: readonly string[] | null = null;

  constructor(
    parts: ChangingMembersParts,
    list: readonly string[],
    operation: Operation<void>,
  ) {
    this.#parts = parts;
    this.#list = list;
    this.#operation = operation;
  }

  async run(): Promise<void> {
    const { core, changes } = this.#parts;
    for (let attempt = 0; !this.#operation.ended; attempt++) {
      await this.#look();
      // What it is now, without a turn between: it may have been settled since the answers came.
      const { configuration } = core.engine;
      if (core.record?.clients === false) {
        const message = "The members of a cluster without clients cannot change: a node is a " +
          "client before it is a member, and after; start it with clients: true";
        throw new SynodError("clients_off", message);
      }
      this.#refuseOthers(configuration);
      if (!configuration.settled) {
        await this.#run(changes, null);
        continue;
      }
      const isFirst = this.#known === null;
      this.#known = votersOf(configuration);
      if (isFirst) await this.#checkNewcomers();
      const step = await this.#next();
      if (step === null) return;
      // The configuration may have changed meanwhile.
      if (core.engine.configuration !== configuration) continue;
      const outcome = await this.#run(changes, step);
      if (outcome === "overtaken") await core.pause(core.pacing.backoff(attempt));
      else this.#known = core.members;
    }
  }

  /** Learns of the configuration that the members have chosen. */
  async #look(): Promise<void> {
    const { core } = this.#parts;
    const limits = core.limits();
    while (!this.#operation.ended) {
      const found = await core.reads.read(CONFIGURATION, limits).catch((error) => {
        // Another step was chosen during the read, which is of no use then. It may be a step to this very list.
        const { code } = error as SynodError;
        if (code === "members_changing" && !this.#operation.ended) return undefined;
        throw this.#known === null ? error : this.#failed("no_quorum", error.message);
      });
      // The node may have entered its first genesis during the read. Any other one that it enters ends this call.
      if (found === undefined || core.record === null || this.#operation.ended) continue;
      const chosen = found.state && readConfiguration(found.state);
      if (chosen !== null) core.engine.learn(chosen);
      return;
    }
  }

  /** Refuses to go on if another caller changes the members to another list. */
  #refuseOthers(configuration: Configuration): void {
    const { joining, leaving, settled } = configuration;
    const present = votersOf(configuration);
    const known = this.#known ?? (settled ? present : votersBefore(configuration));
    const added = [...present.filter((id) => !known.includes(id)), ...idOf(joining)];
    const removed = [...known.filter((id) => !present.includes(id)), ...idOf(leaving)];
    const other = added.find((id) => !this.#list.includes(id)) ??
      removed.find((id) => this.#list.includes(id));
    if (other === undefined) return;
    const what = added.includes(other) ? "adds" : "removes";
    throw this.#failed("members_changing", `Another change of the members ${what} ${other}`);
  }

  /** Runs one step; returns how it ended, unless that is an error. */
  async #run(changes: MemberChanges, step: Step | null): Promise<"done" | "overtaken"> {
    const { core } = this.#parts;
    const { outcome, stop } = changes.run(step, core.timeout);
    this.#operation.onEnd(stop);
    switch (await outcome) {
      case "undone":
        if (step === null) return "overtaken";
        return this.#notReady("add" in step ? step.add : step.remove);
      case "not_ready":
        return this.#notReady(step !== null && "add" in step ? step.add : "");
      case "no_quorum":
        throw this.#failed("no_quorum", core.engine.noQuorum().message);
      case "stopped":
        core.ensureOpen();
        throw this.#failed("closed", "The change of the members was stopped");
      case "done":
        return "done";
      case "tooMany":
      case "overtaken":
        return "overtaken";
    }
  }

  /** The next step: those that do not answer are removed first, then nodes are added, then the others removed. */
  async #next(): Promise<Step | null> {
    const members = this.#known ?? [];
    const unwanted = members.filter((id) => !this.#list.includes(id));
    const [wanted] = this.#list.filter((id) => !members.includes(id));
    if (unwanted.length > 0 && members.length > 1) {
      const states = await this.#parts.ask();
      const silent = states.find(({ id, reachable }) => unwanted.includes(id) && !reachable);
      if (silent !== undefined) return { remove: silent.id };
    }
    if (wanted !== undefined && members.length < MAX_MEMBERS) return { add: wanted };
    return unwanted.length > 0 ? { remove: unwanted[0] } : null;
  }

  /** Asks all nodes that are to be added, before anything changes. */
  async #checkNewcomers(): Promise<void> {
    const { core } = this.#parts;
    const { engine, runtime, pacing } = core;
    const members = this.#known ?? [];
    const missing = new Set(this.#list.filter((id) => !members.includes(id)));
    if (missing.size === 0) return;
    const late = new Error("not all have answered");
    const deadline = runtime.now() + core.timeout;
    const answered = core.operation<void>({ deadline }, () => late);
    const id = engine.pendingReplies.open((from, header, reply) => {
      if (reply.type !== "standing" || header.genesis !== engine.record?.id) return;
      missing.delete(from);
      if (missing.size === 0) answered.resolve();
    });
    let cancelTimer = () => {};
    const ask = (attempt: number) => {
      engine.ask([...missing], { id, type: "stand", above: "" });
      cancelTimer = runtime.setTimer(() => ask(attempt + 1), pacing.resend(attempt));
    };
    answered.onEnd(() => {
      cancelTimer();
      engine.pendingReplies.close(id);
    });
    if (!answered.ended) ask(0);
    await answered.promise.catch((error) => {
      if (error !== late) throw error;
      this.#notReady([...missing][0]);
    });
  }

  #notReady(id: string): never {
    const message = `Node ${id} cannot be added: it is not up, or not blank, or does not find ` +
      "the cluster; start it with the members of the cluster";
    throw this.#failed("not_ready", message);
  }

  /** An error, with the list as it is now. */
  #failed(code: SynodErrorCode, message: string): SynodError {
    const { members } = this.#parts.core;
    const error = new SynodError(code, `${message}; the members are ${members.join(", ")}`);
    return Object.assign(error, { members: [...members] });
  }
}

function idOf(one: { readonly id: string } | null): string[] {
  return one === null ? [] : [one.id];
}
