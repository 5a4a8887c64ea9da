import type { Life } from "../paxos/ballot.ts";
import { includes, isOver, nextExpected, placeOf, union } from "./attempt_numbers.ts";
import type { Asker, CallerRecord, ReceivedAttempt } from "./caller_record.ts";
import { Callers, type CallersParts, KEPT_CALLERS } from "./callers.ts";
import { Cancellation } from "./cancellation.ts";
import { KeptAnswers } from "./kept_answers.ts";
import {
  attemptName,
  MAX_UNSURE,
  type SingletonReply,
  type SingletonRequest,
} from "./singleton_messages.ts";

/** A call that has arrived from a caller. */
export type CallRequest = SingletonRequest & { readonly type: "call" };

/** A call whose turn has come. */
export interface ReceivedCall {
  readonly call: CallRequest;
  /** The node or guest that calls. */
  readonly node: string;
  /** The life of that node or guest. */
  readonly life: Life;
  /** Whether the caller still waits for it: otherwise it need not begin. */
  readonly cancellation: Cancellation;
  /** Answers it; replies after the first one are ignored. */
  readonly reply: (reply: SingletonReply) => void;
  /** To be called when its method begins. */
  readonly begin: () => void;
}

/** Open attempts of one caller; more are refused as `busy`. */
const MAX_OPEN = 10_000;

/** Attempts of one caller that are remembered as `busy`; more get no answer. */
const MAX_BUSY = 10_000;

/** Numbers that have left an inbox, tolerated in the order of a caller's numbers before it is made again. */
const MAX_GONE = 1_000;

/** The number of an attempt; see {@linkcode SingletonRequest}. */
type CallNumber = Pick<CallRequest, "birth" | "sequence">;

/** The attempts whose answers one life of a node may not have. */
export interface UnconfirmedBy {
  readonly node: string;
  /** Their names. */
  readonly names: string[];
  /** Whether some of them still run. */
  isWaiting: boolean;
}

/** The attempts that have begun and whose answers their callers may not have. */
export interface Unconfirmed {
  /** By the life of the node that asks for them. */
  readonly byAsker: ReadonlyMap<Life, UnconfirmedBy>;
  /** The names of those about which no node can be asked: their callers' records were replaced while they ran. */
  readonly lost: readonly string[];
}

/** What an inbox needs of its host. */
export interface InboxParts extends Omit<CallersParts, "removed"> {
  /** Takes each attempt once. */
  readonly handle: (received: ReceivedCall) => void;
}

/**
 * The calls that reach one life of a host. An attempt is handed on once, however often it arrives, and the
 * attempts of each caller are handed on in the order of their numbers. Below the number that was handed on
 * last only answers have to be remembered: callers tell which of them they have. Silent callers are forgotten, see
 * {@linkcode Callers}.
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #callers: Callers;
  /** The attempts that had begun and had no answer when their callers' records were replaced; bounded. */
  readonly #lost: string[] = [];
  /** The number of attempts without an answer. */
  #open = 0;
  readonly #answers = new KeptAnswers();

  /** Starts empty. */
  constructor(parts: InboxParts) {
    this.#parts = parts;
    const { now, keptFor } = parts;
    const removed = (life: Life, caller: CallerRecord) => this.#discard(life, caller);
    this.#callers = new Callers({ now, keptFor, removed });
  }

  /** The nodes that have called lately; at most as many as are always remembered. */
  get callers(): string[] {
    const nodes = new Set(Array.from(this.#callers.values(), ({ node }) => node));
    return [...nodes].slice(-KEPT_CALLERS);
  }

  /** The number of callers that are remembered. */
  get remembered(): number {
    return this.#callers.size;
  }

  /** The number of callers' lives that are remembered. */
  get lives(): number {
    return this.#callers.size;
  }

  /** Whether there are attempts without an answer. */
  get isWaitedFor(): boolean {
    return this.#open > 0;
  }

  /** The number of attempts that are remembered. */
  get size(): number {
    let size = 0;
    for (const { attempts, busy } of this.#callers.values()) size += attempts.size + busy.size;
    return size;
  }

  /**
   * The attempts that have begun and whose answers their callers may not have; `undefined` if some are not
   * remembered.
   */
  get unconfirmed(): Unconfirmed | undefined {
    if (this.#callers.hasForgotten || this.#answers.dropped > 0) return undefined;
    if (this.#lost.length > MAX_UNSURE) return undefined;
    const byAsker = new Map<Life, UnconfirmedBy>();
    for (const [life, caller] of this.#callers.entries()) {
      for (const sequence of caller.numbers) {
        const attempt = caller.attempts.get(sequence);
        if (attempt === undefined || !attempt.begun || !attempt.awaited) continue;
        // Each attempt has its own: a late copy of one says nothing about who waits for another.
        const { node, life: asker } = attempt.via;
        const by = byAsker.get(asker) ?? { node, names: [], isWaiting: false };
        byAsker.set(asker, by);
        by.names.push(attemptName(life, caller.birth, sequence));
        if (attempt.answer === undefined) by.isWaiting = true;
      }
    }
    return { byAsker, lost: this.#lost };
  }

  /**
   * Takes an attempt of the given life of `node`; `tell` sends an answer back. `via` asks in its name.
   */
  receive(
    node: string,
    life: Life,
    call: CallRequest,
    tell: (answer: SingletonReply) => void,
    via: Asker = { node, life },
  ): void {
    const caller = this.#callers.find(node, life, call.birth);
    if (caller === undefined) return tell({ type: "stale" });
    const { sequence } = call;
    this.#forget(caller, Math.min(call.done, sequence - 1));
    this.#learn(caller, call);
    const known = caller.attempts.get(sequence);
    if (known !== undefined) {
      known.tell = tell;
      known.heard = this.#parts.now();
      known.via = via;
      tell(known.answer ?? { type: known.begun ? "begun" : "running" });
    } else if (caller.busy.has(sequence)) {
      tell({ type: "busy" });
    } else if (sequence > caller.handed) {
      this.#arrive(caller, call, tell, via);
    }
    this.#handOn(life, caller);
  }

  /**
   * The given life of `node` does not wait for an attempt any more, which may not have arrived yet. An attempt that
   * has not begun never will.
   */
  cancel(node: string, life: Life, { birth, sequence }: CallNumber): void {
    const caller = this.#callers.find(node, life, birth);
    if (caller === undefined) return;
    const attempt = caller.attempts.get(sequence);
    if (attempt !== undefined) return attempt.cancellation.cancel();
    const isKnown = sequence <= caller.handed || caller.busy.has(sequence);
    if (isKnown || caller.busy.size >= MAX_BUSY) return;
    caller.busy.set(sequence, true);
    this.#order(caller, sequence);
    this.#handOn(life, caller);
  }

  /** Cancels the attempts whose callers have not asked for them again for `time` milliseconds. */
  cancelSilent(time: number): void {
    const now = this.#parts.now();
    for (const caller of this.#callers.values()) {
      if (caller.open === 0) continue;
      for (const { awaited, answer, heard, cancellation } of caller.attempts.values()) {
        if (awaited && answer === undefined && now - heard >= time) cancellation.cancel();
      }
    }
  }

  #arrive(
    caller: CallerRecord,
    call: CallRequest,
    tell: (answer: SingletonReply) => void,
    via: Asker,
  ): void {
    const { sequence, awaited } = call;
    if (caller.open < MAX_OPEN) {
      caller.open++;
      this.#open++;
      const state = { answer: undefined, begun: false, unwanted: false };
      const [heard, cancellation] = [this.#parts.now(), new Cancellation()];
      caller.attempts.set(sequence, { call, tell, via, ...state, awaited, heard, cancellation });
    } else if (caller.busy.size < MAX_BUSY) {
      caller.busy.set(sequence, true);
      tell({ type: "busy" });
    } else {
      return;
    }
    this.#order(caller, sequence);
  }

  /** Adds a number to the order of the caller's numbers. */
  #order(caller: CallerRecord, sequence: number): void {
    caller.numbers.splice(placeOf(caller.numbers, sequence), 0, sequence);
    if (caller.numbers.length > MAX_GONE + 2 * (caller.attempts.size + caller.busy.size)) {
      caller.numbers = caller.numbers.filter((number) =>
        caller.attempts.has(number) || caller.busy.has(number)
      );
    }
  }

  /** Forgets a caller; its attempts that wait for an earlier attempt never run. */
  #discard(life: Life, caller: CallerRecord): void {
    this.#open -= caller.open;
    for (const sequence of caller.attempts.keys()) {
      const attempt = caller.attempts.get(sequence);
      if (attempt === undefined) continue;
      if (attempt.awaited && attempt.answer === undefined) {
        const isLost = attempt.begun && !attempt.cancellation.isCancelled;
        // One more than can be named says that there are too many.
        if (isLost && this.#lost.length <= MAX_UNSURE) {
          this.#lost.push(attemptName(life, caller.birth, sequence));
        }
        attempt.cancellation.cancel();
      }
      this.#answers.forget(attempt);
    }
    // The answers of attempts that still run are dropped.
    caller.attempts.clear();
  }

  /** The caller waits for no attempt up to `done`: those that were not handed on never will be. */
  #forget(caller: CallerRecord, done: number): void {
    if (done <= caller.done) return;
    caller.done = done;
    for (const sequence of caller.numbers.splice(0, placeOf(caller.numbers, done + 1))) {
      this.#drop(caller, sequence);
      caller.busy.delete(sequence);
    }
    caller.handed = Math.max(caller.handed, done);
  }

  /**
   * Records which attempts are over for the caller. Attempts stay over, so messages may arrive in any order.
   */
  #learn(caller: CallerRecord, { sequence, open, full }: CallRequest): void {
    const told = full ? open[open.length - 1] : sequence;
    const before = caller.waitedFor;
    // A number is still waited for if neither this message nor an earlier one says that it is over.
    caller.waitedFor = union(
      before.filter((number) => number >= told || includes(open, number)),
      open.filter((number) => number >= caller.told || includes(before, number)),
    );
    const [from, to] = [caller.told, caller.told = Math.max(caller.told, told)]
      .map((number) => placeOf(caller.numbers, number));
    // Each attempt is over once, and what a message tells about others costs nothing.
    for (const number of [...before, ...caller.numbers.slice(from, to)]) {
      if (isOver(caller, number)) this.#over(caller, number);
    }
  }

  #over(caller: CallerRecord, sequence: number): void {
    caller.busy.delete(sequence);
    const attempt = caller.attempts.get(sequence);
    if (attempt === undefined) return;
    // An attempt that has arrived is still handed on in its turn: a cast is over for its caller once it is
    // sent.
    if (attempt.call !== undefined || attempt.answer === undefined) {
      attempt.unwanted = true;
      if (attempt.awaited) attempt.cancellation.cancel();
    } else this.#drop(caller, sequence);
  }

  #drop(caller: CallerRecord, sequence: number): void {
    const attempt = caller.attempts.get(sequence);
    if (attempt === undefined) return;
    caller.attempts.delete(sequence);
    if (attempt.answer === undefined) {
      caller.open--;
      this.#open--;
      if (attempt.awaited) attempt.cancellation.cancel();
    } else this.#answers.forget(attempt);
  }

  #handOn(life: Life, caller: CallerRecord): void {
    for (;;) {
      const next = caller.handed + 1;
      const attempt = caller.attempts.get(next);
      if (attempt === undefined && caller.busy.has(next)) {
        caller.handed++;
        continue;
      }
      if (attempt === undefined && isOver(caller, next)) {
        // It will never arrive: neither it nor the numbers after it that are over too have to be waited for. Its own
        // number may be in the list still, if it was cancelled before it arrived.
        caller.handed = nextExpected(caller, next + 1) - 1;
        continue;
      }
      if (attempt?.call === undefined) return;
      const { call } = attempt;
      attempt.call = undefined;
      caller.handed++;
      this.#parts.handle({
        ...{ call, node: caller.node, life, cancellation: attempt.cancellation },
        reply: (answer) => this.#answer(caller, next, attempt, answer),
        begin: () => void (attempt.begun = true),
      });
    }
  }

  #answer(
    caller: CallerRecord,
    sequence: number,
    attempt: ReceivedAttempt,
    answer: SingletonReply,
  ): void {
    if (attempt.answer !== undefined) return;
    attempt.answer = answer;
    if (caller.attempts.get(sequence) === attempt) {
      caller.open--;
      this.#open--;
      if (attempt.unwanted) caller.attempts.delete(sequence);
      else this.#answers.keep(attempt, () => caller.attempts.delete(sequence));
    }
    attempt.tell(answer);
  }
}
