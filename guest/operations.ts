import type {
  DownMessage,
  GuestOperation,
  GuestOutcome,
  UpMessage,
} from "../lib/codec/guest_messages.ts";
import { SynodError, type SynodErrorCode } from "../lib/errors.ts";
import { noQuorum } from "../lib/node/engine/operations.ts";
import type { Limits } from "../lib/node/runtime/operation.ts";
import type { LamportClock } from "../lib/paxos/ballot.ts";
import type { ClockReading } from "../lib/paxos/lease.ts";
import { type Gateway, remaining } from "./gateway.ts";
import { Run, type RunHooks } from "./run.ts";
import type { GuestShell } from "./shell.ts";

/** Short operations that a gateway has at the same time; others wait for their results. */
const MAX_UNDER_WAY = 500;

/** Operations that are not over; bounds memory and the list in each frame. */
const MAX_OPERATIONS = 100_000;

/** Open operations listed in a frame. */
const MAX_OPEN = 2_000;

/** The longest time that a gateway may look for a quorum, in milliseconds. */
const MAX_TIMEOUT = 600_000;

/** Where operations are sent. */
export interface Outlet {
  /** The gateway that takes operations now; `null`: none. */
  readonly gateway: Gateway | null;
  /** Asks for a call of {@linkcode GuestOperations.take} at the end of this turn. */
  schedule(): void;
}

/** A message that is ready to be sent, and its approximate size in bytes. */
export interface Ready {
  readonly message: UpMessage;
  readonly size: number;
}

/**
 * The operations of a guest that are not over. Each is at one gateway at a time: another one gets it, or what
 * undoes it, only when the former does nothing more on the tickets that it was shown (section 13).
 */
export class GuestOperations {
  readonly #shell: GuestShell;
  readonly #clock: LamportClock;
  readonly #outlet: Outlet;
  /** The operations that are not over, by number, the oldest first. */
  readonly #runs = new Map<number, Run>();
  /** The cancellations to be sent. */
  #cancelled: number[] = [];
  #last = 0;
  #underWay = 0;
  #cancelTimer: () => void = () => {};

  /** Starts without operations. */
  constructor(shell: GuestShell, clock: LamportClock, outlet: Outlet) {
    this.#shell = shell;
    this.#clock = clock;
    this.#outlet = outlet;
  }

  /** The number of operations that are not over. */
  get size(): number {
    return this.#runs.size;
  }

  /** Whether any of them is at the gateway and waits for its result. */
  get isWaiting(): boolean {
    for (const run of this.#runs.values()) if (run.isSent) return true;
    return false;
  }

  /** Whether any of them that writes is at the gateway: it needs a ticket that is not too old. */
  get isWriting(): boolean {
    for (const run of this.#runs.values()) if (run.isSent && !run.reads) return true;
    return false;
  }

  /** Begins an operation. Its `operation` rejects with `no_quorum` at the deadline of `limits`. */
  begin(request: GuestOperation, limits: Limits, hooks: RunHooks = {}): Run {
    const number = ++this.#last;
    const operation = this.#shell.operation<GuestOutcome>(limits);
    const run = new Run({ number, deadline: limits.deadline }, request, operation, hooks);
    for (const undone of hooks.undoes ?? []) {
      for (const gateway of undone.touched) run.touched.add(gateway);
    }
    if (!operation.ended && this.#runs.size >= MAX_OPERATIONS) {
      operation.reject(
        new SynodError("queue_full", `${MAX_OPERATIONS} operations of this guest wait already`),
      );
    }
    if (operation.ended) {
      run.isOver = true;
      return run;
    }
    this.#runs.set(number, run);
    operation.onEnd(() => this.#end(run));
    this.#outlet.schedule();
    return run;
  }

  /** Nothing that was sent over the former connection is answered any more. */
  detach(): void {
    this.#cancelTimer();
    this.#cancelled = [];
    this.#underWay = 0;
    for (const run of this.#runs.values()) run.again();
  }

  /** The highest number to which results are no longer wanted, and the exceptions. */
  over(): { readonly done: number; readonly open: readonly number[] } {
    const open: number[] = [];
    for (const number of this.#runs.keys()) {
      if (open.push(number) === MAX_OPEN) return { done: number, open };
    }
    return { done: this.#last, open };
  }

  /** Takes what is to be sent to `gateway` at the time `at`. */
  *take(gateway: Gateway, at: ClockReading): Iterable<Ready> {
    for (const number of this.#cancelled.splice(0)) yield cancelOf(number);
    this.#cancelTimer();
    let wait = Infinity;
    for (const run of this.#runs.values()) {
      if (run.isSent) continue;
      if (!run.reads) {
        if (gateway.tickets.newest === 0) continue;
        const rest = remaining(gateway, run.before(), at);
        if (rest > 0) {
          wait = Math.min(wait, rest);
          continue;
        }
      }
      if (!run.isLong && this.#underWay >= MAX_UNDER_WAY) continue;
      for (const { number, isAnswered, wasSent } of run.hooks.undoes ?? []) {
        if (wasSent && !isAnswered) yield cancelOf(number);
      }
      yield this.#send(run, gateway, at);
    }
    if (wait < Infinity) {
      const { runtime } = this.#shell;
      this.#cancelTimer = runtime.setTimer(() => this.#outlet.schedule(), wait + 1);
    }
  }

  /** Takes a message of the gateway about an operation. */
  took(message: DownMessage): void {
    if (!("number" in message)) return;
    const run = this.#runs.get(message.number);
    // The guest has given it up, or turned away meanwhile and not sent it to this gateway yet.
    if (run === undefined || !run.isSent) return;
    switch (message.type) {
      case "event":
        return run.hooks.event?.(message.event);
      case "part":
        return this.#settle(run, run.part(message.index, message.piece));
      case "result":
        return this.#settle(run, run.result(message.outcome));
      case "failed":
        if (message.code === "late" || message.code === "not_begun") {
          return this.#sendAgain(run, message.code === "not_begun");
        }
        run.isAnswered = true;
        // It says nothing about what became of it when it was sent before.
        if (run.isRepeated && (run.request.type === "put" || run.request.type === "cell")) {
          return run.operation.resolve({ type: "unknown" });
        }
        if (run.isRepeated && run.request.type === "call") {
          return run.operation.resolve({ type: "lost" });
        }
        run.operation.reject(toError(message.code, message.message));
    }
  }

  #settle(run: Run, outcome: GuestOutcome | undefined): void {
    if (outcome === undefined) return;
    run.isAnswered = true;
    run.operation.resolve(outcome);
  }

  /**
   * The ticket that went with it was too old. The frame that says so brings a newer one. `isUnbegun`: the gateway has
   * done nothing for it since it was sent there last.
   */
  #sendAgain(run: Run, isUnbegun: boolean): void {
    // What a gateway may have done before, this one or another, it says nothing about.
    if (isUnbegun && !run.isRepeated) run.unbegunAt = this.#outlet.gateway ?? undefined;
    if (!run.isLong) this.#underWay--;
    run.again();
    this.#outlet.schedule();
  }

  #send(run: Run, gateway: Gateway, at: ClockReading): Ready {
    const { number, request, wasSent } = run;
    if (!wasSent) {
      run.hooks.sending?.();
      run.since = run.hooks.since ?? this.#clock.next();
    }
    const again = wasSent && run.unbegunAt !== gateway;
    run.isSent = true;
    run.isRepeated = again;
    run.unbegunAt = undefined;
    run.wasSent = true;
    run.touched.add(gateway);
    if (!run.isLong) this.#underWay++;
    // The guest itself ends what may go on for long: a gateway whose clock is faster would do it too early, with an
    // error that says of a call that it never began.
    const rest = run.isLong ? Infinity : Math.ceil(run.deadline - at.now);
    const timeout = rest === Infinity ? 0 : Math.min(MAX_TIMEOUT, Math.max(1, rest));
    const numbers = { number, since: run.since, again, timeout };
    return { message: { type: "run", ...numbers, operation: request }, size: run.size };
  }

  #end(run: Run): void {
    run.isOver = true;
    this.#runs.delete(run.number);
    if (run.isSent) {
      if (!run.isLong) this.#underWay--;
      if (!run.isAnswered) this.#cancelled.push(run.number);
    }
    this.#outlet.schedule();
  }
}

function cancelOf(number: number): Ready {
  return { message: { type: "cancel", number }, size: 20 };
}

function toError(code: string, message: string): Error {
  if (code === "TypeError") return new TypeError(message);
  // The guest has not cancelled it: what became of it cannot be known.
  if (code === "cancelled") return noQuorum();
  return new SynodError(code as SynodErrorCode, message);
}
