import type { LinkedList, Place } from "./linked_list.ts";
import { onAbort } from "./on_abort.ts";
import type { Runtime } from "./runtime.ts";

/** The limits of an operation. */
export interface Limits {
  /** In milliseconds on the runtime's monotonic clock; `Infinity`: no limit. */
  readonly deadline: number;
  /**
   * Present if the deadline is the caller's own time limit: makes the error at the deadline. It also replaces
   * any other error that comes after the deadline, since after a pause of the process others may come first.
   * Without it the error is `no_quorum`.
   */
  readonly late?: () => Error;
  /** Ends the operation with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Does the same; the signal of the process in whose name the operation runs. */
  readonly owner?: AbortSignal;
  /** Does the same; the signal of a larger operation that may no longer need this one. */
  readonly needed?: AbortSignal;
}

/**
 * An operation ends once: with a value, with an error, at its deadline, when one of its signals aborts, or when
 * the node closes. Its end cleans up what it started.
 */
export class Operation<T> {
  readonly promise: Promise<T>;
  readonly #all: LinkedList<Operation<unknown>>;
  readonly #place: Place<Operation<unknown>>;
  /** All cleanups in one: most operations have one or two, and a list that grows has room for 16. */
  #cleanup: (() => void) | undefined;
  readonly #runtime: Runtime;
  readonly #limits: Limits;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #ended = false;

  /** `late` makes the error for a deadline that passes. `all` holds it while it is under way. */
  constructor(
    runtime: Runtime,
    limits: Limits,
    all: LinkedList<Operation<unknown>>,
    late: () => Error,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#runtime = runtime;
    this.#limits = limits;
    this.#all = all;
    this.#place = all.add(this as Operation<unknown>);
    const { deadline, signal, owner, needed } = limits;
    for (const aborting of [signal, owner, needed]) {
      if (aborting !== undefined) this.onEnd(onAbort(aborting, () => this.reject(aborting.reason)));
    }
    if (this.#ended) return;
    if (deadline < Infinity) {
      const error = limits.late ?? late;
      const cancel = runtime.setTimer(() => this.reject(error()), deadline - runtime.now());
      this.onEnd(cancel);
    }
  }

  /** Whether the operation has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls `cleanup` when the operation ends, or at once if it has ended. */
  onEnd(cleanup: () => void): void {
    const before = this.#cleanup;
    if (this.#ended) cleanup();
    else this.#cleanup = before === undefined ? cleanup : () => (before(), cleanup());
  }

  /** Ends the operation with a value. */
  resolve(value: T): void {
    if (this.#end()) this.#resolve(value);
  }

  /** Ends the operation with an error; that is the error of `late` once the caller's time limit has passed. */
  reject(reason: unknown): void {
    if (this.#end()) this.#reject(lateness(this.#limits, this.#runtime.now()) ?? reason);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#all.remove(this.#place);
    this.#cleanup?.();
    this.#cleanup = undefined;
    return true;
  }
}

/** The error of a caller's own time limit, if it has passed. */
export function lateness({ deadline, late }: Limits, now: number): Error | undefined {
  return late !== undefined && deadline <= now ? late() : undefined;
}
