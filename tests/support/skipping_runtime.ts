import type { Runtime } from "../../lib/node/runtime/runtime.ts";

/** A real clock and timers, whose monotonic part can skip a time that nothing but a wait would fill. */
export class SkippingRuntime implements Runtime {
  readonly #system: Runtime;
  readonly #timers = new Set<{ due: number; cancel: () => void; readonly fire: () => void }>();
  #skipped = 0;

  /** `system` is the clock without what is skipped. */
  constructor(system: Runtime) {
    this.#system = system;
  }

  now(): number {
    return this.#system.now() + this.#skipped;
  }

  wallNow(): number {
    return this.#system.wallNow();
  }

  clockError(): number {
    return this.#system.clockError();
  }

  defer(callback: () => void): void {
    this.#system.defer(callback);
  }

  random(): number {
    return this.#system.random();
  }

  setTimer(callback: () => void, delay: number): () => void {
    const fire = () => {
      this.#timers.delete(timer);
      callback();
    };
    const cancel = this.#system.setTimer(fire, delay);
    const timer = { due: this.now() + delay, cancel, fire };
    this.#timers.add(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** Lets `duration` milliseconds pass at once; the timers in it fire soon, in their order. */
  skip(duration: number): void {
    this.#skipped += duration;
    const now = this.now();
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) {
      timer.cancel();
      timer.cancel = this.#system.setTimer(timer.fire, timer.due - now);
    }
  }
}
