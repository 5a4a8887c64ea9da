import type {
  DownMessage,
  GuestOperation,
  GuestOutcome,
  UpMessage,
} from "../codec/guest_messages.ts";
import { SynodError } from "../errors.ts";
import type { Limits, Operation } from "../node/shell.ts";
import { counterBound } from "../paxos/ballot.ts";
import { TicketExpired } from "../paxos/guest_change.ts";
import { presentNumbers } from "./guest_attempts.ts";
import { type GuestWorkParts, isWriting, requestOf, runOperation, wrongIn } from "./guest_work.ts";
import type { Guest, GuestSettings } from "./options.ts";
import { beyond, CANCELLED, GuestError } from "./refusal.ts";
import type { LargeTurns } from "./large_turns.ts";
import { Slots } from "./slots.ts";
import type { Counted, Usage } from "./usage.ts";

/** What the operations of one life of a guest need of it. */
export interface GuestOperationsParts {
  readonly work: GuestWorkParts;
  readonly settings: GuestSettings;
  readonly usage: Usage;
  /** Of all guests of this member. */
  readonly large: LargeTurns;
  /** The longest value, in bytes. */
  readonly maxValueBytes: number;
  /** The guest, with the claims of its newest token. */
  readonly guest: () => Guest;
  /** Whether its tickets allow this member to do something for it, at this instant. */
  readonly isOpen: () => boolean;
  readonly send: (message: DownMessage) => void;
}

/** Operations of one guest that are proposed or read at the same time: the member has others to serve. */
const AT_ONCE = 50;

/**
 * Values of at least this many bytes are large. Puts of them, and changes of cells, take time of all members, so they take
 * turns with those of all other guests of this member.
 */
const LARGE = 64 * 1024;

/** Bytes of large values of one guest that are under way before its next one waits. */
const LARGE_BYTES = 512 * 1024;

/**
 * Large values that have not ended, of one guest in seconds of its bytes, and of all together in bytes; beyond these a guest
 * that has one gets no other.
 */
const LARGE_SECONDS = 2;
const MAX_LARGE_IN_ALL = 64 * 2 ** 20;

/** Those that ask for all keys or locks: one of a guest at a time. */
const WIDE: readonly GuestOperation["type"][] = ["list", "query", "explain"];

/** Those that wait for something else than the members' answers; they have bounds of their own. */
const LONG: readonly GuestOperation["type"][] = [
  "lock",
  "watch",
  "watchAll",
  "guard",
  "call",
  "place",
];

/** Those that only read and begin again when they come again: a part of what was told may be lost. */
const BEGIN_AGAIN: readonly GuestOperation["type"][] = [...WIDE, "watchAll"];

/**
 * Outcomes that say that nothing was done, which another gateway may have done since. Of a call a refusal is a fact: its
 * host never begins that attempt.
 */
const UNDONE: readonly GuestOutcome["type"][] = ["invalid", "conflict", "refused", "queueFull"];

/** One operation: it runs once, however often it comes. */
interface Entry {
  readonly operation: GuestOperation;
  readonly abort: AbortController;
  /** Whether anything may have been done that others may see. */
  hasBegun: boolean;
  /** Whether it came again while it was under way: another gateway may have run it meanwhile. */
  cameAgain: boolean;
  /** The message with its result; `undefined` while it is under way. */
  result: DownMessage | undefined;
  /** Its latest news: the connection may have been lost before these arrived. */
  news: DownMessage | undefined;
  /** Resolves when there is a result. */
  ended: Promise<void>;
}

type Run = UpMessage & { readonly type: "run" };

/**
 * The codes of what ends because the tickets are too old. After `not_begun` the guest may send it to this member again
 * as if for the first time.
 */
const TOO_LATE: readonly string[] = ["late", "not_begun"];

/** The reason of the end of operations whose guest may still wait for them, at another gateway. */
const LEFT = new GuestError("cancelled", "This member does not serve the guest any more");

/** The operations of one life of a guest at this member, by their numbers. */
export class GuestOperations {
  readonly #parts: GuestOperationsParts;
  readonly #entries = new Map<number, Entry>();
  /**
   * Results up to and including this number are no longer wanted, except those in `#open`; the others never run
   * again.
   */
  #done = 0;
  readonly #slots = new Slots(AT_ONCE);
  readonly #wide = new Slots(1);
  /** A place is a byte. Of each guest only these wait for the turns of all, so that one with many does not go first. */
  readonly #large = new Slots(LARGE_BYTES);
  /** The bytes of its large values that have not ended. */
  #largeBytes = 0;
  #open: ReadonlySet<number> = new Set();
  /** The changes of locks by this guest that are neither known to the cluster nor over: `query` waits for them. */
  readonly #asking = new Set<number>();
  /** What the queries that wait do when such a change is known. */
  readonly #queries = new Set<(number: number) => void>();

  /** Starts without operations. */
  constructor(parts: GuestOperationsParts) {
    this.#parts = parts;
  }

  /** The number of operations that are under way, or whose results the guest may not have. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs an operation, unless it runs or ran already; resolves when it has ended. */
  run({ number, operation, since, again, timeout }: Run): Promise<void> {
    const { send, usage, work, isOpen } = this.#parts;
    const known = this.#entries.get(number);
    if (known !== undefined && BEGIN_AGAIN.includes(operation.type)) {
      this.#entries.delete(number);
      known.abort.abort(CANCELLED);
    } else if (known !== undefined && !(again && isUndone(operation, known.result))) {
      known.cameAgain ||= again;
      const told = known.result ?? known.news;
      if (told !== undefined) send(told);
      return known.ended;
    }
    if (number <= this.#done && !this.#open.has(number)) return Promise.resolve();
    const refused = this.#refusal(operation, since);
    if (refused !== undefined) {
      send({ type: "failed", number, code: refused.code, message: refused.message });
      return Promise.resolve();
    }
    const { runtime, clock } = work.core;
    // The guest's counters must not be above those of the hosts that it calls.
    clock.observe(since);
    const abort = new AbortController();
    const over = Promise.resolve();
    const state = { hasBegun: false, cameAgain: false, result: undefined, news: undefined };
    const entry: Entry = { operation, abort, ...state, ended: over };
    const deadline = timeout === 0 ? Infinity : runtime.now() + timeout;
    const limits: Limits = { deadline, signal: abort.signal };
    const counted = usage.count(number, operation);
    const authorized = this.#authorized(operation);
    let queued = () => {};
    const run = () =>
      runOperation(work, {
        ...{ number, operation, limits },
        origin: { since, again, isOpen },
        begins: () => void (entry.hasBegun = true),
        present: (call) => presentNumbers(call, this.#earlier(number)),
        report: (event) => {
          if (event.type === "queued") queued();
          entry.news = { type: "event", number, event };
          send(entry.news);
        },
        piece: (index, piece) => send({ type: "part", number, index, piece }),
      });
    const place = () => work.core.operation<void>(limits);
    const begin = () => this.#inTurn(operation, run, place);
    // Without a wait operations begin in the order in which they came.
    const mayBegin = authorized === undefined && (operation.type !== "query" || !this.#asking.size);
    const running = mayBegin ? begin() : this.#before(operation, authorized, limits).then(begin);
    if (operation.type === "lock" || operation.type === "unlock") {
      this.#asking.add(number);
      queued = () => {
        this.#asking.delete(number);
        for (const known of [...this.#queries]) known(number);
      };
      running.then(queued, queued);
    }
    entry.ended = running.then(
      (outcome): DownMessage => ({ type: "result", number, outcome }),
      (error): DownMessage => ({ type: "failed", number, ...failureOf(error, entry.hasBegun) }),
    ).then((result) => {
      // It is sent once more, and runs as one that another gateway may have run.
      const isOld = entry.cameAgain && isUndone(operation, result);
      const late = (): DownMessage => ({
        ...{ type: "failed", number, ...failureOf(new TicketExpired(), true) },
      });
      this.#end(number, entry, isOld ? late() : result, counted);
    });
    this.#entries.set(number, entry);
    const bytes = largeBytes(operation);
    this.#hold(bytes);
    void entry.ended.then(() => this.#hold(-bytes));
    return entry.ended;
  }

  /** The guest wants no result of an operation, and nothing more is proposed for it. */
  cancel(number: number): void {
    this.#entries.get(number)?.abort.abort(CANCELLED);
  }

  /** The guest waits for none of the operations up to `done` any more, except those in `open`. */
  forget(done: number, open: readonly number[]): void {
    // Nothing new, as in most frames of one that does not say what it has got.
    if (done === this.#done && open.length + this.#open.size === 0) return;
    // Frames may overtake each other: what was over stays over.
    const still = open.filter((number) => number > this.#done || this.#open.has(number));
    if (done >= this.#done) {
      this.#done = done;
      this.#open = new Set(still);
    } else {
      const kept = [...this.#open].filter((number) => number > done || open.includes(number));
      this.#open = new Set(kept);
    }
    for (const [number, { abort }] of this.#entries) {
      if (number > this.#done || this.#open.has(number)) continue;
      this.#entries.delete(number);
      abort.abort(CANCELLED);
    }
  }

  /** Ends the operations that may write: the tickets of the guest are too old. */
  expire(): void {
    for (const { operation, result, abort } of this.#entries.values()) {
      if (result === undefined && isWriting(operation)) abort.abort(new TicketExpired());
    }
  }

  /** Ends everything. */
  close(): void {
    for (const { abort } of this.#entries.values()) abort.abort(LEFT);
    this.#entries.clear();
  }

  /**
   * Resolves when an operation may begin: it is authorized, and what a query has to show is known. Ends at the limits
   * of the operation, and leaves nothing behind then.
   */
  #before(
    { type }: GuestOperation,
    authorized: Promise<void> | undefined,
    limits: Limits,
  ): Promise<void> {
    const wait = this.#parts.work.core.operation<void>(limits);
    const unknown = new Set<number>(type === "query" ? this.#asking : []);
    let isAllowed = authorized === undefined;
    const known = (number?: number) => {
      if (number !== undefined) unknown.delete(number);
      if (isAllowed && unknown.size === 0) wait.resolve();
    };
    authorized?.then(() => {
      isAllowed = true;
      known();
    }, (error) => wait.reject(error));
    if (unknown.size > 0) {
      this.#queries.add(known);
      wait.onEnd(() => this.#queries.delete(known));
    }
    return wait.promise;
  }

  /** The operations before this one that the guest waits for; `undefined`: one that has not come yet. */
  *#earlier(number: number): Iterable<GuestOperation | undefined> {
    if (number > this.#done) yield undefined;
    for (const other of this.#open) if (other < number) yield this.#entries.get(other)?.operation;
  }

  #hold(bytes: number): void {
    this.#largeBytes += bytes;
    this.#parts.large.held += bytes;
  }

  /** Runs an operation when there is a place for it; `place` begins to wait for one. */
  #inTurn(
    operation: GuestOperation,
    run: () => Promise<GuestOutcome>,
    place: () => Operation<void>,
  ): Promise<GuestOutcome> {
    const { type } = operation;
    if (LONG.includes(type)) return run();
    if (WIDE.includes(type)) return this.#wide.run(run, place);
    const bytes = largeBytes(operation);
    if (bytes === 0) return this.#slots.run(run, place);
    return this.#large.run(() => this.#parts.large.run(run, place, bytes), place, bytes);
  }

  #end(number: number, entry: Entry, result: DownMessage, counted: Counted): void {
    counted(result.type === "result" ? result.outcome : null);
    this.#parts.work.core.trace?.({
      ...{ type: "guest.operation", guest: this.#parts.guest().id },
      operation: entry.operation.type,
      error: result.type === "failed" ? result.code : null,
    });
    // It is over for the guest, or has begun again.
    if (this.#entries.get(number) !== entry) return;
    // The guest sends it again with a newer ticket, or has turned away.
    if (result.type === "failed" && TOO_LATE.includes(result.code)) this.#entries.delete(number);
    else entry.result = result;
    this.#parts.send(result);
  }

  /** Why an operation is not even begun. */
  #refusal(operation: GuestOperation, since: number): GuestError | undefined {
    const { work, settings, usage, large, isOpen, maxValueBytes } = this.#parts;
    const { runtime, record } = work.core;
    // The floor of the genesis, which does not move: no node can raise the bound step by step.
    if (since > counterBound(record?.floor ?? 0, runtime.wallNow())) {
      return new GuestError("TypeError", `since is ${since}, too far ahead of this member's clock`);
    }
    if (isWriting(operation) && !isOpen()) {
      return new GuestError("not_begun", "The ticket is too old");
    }
    if (valueBytes(operation) > maxValueBytes) {
      return new GuestError("TypeError", `the value has more than ${maxValueBytes} bytes`);
    }
    const wrong = wrongIn(operation);
    if (wrong !== null) return new GuestError("TypeError", wrong);
    const bytes = largeBytes(operation);
    const most = LARGE_SECONDS * settings.limits.bytesPerSecond;
    const isMuch = this.#largeBytes + bytes > most || large.held > MAX_LARGE_IN_ALL;
    if (bytes > 0 && this.#largeBytes > 0 && isMuch) return beyond("bytes that wait", most);
    return usage.refusal(operation, this.#entries.size, runtime.now());
  }

  /** Rejects if the guest may not do it; `undefined`: it may, and nothing has to be waited for. */
  #authorized(operation: GuestOperation): Promise<void> | undefined {
    const { settings: { authorize }, guest } = this.#parts;
    const request = authorize === null ? null : requestOf(operation);
    if (authorize === null || request === null) return undefined;
    const { id } = guest();
    const check = (may: unknown) => {
      if (may === true) return;
      throw new GuestError("unauthorized", `The guest ${id} may not ${request.type}`);
    };
    try {
      const may = authorize(guest(), request);
      // An error of the user's function allows nothing.
      if (may !== true) return Promise.resolve(may).catch(() => false).then(check);
    } catch {
      return Promise.resolve().then(check);
    }
  }
}

/** The bytes of the value that an operation brings. */
function valueBytes(operation: GuestOperation): number {
  const isWrite = operation.type === "put" || operation.type === "cell";
  return isWrite ? operation.value?.length ?? 0 : 0;
}

/**
 * The bytes of a large value; 0: it has none, or only hands it over, to the owner of a process that puts it in a turn of
 * its own.
 */
function largeBytes(operation: GuestOperation): number {
  const isHandedOver = operation.type === "put" &&
    operation.bindings.some(({ type }) => type === "pid");
  const bytes = isHandedOver ? 0 : valueBytes(operation);
  return bytes < LARGE ? 0 : bytes;
}

/** Whether an operation has ended and had changed nothing then. */
function isUndone({ type }: GuestOperation, result: DownMessage | undefined): boolean {
  return result?.type === "result" && type !== "call" && UNDONE.includes(result.outcome.type);
}

function failureOf(error: unknown, hasBegun: boolean): { code: string; message: string } {
  if (error instanceof TicketExpired) {
    return { code: hasBegun ? "late" : "not_begun", message: error.message };
  }
  if (error instanceof GuestError || error instanceof SynodError) {
    return { code: error.code, message: error.message };
  }
  // What went wrong inside of this member is not for guests.
  return { code: "outcome_unknown", message: "The operation failed at the member" };
}
