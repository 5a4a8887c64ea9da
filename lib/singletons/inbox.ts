import type { Life } from "../paxos/ballot.ts";
import { NumberMap } from "../paxos/number_map.ts";
import type { SingletonReply, SingletonRequest } from "./singleton_messages.ts";
import { failureBytes } from "./failure.ts";

/** A call that has arrived from a caller. */
export type CallRequest = SingletonRequest & { readonly type: "call" };

/** A call whose turn has come. */
export interface ReceivedCall {
  readonly call: CallRequest;
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

/** Answers kept until their callers have them, and their bytes; the oldest ones beyond that are dropped. */
const MAX_ANSWERS = 100_000;
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** Callers that are remembered regardless of when they called last. */
const KEPT_CALLERS = 1_000;

/** Most callers that are remembered; the ones heard of longest ago are forgotten first, even recent ones. */
const MAX_CALLERS = 10_000;

/**
 * Staleness of a caller's place in the order of use, in milliseconds: moving it at every call would be
 * costly.
 */
const TOUCHED_EVERY = 500;

/** Size of an answer besides its texts and bytes: its attempt and its map entries, in bytes. */
const ANSWER_OVERHEAD = 200;

interface ReceivedAttempt {
  /** The call; `undefined` once it was handed on. */
  call: CallRequest | undefined;
  tell: (answer: SingletonReply) => void;
  answer: SingletonReply | undefined;
  /** Whether its method has begun. */
  begun: boolean;
  /** Whether the caller no longer waits for the answer. */
  unwanted: boolean;
}

interface CallerRecord {
  readonly node: string;
  /** See {@linkcode SingletonRequest}. */
  readonly birth: number;
  /** When the caller was heard of last. */
  heard: number;
  /** The caller no longer waits for attempts up to and including this number. */
  done: number;
  /** All attempts up to and including this number were handed on, were busy, or are over for the caller. */
  handed: number;
  /** The attempts above `done` that have arrived and whose answer the caller may not have yet. */
  readonly attempts: NumberMap<ReceivedAttempt>;
  /** The number of `attempts` without an answer. */
  open: number;
  /** The attempts above `done` that were refused as busy; they are never handed on. */
  readonly busy: NumberMap<true>;
  /** The numbers of `attempts` and `busy` in ascending order, and some that have left both. */
  numbers: number[];
  /** Below this number the caller has told which attempts it still waits for. */
  told: number;
  /** The attempts that the caller still waits for, according to all that it has told, in ascending order. */
  waitedFor: readonly number[];
}

/** What an inbox needs of its host. */
export interface InboxParts {
  /** Takes each attempt once. */
  readonly handle: (received: ReceivedCall) => void;
  /** The present time, in milliseconds. */
  readonly now: () => number;
  /** Time for which a silent caller is remembered, in milliseconds. */
  readonly keptFor: () => number;
}

/**
 * The calls that reach one life of a host. An attempt is handed on once, however often it arrives, and the
 * attempts of each caller are handed on in the order of their numbers. Below the number that was handed on
 * last only answers have to be remembered: callers tell which of them they have.
 *
 * Silent callers are forgotten. The highest `birth` among them stands for all of them: an attempt of an
 * unknown caller whose `birth` is not above it may have run before, and never runs again. A caller that
 * begins later has a higher `birth`, since Lamport clocks spread with every frame.
 */
export class Inbox {
  readonly #parts: InboxParts;
  /** The callers heard of longest ago come first. */
  readonly #callers = new Map<Life, CallerRecord>();
  /** The highest birth of a forgotten caller. */
  #forgotten = 0;
  /** The attempts with an answer, oldest first, and what forgets each of them. */
  readonly #answered = new Map<ReceivedAttempt, () => void>();
  #bytes = 0;

  /** Starts empty. */
  constructor(parts: InboxParts) {
    this.#parts = parts;
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

  /** The number of attempts that are remembered. */
  get size(): number {
    let size = 0;
    for (const { attempts, busy } of this.#callers.values()) size += attempts.size + busy.size;
    return size;
  }

  /** Takes an attempt of the given life of `node`; `tell` sends an answer back. */
  receive(
    node: string,
    life: Life,
    call: CallRequest,
    tell: (answer: SingletonReply) => void,
  ): void {
    const caller = this.#caller(node, life, call.birth);
    if (caller === undefined) return tell({ type: "stale" });
    const { sequence } = call;
    this.#forget(caller, Math.min(call.done, sequence - 1));
    this.#learn(caller, call);
    const known = caller.attempts.get(sequence);
    if (known !== undefined) {
      known.tell = tell;
      tell(known.answer ?? { type: known.begun ? "begun" : "running" });
    } else if (caller.busy.has(sequence)) {
      tell({ type: "busy" });
    } else if (sequence > caller.handed) {
      this.#arrive(caller, call, tell);
    }
    this.#handOn(caller);
  }

  #arrive(caller: CallerRecord, call: CallRequest, tell: (answer: SingletonReply) => void): void {
    const { sequence } = call;
    if (caller.open < MAX_OPEN) {
      caller.open++;
      const attempt = { call, tell, answer: undefined, begun: false, unwanted: false };
      caller.attempts.set(sequence, attempt);
    } else if (caller.busy.size < MAX_BUSY) {
      caller.busy.set(sequence, true);
      tell({ type: "busy" });
    } else {
      return;
    }
    caller.numbers.splice(placeOf(caller.numbers, sequence), 0, sequence);
    if (caller.numbers.length > MAX_GONE + 2 * (caller.attempts.size + caller.busy.size)) {
      caller.numbers = caller.numbers.filter((number) =>
        caller.attempts.has(number) || caller.busy.has(number)
      );
    }
  }

  /** The record of a caller; `undefined` if the caller may have been forgotten. */
  #caller(node: string, life: Life, birth: number): CallerRecord | undefined {
    const now = this.#parts.now();
    const known = this.#callers.get(life);
    if (known !== undefined && birth === known.birth) {
      if (now - known.heard >= TOUCHED_EVERY) {
        known.heard = now;
        this.#callers.delete(life);
        this.#callers.set(life, known);
      }
      return known;
    }
    // A birth above that of the caller's record was never seen, and so never forgotten.
    if (birth <= (known?.birth ?? this.#forgotten)) return undefined;
    if (known !== undefined) this.#discard(life, known);
    const numbers = { done: 0, handed: 0, open: 0, told: 0 };
    const attempts = new NumberMap<ReceivedAttempt>();
    const sets = { busy: new NumberMap<true>(), numbers: [], waitedFor: [] };
    const caller: CallerRecord = { node, birth, heard: now, attempts, ...numbers, ...sets };
    this.#callers.set(life, caller);
    this.#makeRoom(now);
    return caller;
  }

  /** Forgets silent callers, and the oldest ones if there are too many. */
  #makeRoom(now: number): void {
    if (this.#callers.size <= KEPT_CALLERS) return;
    const keptFor = this.#parts.keptFor();
    for (const [life, caller] of this.#callers) {
      const { size } = this.#callers;
      const isRecent = now - caller.heard < keptFor;
      if (size <= KEPT_CALLERS || (isRecent && size <= MAX_CALLERS)) return;
      this.#forgotten = Math.max(this.#forgotten, caller.birth);
      this.#discard(life, caller);
    }
  }

  /** Forgets a caller; its attempts that wait for an earlier attempt never run. */
  #discard(life: Life, caller: CallerRecord): void {
    this.#callers.delete(life);
    for (const attempt of caller.attempts.values()) this.#forgetAnswer(attempt);
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
    if (attempt.call !== undefined || attempt.answer === undefined) attempt.unwanted = true;
    else this.#drop(caller, sequence);
  }

  #drop(caller: CallerRecord, sequence: number): void {
    const attempt = caller.attempts.get(sequence);
    if (attempt === undefined) return;
    caller.attempts.delete(sequence);
    if (attempt.answer === undefined) caller.open--;
    else this.#forgetAnswer(attempt);
  }

  #handOn(caller: CallerRecord): void {
    for (;;) {
      const next = caller.handed + 1;
      const attempt = caller.attempts.get(next);
      if (attempt === undefined && caller.busy.has(next)) {
        caller.handed++;
        continue;
      }
      if (attempt === undefined && isOver(caller, next)) {
        // It will never arrive: neither it nor the numbers after it that are over too have to be waited for.
        caller.handed = nextExpected(caller, next) - 1;
        continue;
      }
      if (attempt?.call === undefined) return;
      const { call } = attempt;
      attempt.call = undefined;
      caller.handed++;
      this.#parts.handle({
        call,
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
      if (attempt.unwanted) caller.attempts.delete(sequence);
      else this.#remember(attempt, () => caller.attempts.delete(sequence));
    }
    attempt.tell(answer);
  }

  #remember(attempt: ReceivedAttempt, forget: () => void): void {
    this.#answered.set(attempt, forget);
    this.#bytes += sizeOf(attempt.answer);
    for (const [oldest, forget] of this.#answered) {
      if (this.#answered.size <= MAX_ANSWERS && this.#bytes <= MAX_ANSWER_BYTES) return;
      forget();
      this.#forgetAnswer(oldest);
    }
  }

  #forgetAnswer(attempt: ReceivedAttempt): void {
    if (this.#answered.delete(attempt)) this.#bytes -= sizeOf(attempt.answer);
  }
}

/** Whether the caller has said that an attempt is over for it. */
function isOver(caller: CallerRecord, sequence: number): boolean {
  return sequence < caller.told && !includes(caller.waitedFor, sequence);
}

/** A number, not below `from`, before which none has arrived or may still arrive. */
function nextExpected({ numbers, waitedFor, told }: CallerRecord, from: number): number {
  const next = [numbers, waitedFor].map((some) => some[placeOf(some, from)] ?? told);
  return Math.min(told, ...next);
}

/** The numbers of two ascending lists as one. */
function union(some: readonly number[], others: readonly number[]): number[] {
  const all = [...some, ...others].sort((a, b) => a - b);
  return all.filter((number, index) => number !== all[index - 1]);
}

/** Whether an ascending list has `number`. */
function includes(numbers: readonly number[], number: number): boolean {
  return numbers[placeOf(numbers, number)] === number;
}

/** The index of the first of these ascending numbers that is not below `number`. */
function placeOf(numbers: readonly number[], number: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers[middle] < number) from = middle + 1;
    else to = middle;
  }
  return from;
}

function sizeOf(answer: SingletonReply | undefined): number {
  if (answer?.type === "returned") return ANSWER_OVERHEAD + answer.value.length;
  if (answer?.type !== "threw" && answer?.type !== "failed") return ANSWER_OVERHEAD;
  return ANSWER_OVERHEAD + failureBytes(answer.failure);
}
