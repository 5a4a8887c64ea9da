import { onAbort } from "./on_abort.ts";
import type { Runtime } from "./runtime.ts";

/** How long something may go on. */
export interface Limits {
  /** On the runtime's monotonic clock; `Infinity`: no limit. */
  readonly deadline: number;
  /**
   * The deadline is the caller's own time limit: the error at the deadline, and in place of any other error
   * that comes after it, for after a pause others may come first. Without it the error is `no_quorum`.
   */
  readonly late?: () => Error;
  /** Aborting ends it with the signal's reason. */
  readonly signal?: AbortSignal;
  /** So does aborting this one: that of the process in whose name it is done. */
  readonly owner?: AbortSignal;
  /** And this one: that of a larger whole which may not need it any more. */
  readonly needed?: AbortSignal;
}

/**
 * Something that is under way, and that ends once: with a value, with an error, at its deadline, when
 * its signal aborts, or when the node closes. Ending cleans up what it started.
 */
export class Operation<T> {
  readonly promise: Promise<T>;
  readonly #all: Set<Operation<unknown>>;
  readonly #cleanups: (() => void)[] = [];
  readonly #runtime: Runtime;
  readonly #limits: Limits;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #ended = false;

  /** `late` makes the error for a deadline that passes. `all` holds it while it is under way. */
  constructor(
    runtime: Runtime,
    limits: Limits,
    all: Set<Operation<unknown>>,
    late: () => Error,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#runtime = runtime;
    this.#limits = limits;
    this.#all = all;
    all.add(this as Operation<unknown>);
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

  /** Whether it is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls `cleanup` when it ends, or at once if it has. */
  onEnd(cleanup: () => void): void {
    if (this.#ended) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Ends it well. */
  resolve(value: T): void {
    if (this.#end()) this.#resolve(value);
  }

  /** Ends it with an error; that is `late` once the caller's time limit has passed. */
  reject(reason: unknown): void {
    if (this.#end()) this.#reject(lateness(this.#limits, this.#runtime.now()) ?? reason);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#all.delete(this as Operation<unknown>);
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    return true;
  }
}

/** The error of a caller whose own time limit has passed. */
export function lateness({ deadline, late }: Limits, now: number): Error | undefined {
  return late !== undefined && deadline <= now ? late() : undefined;
}
