import type { Runtime } from "../../lib/node/runtime/runtime.ts";

/** The runtime of a process that may end without a word: then its timers never fire. */
export class MortalRuntime {
  readonly #timers = new Set<() => void>();
  #dead = false;

  /** What the node of the process is given. */
  readonly runtime: Runtime;

  /** Lives on `runtime`, until it is killed. */
  constructor(runtime: Runtime) {
    this.runtime = {
      ...runtime,
      setTimer: (callback, delay) => {
        if (this.#dead) return () => {};
        const cancel = runtime.setTimer(() => {
          this.#timers.delete(cancel);
          callback();
        }, delay);
        this.#timers.add(cancel);
        return () => {
          this.#timers.delete(cancel);
          cancel();
        };
      },
    };
  }

  /** Ends the process. */
  kill(): void {
    this.#dead = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
