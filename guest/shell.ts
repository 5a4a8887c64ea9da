import { SynodError } from "../lib/errors.ts";
import { noQuorum, Operations } from "../lib/node/engine/operations.ts";
import type { Limits, Operation } from "../lib/node/runtime/operation.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { NodeShell } from "../lib/node/shell.ts";
import type { ClockReading } from "../lib/paxos/lease.ts";
import type { GuestSession } from "./session.ts";

/** The longest value before a gateway has said what its cluster takes, in bytes. */
const MAX_VALUE_BYTES = 2 ** 20;

/** The part of a guest that its features share. */
export class GuestShell implements NodeShell {
  readonly runtime: Runtime;
  readonly operations: Operations;
  /** Set right after the construction. */
  session!: GuestSession;
  /** The longest encoded value, in bytes; a gateway tells it. */
  maxValueBytes: number = MAX_VALUE_BYTES;
  /** The time for which an operation looks for a quorum, in milliseconds. */
  readonly timeout: number;
  /** Why there is no gateway, for texts of errors; empty if there is one. */
  silence = "";
  #closed: SynodError | undefined;

  /** `timeout`: the time for which an operation looks for a quorum, in milliseconds. */
  constructor(runtime: Runtime, timeout: number) {
    this.runtime = runtime;
    this.operations = new Operations(runtime);
    this.timeout = timeout;
  }

  /** The error with which later calls fail, if the guest is closed. */
  get closed(): SynodError | undefined {
    return this.#closed;
  }

  /** The error with which every operation fails at present, if there is one. */
  get fatal(): SynodError | undefined {
    return this.operations.fatal;
  }

  /** Closes the guest for its users; later calls fail with `reason`. */
  close(reason: SynodError): void {
    this.#closed ??= reason;
  }

  /** See {@linkcode NodeShell.ensureOpen}. */
  ensureOpen(): void {
    if (this.#closed !== undefined) throw new SynodError(this.#closed.code, this.#closed.message);
  }

  /** See {@linkcode NodeShell.limits}. */
  limits(timeout: number = this.timeout, signal?: AbortSignal): Limits {
    return { deadline: this.runtime.now() + timeout, signal };
  }

  /**
   * The limits of a release: after the deadline of its session everything that it owned is free for others
   * anyway.
   */
  releaseLimits(): Limits {
    const time = Math.max(this.timeout, this.session.remaining + 1);
    return { deadline: this.runtime.now() + time };
  }

  /** See {@linkcode NodeShell.operation}. */
  operation<T>(
    limits: Limits,
    late: () => Error = () => noQuorum(this.silence),
  ): Operation<T> {
    return this.operations.begin<T>(limits, late);
  }

  /** See {@linkcode NodeShell.pause}. */
  async pause(time: number): Promise<void> {
    const done = new Error("the pause is over");
    const deadline = this.runtime.now() + time;
    await this.operation<void>({ deadline }, () => done).promise.catch(() => {});
  }

  /** Both clocks at this instant. */
  reading(): ClockReading {
    return { now: this.runtime.now(), wall: this.runtime.wallNow() };
  }

  /** Waits for `promise`, but no longer than `time` milliseconds. */
  async within<T>(promise: Promise<T>, time: number = this.timeout): Promise<T | void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => cancel = this.runtime.setTimer(resolve, time));
    try {
      return await Promise.race([promise, late]);
    } finally {
      cancel();
    }
  }
}
