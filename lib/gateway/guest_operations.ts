import type { DownMessage, GuestOperation, UpMessage } from "../codec/guest_messages.ts";
import { SynodError } from "../errors.ts";
import type { Limits } from "../node/runtime/operation.ts";
import { counterBound } from "../paxos/ballot.ts";
import { TicketExpired } from "../paxos/guest_change.ts";
import { type GuestWorkParts, isWriting, requestOf, runOperation } from "./guest_work.ts";
import type { Guest, GuestSettings } from "./options.ts";
import { GuestError } from "./refusal.ts";
import type { Counted, Usage } from "./usage.ts";

/** What the operations of one life of a guest need of it. */
export interface GuestOperationsParts {
  readonly work: GuestWorkParts;
  readonly settings: GuestSettings;
  readonly usage: Usage;
  /** The longest value, in bytes. */
  readonly maxValueBytes: number;
  /** The guest, with the claims of its newest token. */
  readonly guest: () => Guest;
  /** Whether its tickets allow this member to do something for it, at this instant. */
  readonly isOpen: () => boolean;
  readonly send: (message: DownMessage) => void;
}

/** One operation: it runs once, however often it comes. */
interface Entry {
  readonly operation: GuestOperation;
  readonly abort: AbortController;
  /** The message with its result; `undefined` while it is under way. */
  result: DownMessage | undefined;
  /** Resolves when there is a result. */
  readonly ended: Promise<void>;
}

type Run = UpMessage & { readonly type: "run" };

const CANCELLED = new GuestError("cancelled", "The guest has cancelled the operation");

/** The operations of one life of a guest at this member, by their numbers. */
export class GuestOperations {
  readonly #parts: GuestOperationsParts;
  readonly #entries = new Map<number, Entry>();
  /**
   * Results up to and including this number are no longer wanted, except those in `#open`; the others never run
   * again.
   */
  #done = 0;
  #open: ReadonlySet<number> = new Set();

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
    if (known?.result !== undefined) send(known.result);
    if (known !== undefined) return known.ended;
    if (number <= this.#done && !this.#open.has(number)) return Promise.resolve();
    const refused = this.#refusal(operation, since);
    if (refused !== undefined) {
      send({ type: "failed", number, code: refused.code, message: refused.message });
      return Promise.resolve();
    }
    const { runtime, clock } = work.core.engine;
    // The guest's counters must not be above those of the hosts that it calls.
    clock.observe(since);
    const abort = new AbortController();
    const deadline = timeout === 0 ? Infinity : runtime.now() + timeout;
    const limits: Limits = { deadline, signal: abort.signal };
    const counted = usage.count(number, operation);
    const authorized = this.#authorized(operation);
    const begin = () =>
      runOperation(work, {
        ...{ number, operation, limits },
        origin: { since, again, isOpen },
        report: (event) => send({ type: "event", number, event }),
        piece: (index, piece) => send({ type: "part", number, index, piece }),
      });
    // Without a wait operations begin in the order in which they came.
    const running = authorized === undefined ? begin() : authorized.then(begin);
    const ended = running.then(
      (outcome): DownMessage => ({ type: "result", number, outcome }),
      (error): DownMessage => ({ type: "failed", number, ...failureOf(error) }),
    ).then((result) => this.#end(number, result, counted));
    this.#entries.set(number, { operation, abort, result: undefined, ended });
    return ended;
  }

  /** The guest wants no result of an operation, and nothing more is proposed for it. */
  cancel(number: number): void {
    this.#entries.get(number)?.abort.abort(CANCELLED);
  }

  /** The guest waits for none of the operations up to `done` any more, except those in `open`. */
  forget(done: number, open: readonly number[]): void {
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
    for (const { abort } of this.#entries.values()) abort.abort(CANCELLED);
    this.#entries.clear();
  }

  #end(number: number, result: DownMessage, counted: Counted): void {
    const entry = this.#entries.get(number);
    counted(result.type === "result" ? result.outcome : null);
    if (entry === undefined) return;
    // The guest sends it again with a newer ticket, or has turned away.
    if (result.type === "failed" && result.code === "late") this.#entries.delete(number);
    else entry.result = result;
    this.#parts.send(result);
  }

  /** Why an operation is not even begun. */
  #refusal(operation: GuestOperation, since: number): GuestError | undefined {
    const { work: { core: { engine } }, usage, isOpen, maxValueBytes } = this.#parts;
    const { runtime, record } = engine;
    // The floor of the genesis, which does not move: no node can raise the bound step by step.
    if (since > counterBound(record?.floor ?? 0, runtime.wallNow())) {
      return new GuestError("TypeError", `since is ${since}, too far ahead of this member's clock`);
    }
    if (isWriting(operation) && !isOpen()) return new GuestError("late", "The ticket is too old");
    if (operation.type === "put" && operation.value.length > maxValueBytes) {
      return new GuestError("TypeError", `the value has more than ${maxValueBytes} bytes`);
    }
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

function failureOf(error: unknown): { code: string; message: string } {
  if (error instanceof TicketExpired) return { code: "late", message: error.message };
  if (error instanceof GuestError || error instanceof SynodError) {
    return { code: error.code, message: error.message };
  }
  // What went wrong inside of this member is not for guests.
  return { code: "outcome_unknown", message: "The operation failed at the member" };
}
