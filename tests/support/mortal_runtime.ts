import type { Runtime } from "../../lib/node/runtime/runtime.ts";

/** The clocks and timers of one process; they stop when it crashes. */
export class MortalRuntime implements Runtime {
  readonly #inner: Runtime;
  /** The functions that cancel the running timers. */
  readonly #timers = new Set<() => void>();
  #isDead = false;

  /** Delegates to `inner`, until it is dead. */
  constructor(inner: Runtime) {
    this.#inner = inner;
  }

  /** Cancels all timers; deferred callbacks do not run either. */
  die(): void {
    this.#isDead = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  now(): number {
    return this.#inner.now();
  }

  wallNow(): number {
    return this.#inner.wallNow();
  }

  clockError(): number {
    return this.#inner.clockError();
  }

  setTimer(callback: () => void, delay: number): () => void {
    if (this.#isDead) return () => {};
    const cancel = this.#inner.setTimer(() => {
      this.#timers.delete(cancel);
      callback();
    }, delay);
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  defer(callback: () => void): void {
    this.#inner.defer(() => {
      if (!this.#isDead) callback();
    });
  }

  random(): number {
    return this.#inner.random();
  }
}
