import { encodeConfiguration, readConfiguration } from "../../codec.ts";
import type { SynodError } from "../../errors.ts";
import type { RegisterChange } from "../../paxos/change.ts";
import {
  type Configuration,
  isNewer,
  replaceConfiguration,
  sameConfiguration,
} from "../../paxos/configuration.ts";
import { identity } from "../../paxos/kv_register.ts";
import {
  type ChangeOutcome,
  MemberChange,
  type MemberChangeOptions,
  type Replacement,
} from "../../paxos/member_change.ts";
import type { Header, Reply } from "../../paxos/messages.ts";
import { CONFIGURATION, type OperationId, type RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Proposals } from "../quorum/proposals.ts";
import type { Pacing } from "../runtime/pacing.ts";

/** Registers that are rewritten at the same time; more would delay the operations of the node's users. */
const REWRITTEN_AT_ONCE = 64;

/** Wait before a register is rewritten again whose last attempt found no quorum, in milliseconds. */
const REWRITE_WAIT = 200;

/**
 * Silence of a node that joins after which it is not waited for any more, in milliseconds; two of the longest sessions
 * if these are longer.
 */
const JOINING_SILENCE = 10_000;

/** What a change of the members works with. */
export interface RunningChangeParts {
  readonly engine: Engine;
  readonly proposals: Proposals;
  readonly pacing: Pacing;
  /** A unique name for an operation. */
  readonly nextOperation: () => OperationId;
}

/** How a change has ended: see {@linkcode ChangeOutcome}; or no answer has come for too long. */
export type RunOutcome = ChangeOutcome | "no_quorum" | "not_ready" | "stopped";

/**
 * One change of the members under way in this node: asks its questions, again and again, and proposes what it asks for.
 * Several nodes may run the same change.
 */
export class RunningChange {
  readonly #parts: RunningChangeParts;
  readonly #change: MemberChange;
  readonly #patience: number;
  readonly #ended: (outcome: RunOutcome) => void;
  /** The questions that were asked last. */
  #asked: ReadonlySet<string> = new Set();
  /** The numbers of all open questions. */
  readonly #questions = new Set<number>();
  /** The replacement that is being proposed. */
  #proposed: Replacement | null = null;
  readonly #rewriting = new Set<RegisterId>();
  /** When it last came further, and when the node that joins was heard last. */
  #progressAt: number;
  #joiningHeard: number;
  #attempt = 0;
  #isOver = false;
  #cancelTimer: () => void = () => {};
  /** Ends the waits of registers that are rewritten again. */
  readonly #waits = new Set<() => void>();

  /**
   * Begins at once. `change`: what to do with the present configuration, which has to be settled; `null`: to finish what
   * was begun. `patience`: milliseconds after which it gives up if no answer comes; `Infinity`: never.
   */
  constructor(
    parts: RunningChangeParts,
    change: MemberChangeOptions["change"],
    patience: number,
    ended: (outcome: RunOutcome) => void,
  ) {
    this.#parts = parts;
    this.#patience = patience;
    this.#ended = ended;
    const { configuration, record, runtime } = parts.engine;
    this.#progressAt = this.#joiningHeard = runtime.now();
    this.#change = new MemberChange({
      configuration,
      change,
      incarnations: () => parts.engine.incarnations.all,
      maxTtl: record?.maxTtl ?? 0,
      clockError: () => runtime.clockError(),
      nextId: () => this.#nextId(),
    });
    runtime.defer(() => this.#goOn());
  }

  /** The node follows a newer configuration. */
  moved(): void {
    if (this.#isOver) return;
    this.#change.learn(this.#parts.engine.configuration);
    this.#progressed();
    this.#goOn();
  }

  /** Leaves the change as it is; other members finish it. */
  stop(): void {
    this.#end("stopped");
  }

  #nextId(): number {
    const id = this.#parts.engine.pendingReplies.open((from, header, reply) =>
      this.#receive(from, header, reply)
    );
    this.#questions.add(id);
    return id;
  }

  #receive(from: string, header: Header, reply: Reply): void {
    const { engine } = this.#parts;
    if (this.#isOver || header.genesis !== engine.record?.id) return;
    const now = engine.runtime.now();
    const change = this.#change;
    if (from === change.configuration.joining?.id) this.#joiningHeard = now;
    const before = this.#progress();
    change.receive(from, header, reply, now);
    if (this.#progress() === before) return;
    this.#progressed();
    this.#goOn();
  }

  /** What it asks and proposes now, as a text: another one shows that it has come further. */
  #progress(): string {
    const questions = this.#change.questions();
    return questions.map(({ to, request }) => `${to} ${request.id} ${request.type}`).join() +
      (this.#change.replacement === null ? "" : " replaces");
  }

  #progressed(): void {
    this.#progressAt = this.#parts.engine.runtime.now();
    this.#attempt = 0;
  }

  /** Does what the change asks for now, and asks: what is new, or what is still unanswered, too. */
  #goOn(isLate = false): void {
    if (this.#isOver) return;
    const { engine, pacing } = this.#parts;
    const change = this.#change;
    const now = engine.runtime.now();
    if (engine.isClosed) return this.#end("stopped");
    const before = this.#progress();
    if (this.#isJoiningLost(now)) change.abandon();
    change.tick(now);
    if (this.#progress() !== before) this.#progressed();
    if (change.outcome !== null) return this.#end(change.outcome);
    if (this.#isStuck(now)) return this.#end(change.isAskingNode ? "not_ready" : "no_quorum");
    if (change.replacement !== null) void this.#replace(change.replacement);
    else this.#rewrite();
    const questions = change.questions();
    this.#closeAllBut(questions.map(({ request }) => request.id));
    const asked = new Set(questions.map(({ to, request }) => `${request.id} ${to}`));
    for (const { to, request } of questions) {
      if (isLate || !this.#asked.has(`${request.id} ${to}`)) engine.ask([to], request);
    }
    this.#asked = asked;
    this.#cancelTimer();
    this.#cancelTimer = engine.runtime.setTimer(
      () => this.#goOn(true),
      pacing.resend(this.#attempt++),
    );
  }

  /** Whether the node that joins is gone. */
  #isJoiningLost(now: number): boolean {
    const { record } = this.#parts.engine;
    if (!this.#change.isCopying) {
      this.#joiningHeard = now;
      return false;
    }
    return now - this.#joiningHeard >= Math.max(JOINING_SILENCE, 2 * (record?.maxTtl ?? 0));
  }

  /** Whether it has not come further for too long, though nothing but answers keep it from that. */
  #isStuck(now: number): boolean {
    if (this.#change.isCopying || this.#change.isWaiting) this.#progressAt = now;
    return now - this.#progressAt >= this.#patience;
  }

  /** Replaces the configuration by compare-and-set, with quorums of the members of the present one. */
  async #replace(replacement: Replacement): Promise<void> {
    if (this.#proposed === replacement) return;
    this.#proposed = replacement;
    const { engine, proposals } = this.#parts;
    const limits = { deadline: engine.runtime.now() + engine.settings.timeout };
    try {
      const { result } = await proposals.change(CONFIGURATION, this.#compareAndSet(replacement), {
        ...limits,
        reserve: true,
      });
      if (this.#isOver) return;
      if (isNewer(result, engine.configuration)) return engine.learn(result);
      // This node has learned of it before: another change of it may have been made in the same round.
      if (sameConfiguration(result, this.#change.configuration)) return;
      // Neither the next one nor a newer one: the configuration that was to be replaced is not that of the register.
      this.#end("overtaken");
    } catch (error) {
      if (engine.contain(error) !== error || this.#isOver) return;
      if (this.#proposed === replacement) this.#proposed = null;
      const { code } = error as SynodError;
      // It is proposed again, unless another configuration was chosen, which this change has learned of.
      if (code !== "no_quorum" && code !== "members_changing") this.#end("stopped");
    }
  }

  #compareAndSet({ from, to }: Replacement): RegisterChange<Configuration> {
    const op = this.#parts.nextOperation();
    return ({ state }) => {
      // The first configuration is that of the genesis, and is in no register.
      const current = (state && readConfiguration(state)) ?? (from.epoch === 0 ? from : null);
      const next = current && replaceConfiguration(current, from, to);
      if (next === null) return { draft: null, result: current ?? from };
      const value = encodeConfiguration(next);
      return {
        draft: { present: true, op, value, bindings: [], owners: [] },
        result: next,
      };
    };
  }

  /** Has the identity change of some registers run, writing. */
  #rewrite(): void {
    for (const register of this.#change.toRewrite) {
      if (this.#rewriting.size >= REWRITTEN_AT_ONCE) return;
      if (this.#rewriting.has(register)) continue;
      this.#rewriting.add(register);
      void this.#rewriteOne(register);
    }
  }

  async #rewriteOne(register: RegisterId): Promise<void> {
    const { engine, proposals } = this.#parts;
    const { runtime } = engine;
    const { epoch } = this.#change.configuration;
    const limits = { deadline: runtime.now() + engine.settings.timeout };
    const options = { ...limits, mustWrite: true, sweep: true };
    const isDone = await proposals.change(register, identity, options).then(
      () => true,
      () => false,
    );
    if (!isDone) await this.#wait();
    this.#rewriting.delete(register);
    // What was chosen under another configuration proves nothing for this one.
    if (this.#isOver || this.#change.configuration.epoch !== epoch) return;
    if (isDone && engine.configuration.epoch === epoch) {
      this.#change.rewritten(register);
      this.#progressed();
    }
    if (this.#change.toRewrite.size === 0) this.#goOn();
    else this.#rewrite();
  }

  /** Waits before a register is rewritten again; for ever if the change ends meanwhile. */
  #wait(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isOver) return;
      const cancel = this.#parts.engine.runtime.setTimer(() => {
        this.#waits.delete(cancel);
        resolve();
      }, REWRITE_WAIT);
      this.#waits.add(cancel);
    });
  }

  /** Closes all questions but those of these numbers. */
  #closeAllBut(numbers: readonly number[]): void {
    for (const id of this.#questions) {
      if (numbers.includes(id)) continue;
      this.#parts.engine.pendingReplies.close(id);
      this.#questions.delete(id);
    }
  }

  #end(outcome: RunOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    for (const cancel of this.#waits) cancel();
    this.#closeAllBut([]);
    this.#ended(outcome);
  }
}
