import type { Life } from "../../lib/paxos/ballot.ts";

/** One execution of one call. */
interface Execution {
  readonly call: number;
  /** The token of the instance. */
  readonly token: number;
  /** Virtual time. */
  readonly time: number;
}

/** A call of a singleton, as it was made. */
export interface MadeCall {
  readonly call: number;
  readonly key: string;
  /** The caller; its calls of one key keep their order, as long as it lives in one life. */
  readonly caller: string;
  /** A description for people. */
  readonly label: string;
}

/** Checks which calls are executed, by which instance and in which order: each at most once. */
export class Executions {
  readonly #report: (violation: string) => void;
  readonly #calls: MadeCall[] = [];
  /** Executions by key, in the order in which they began. */
  readonly #executions = new Map<string, Execution[]>();
  readonly #byCall = new Map<number, Execution>();
  /** The tokens of the instances to which each call was sent, as far as observed. */
  readonly #meant = new Map<number, Set<number>>();
  /** The latest life of its caller that each call was sent in, as far as observed. */
  readonly #lives = new Map<number, Life>();
  /** Calls whose caller was told that they never started. */
  readonly #never: { readonly made: MadeCall; readonly why: string }[] = [];

  constructor(report: (violation: string) => void) {
    this.#report = report;
  }

  /** The numbers of calls and executions. */
  get size(): number {
    return this.#byCall.size;
  }

  /** Records a call; its number is unique. */
  made(key: string, caller: string, what: string): MadeCall {
    const call = this.#calls.length + 1;
    const made = { call, key, caller, label: `${caller} ${what} (call ${call})` };
    this.#calls.push(made);
    return made;
  }

  /** The caller of a call. */
  callerOf(call: number): string | undefined {
    return this.#calls[call - 1]?.caller;
  }

  /** Records a frame that asks the instance with this token to execute a call; `life`: that of the node that called. */
  sent(call: number, token: number, life?: Life): void {
    if (life !== undefined) this.#lives.set(call, life);
    let tokens = this.#meant.get(call);
    if (tokens === undefined) this.#meant.set(call, tokens = new Set());
    tokens.add(token);
  }

  /** Records the beginning of an execution; `seen`: whether all frames to the instance are observed. */
  began(call: number, key: string, token: number, time: number, seen: boolean): void {
    const made = this.#calls[call - 1];
    if (made?.key !== key) return this.#report(`${key} @${token} executes call ${call} of others`);
    const execution = { call, token, time };
    const before = this.#byCall.get(call);
    if (before !== undefined) {
      this.#report(
        `${made.label} is executed twice: by @${before.token} at ${before.time}, and by @${token}`,
      );
    }
    if (seen && !this.#meant.get(call)?.has(token)) {
      this.#report(`${made.label} is executed by @${token}, to which it was not sent`);
    }
    this.#byCall.set(call, execution);
    const all = this.#executions.get(key);
    if (all === undefined) this.#executions.set(key, [execution]);
    else all.push(execution);
  }

  /** Records that the caller has the result of a call, from the instance with this token. */
  returned(made: MadeCall, token: number): void {
    const execution = this.#byCall.get(made.call);
    if (execution?.token === token) return;
    this.#report(
      `${made.label} has a result of @${token}, but was executed by ${execution?.token}`,
    );
  }

  /** Records that the caller was told that a call never started. */
  never(made: MadeCall, why: string): void {
    this.#never.push({ made, why });
  }

  /** Checks what is known only at the end. */
  finish(): void {
    for (const { made, why } of this.#never) {
      if (this.#byCall.has(made.call)) {
        this.#report(`${made.label} ended as ${why}, but was executed`);
      }
    }
    for (const [key, executions] of this.#executions) {
      executions.sort((a, b) => a.time - b.time); // stable: the clock of a stalled machine is ahead of others
      this.#checkTokens(key, executions);
      this.#checkOrder(executions);
    }
  }

  #checkTokens(key: string, executions: readonly Execution[]): void {
    for (let i = 1; i < executions.length; i++) {
      const [before, after] = [executions[i - 1], executions[i]];
      if (after.token >= before.token) continue;
      this.#report(`${key} @${after.token} executes call ${after.call} after @${before.token} did`);
    }
  }

  /**
   * A host hands on the calls of one life of a caller in their order. A node that takes a new life has crashed: what it sent
   * before may still run after what it sends later, as with a process that ended (docs/protocol.md, section 10).
   */
  #checkOrder(executions: readonly Execution[]): void {
    /** By the caller, and then by the life; `undefined`: it is not known. */
    const last = new Map<string, Map<Life | undefined, MadeCall>>();
    for (const { call } of executions) {
      const made = this.#calls[call - 1];
      const life = this.#lives.get(call);
      const lasts = last.get(made.caller) ?? new Map<Life | undefined, MadeCall>();
      last.set(made.caller, lasts);
      for (const [other, before] of lasts) {
        const isOfCrashed = life !== undefined && other !== undefined && life < other;
        // That one call is executed twice is a fault of another kind.
        if (isOfCrashed || before.call <= call) continue;
        this.#report(`${made.label} is executed after ${before.label}`);
      }
      lasts.set(life, made);
    }
  }
}
