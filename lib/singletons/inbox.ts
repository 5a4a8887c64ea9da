import type { Life } from "../paxos/ballot.ts";
import type { Answer, Question } from "./bodies.ts";

/** A call that has arrived. */
export type Call = Question & { readonly type: "call" };

/** Gives the answer to one attempt; what comes after the first one is ignored. */
export type Answering = (answer: Answer) => void;

/** So many attempts of one caller may wait for an earlier one that has not arrived yet. */
const MAX_HELD = 10_000;

interface Attempt {
  readonly call: Call;
  tell: (answer: Answer) => void;
  answer: Answer | undefined;
}

interface Caller {
  /** The caller wants to hear nothing more of attempts up to this one. */
  done: number;
  /** All attempts up to this one were handed on, or are not wanted any more. */
  handed: number;
  /** Those above `done` that have arrived. */
  readonly attempts: Map<number, Attempt>;
}

/**
 * What a host remembers of the calls that reach it, for its whole life: an attempt is handed on once,
 * however often it arrives, and each caller's in the order of their numbers. Callers say up to which
 * number they are done, so that little has to be remembered.
 */
export class Inbox {
  readonly #callers = new Map<Life, Caller>();
  readonly #handle: (call: Call, answering: Answering) => void;

  /** Hands each attempt to `handle`, once. */
  constructor(handle: (call: Call, answering: Answering) => void) {
    this.#handle = handle;
  }

  /** Takes an attempt of `life`; `tell` sends an answer back. */
  receive(life: Life, call: Call, tell: (answer: Answer) => void): void {
    const caller = this.#caller(life);
    this.#forget(caller, Math.min(call.done, call.sequence - 1));
    const known = caller.attempts.get(call.sequence);
    if (known !== undefined) {
      known.tell = tell;
      tell(known.answer ?? { type: "running" });
    } else if (call.sequence > caller.handed) {
      if (caller.attempts.size >= MAX_HELD) return;
      caller.attempts.set(call.sequence, { call, tell, answer: undefined });
    }
    this.#handOn(caller);
  }

  #caller(life: Life): Caller {
    let caller = this.#callers.get(life);
    if (caller === undefined) {
      this.#callers.set(life, caller = { done: 0, handed: 0, attempts: new Map() });
    }
    return caller;
  }

  /** Nobody waits for attempts up to `done`: those that were not handed on never will be. */
  #forget(caller: Caller, done: number): void {
    if (done <= caller.done) return;
    caller.done = done;
    for (const sequence of caller.attempts.keys()) {
      if (sequence <= done) caller.attempts.delete(sequence);
    }
    caller.handed = Math.max(caller.handed, done);
  }

  #handOn(caller: Caller): void {
    for (;;) {
      const attempt = caller.attempts.get(caller.handed + 1);
      if (attempt === undefined) return;
      caller.handed++;
      this.#handle(attempt.call, (answer) => {
        if (attempt.answer !== undefined) return;
        attempt.answer = answer;
        attempt.tell(answer);
      });
    }
  }
}
