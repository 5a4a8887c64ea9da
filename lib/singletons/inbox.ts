import type { Life } from "../paxos/ballot.ts";
import type { Answer, Question } from "./bodies.ts";
import { failureBytes } from "./failure.ts";

/** A call that has arrived. */
export type Call = Question & { readonly type: "call" };

/** Gives the answer to one attempt; what comes after the first one is ignored. */
export type Answering = (answer: Answer) => void;

/** Takes an attempt that has its turn; calls `begun` when it begins to be executed. */
export type Handling = (call: Call, answering: Answering, begun: () => void) => void;

/** So many attempts of one caller may be open at the same time; more are `busy`. */
const MAX_OPEN = 10_000;

/** So many attempts of one caller that were `busy` are remembered; more get no answer. */
const MAX_BUSY = 100_000;

/** Answers are kept until their caller has them, but no more than so many, of so many bytes in all. */
const MAX_ANSWERS = 100_000;
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** Callers that are remembered however long ago they called. */
const KEPT_CALLERS = 1_000;

/** Callers that are remembered at most, however many call at the same time. */
const MAX_CALLERS = 10_000;

/** A caller's place in the order of use is at most this old, in milliseconds: moving it has a price. */
const TOUCHED_EVERY = 500;

/** What each answer takes besides its texts and bytes, in bytes: its attempt, and its places in maps. */
const ANSWER_OVERHEAD = 200;

/** No attempt that is waited for. */
const NONE: ReadonlySet<number> = new Set();

interface Attempt {
  /** `undefined` once it was handed on. */
  call: Call | undefined;
  tell: (answer: Answer) => void;
  answer: Answer | undefined;
  /** Whether it is being executed, or was. */
  begun: boolean;
  /** Whether nobody waits for the answer any more. */
  unwanted: boolean;
}

interface Caller {
  readonly node: string;
  /** See `Question`. */
  readonly birth: number;
  /** When it was heard of last. */
  heard: number;
  /** The caller wants to hear nothing more of attempts up to this one. */
  done: number;
  /** All attempts up to this one were handed on, were busy, or are not wanted any more. */
  handed: number;
  /** Those above `done` that have arrived, and whose answer the caller may not have yet. */
  readonly attempts: Map<number, Attempt>;
  /** How many of them have no answer. */
  open: number;
  /** Those above `done` that were refused as busy, and are never handed on. */
  readonly busy: Set<number>;
  /** Below this the caller has told which attempts it still waits for. */
  told: number;
  /** Those that it waited for, by all that it has told. */
  waitedFor: ReadonlySet<number>;
}

/** What an inbox needs of its host. */
export interface InboxParts {
  /** Takes each attempt, once. */
  readonly handle: Handling;
  /** The present time, in milliseconds. */
  readonly now: () => number;
  /** How long a caller is remembered that is not heard of any more, in milliseconds. */
  readonly keptFor: () => number;
}

/**
 * What one life of a host remembers of the calls that reach it: an attempt is handed on once, however
 * often it arrives, and each caller's in the order of their numbers. Below the number that was handed on
 * last nothing has to be remembered but answers: callers say which of them they have.
 *
 * Callers that are silent are forgotten. The highest `birth` among them stands for all of them: what is
 * not above it, of a caller that is not remembered, may have run and never runs again. A caller that begins
 * later has a higher one, since Lamport clocks spread with every frame.
 */
export class Inbox {
  readonly #parts: InboxParts;
  /** Those heard of longest ago come first. */
  readonly #callers = new Map<Life, Caller>();
  /** The highest birth of a caller that was forgotten. */
  #forgotten = 0;
  /** The attempts with an answer; oldest first. */
  readonly #answered = new Map<Attempt, () => void>();
  #bytes = 0;

  /** An empty one. */
  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** The nodes that have called lately, and no more than are remembered when all is quiet. */
  get callers(): string[] {
    const nodes = new Set(Array.from(this.#callers.values(), ({ node }) => node));
    return [...nodes].slice(-KEPT_CALLERS);
  }

  /** How many callers are remembered. */
  get remembered(): number {
    return this.#callers.size;
  }

  /** How many lives of callers are remembered. */
  get lives(): number {
    return this.#callers.size;
  }

  /** How many attempts are remembered. */
  get size(): number {
    let size = 0;
    for (const { attempts, busy } of this.#callers.values()) size += attempts.size + busy.size;
    return size;
  }

  /** Takes an attempt of that life of `node`; `tell` sends an answer back. */
  receive(node: string, life: Life, call: Call, tell: (answer: Answer) => void): void {
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

  #arrive(caller: Caller, call: Call, tell: (answer: Answer) => void): void {
    if (caller.open < MAX_OPEN) {
      caller.open++;
      const attempt = { call, tell, answer: undefined, begun: false, unwanted: false };
      caller.attempts.set(call.sequence, attempt);
    } else if (caller.busy.size < MAX_BUSY) {
      caller.busy.add(call.sequence);
      tell({ type: "busy" });
    }
  }

  /** What is known of a caller; `undefined` if it may have been forgotten. */
  #caller(node: string, life: Life, birth: number): Caller | undefined {
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
    // A later birth than that of the same caller's record was never seen, let alone forgotten.
    if (birth <= (known?.birth ?? this.#forgotten)) return undefined;
    if (known !== undefined) this.#discard(life, known);
    const numbers = { done: 0, handed: 0, open: 0, told: 0 };
    const attempts = new Map<number, Attempt>();
    const sets = { busy: new Set<number>(), waitedFor: NONE };
    const caller: Caller = { node, birth, heard: now, attempts, ...numbers, ...sets };
    this.#callers.set(life, caller);
    this.#makeRoom(now);
    return caller;
  }

  /** Forgets callers that were not heard of for long, and the oldest ones of too many. */
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

  /** What still waits for an earlier attempt of this caller never runs. */
  #discard(life: Life, caller: Caller): void {
    this.#callers.delete(life);
    for (const attempt of caller.attempts.values()) this.#forgetAnswer(attempt);
    // What runs has no place for its answer any more.
    caller.attempts.clear();
  }

  /** Nobody waits for attempts up to `done`: those that were not handed on never will be. */
  #forget(caller: Caller, done: number): void {
    if (done <= caller.done) return;
    caller.done = done;
    for (const sequence of caller.attempts.keys()) {
      if (sequence <= done) this.#drop(caller, sequence);
    }
    for (const sequence of caller.busy) if (sequence <= done) caller.busy.delete(sequence);
    caller.handed = Math.max(caller.handed, done);
  }

  /** What is over for the caller stays so: every message that says it is right for ever. */
  #learn(caller: Caller, { sequence, open, full }: Call): void {
    const told = full ? open[open.length - 1] : sequence;
    const now = new Set(open);
    const before = caller.waitedFor;
    // A number is waited for if neither what was told before nor this message says that it is over.
    const waitedFor = [
      ...Array.from(before).filter((number) => number >= told || now.has(number)),
      ...open.filter((number) => number >= caller.told || before.has(number)),
    ];
    const from = Math.max(caller.told, caller.done + 1);
    caller.told = Math.max(caller.told, told);
    caller.waitedFor = new Set(waitedFor);
    for (const number of before) if (!caller.waitedFor.has(number)) this.#over(caller, number);
    // Whatever number a stranger sends, no more is looked at than there is.
    const news = told - from > caller.attempts.size
      ? [...caller.attempts.keys()]
      : range(from, told);
    for (const number of news) if (isOver(caller, number)) this.#over(caller, number);
    for (const number of caller.busy) if (isOver(caller, number)) caller.busy.delete(number);
  }

  #over(caller: Caller, sequence: number): void {
    const attempt = caller.attempts.get(sequence);
    if (attempt === undefined) return;
    // What has arrived is still handed on in its turn: a cast is over for its caller when it is sent.
    if (attempt.call !== undefined || attempt.answer === undefined) attempt.unwanted = true;
    else this.#drop(caller, sequence);
  }

  #drop(caller: Caller, sequence: number): void {
    const attempt = caller.attempts.get(sequence);
    if (attempt === undefined) return;
    caller.attempts.delete(sequence);
    if (attempt.answer === undefined) caller.open--;
    else this.#forgetAnswer(attempt);
  }

  #handOn(caller: Caller): void {
    for (;;) {
      const next = caller.handed + 1;
      const attempt = caller.attempts.get(next);
      if (attempt === undefined && caller.busy.has(next)) {
        caller.handed++;
        continue;
      }
      if (attempt === undefined && isOver(caller, next)) {
        // It will never come: nobody has to wait for it, nor for those behind it that are over, too.
        caller.handed = nextExpected(caller, next) - 1;
        continue;
      }
      if (attempt?.call === undefined) return;
      const { call } = attempt;
      attempt.call = undefined;
      caller.handed++;
      this.#parts.handle(call, (answer) => {
        if (attempt.answer !== undefined) return;
        attempt.answer = answer;
        if (caller.attempts.get(next) === attempt) {
          caller.open--;
          if (attempt.unwanted) caller.attempts.delete(next);
          else this.#remember(attempt, () => caller.attempts.delete(next));
        }
        attempt.tell(answer);
      }, () => void (attempt.begun = true));
    }
  }

  #remember(attempt: Attempt, forget: () => void): void {
    this.#answered.set(attempt, forget);
    this.#bytes += sizeOf(attempt.answer);
    for (const [oldest, forget] of this.#answered) {
      if (this.#answered.size <= MAX_ANSWERS && this.#bytes <= MAX_ANSWER_BYTES) return;
      forget();
      this.#forgetAnswer(oldest);
    }
  }

  #forgetAnswer(attempt: Attempt): void {
    if (this.#answered.delete(attempt)) this.#bytes -= sizeOf(attempt.answer);
  }
}

/** Whether the caller has said that an attempt is over for it. */
function isOver(caller: Caller, sequence: number): boolean {
  return sequence < caller.told && !caller.waitedFor.has(sequence);
}

/** The first number from `from` on that has arrived or may come yet. */
function nextExpected(caller: Caller, from: number): number {
  let least = caller.told;
  for (const numbers of [caller.attempts.keys(), caller.waitedFor]) {
    for (const number of numbers) if (number >= from && number < least) least = number;
  }
  return least;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function sizeOf(answer: Answer | undefined): number {
  if (answer?.type === "returned") return ANSWER_OVERHEAD + answer.value.length;
  if (answer?.type !== "threw" && answer?.type !== "failed") return ANSWER_OVERHEAD;
  return ANSWER_OVERHEAD + failureBytes(answer.failure);
}
