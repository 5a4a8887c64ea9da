import type { Operation } from "../node/shell.ts";

/**
 * A bounded number of places for what runs at the same time; the rest waits in order. What takes several places begins as
 * soon as one is free.
 */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** `count` places. */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `work`, which takes `places`, at once or when there is one, and gives them back when it has settled. If it has to
   * wait, it waits as long as the operation that `wait` begins lasts; after that nothing is left of it.
   */
  async run<T>(work: () => Promise<T>, wait: () => Operation<void>, places = 1): Promise<T> {
    if (this.#free > 0) this.#free -= places;
    else await this.#place(wait(), places);
    try {
      return await work();
    } finally {
      this.#free += places;
      for (const next of this.#waiting) {
        if (this.#free <= 0) break;
        next();
      }
    }
  }

  async #place(wait: Operation<void>, places: number): Promise<void> {
    const pass = () => {
      this.#free -= places;
      wait.resolve();
    };
    if (!wait.ended) {
      this.#waiting.add(pass);
      wait.onEnd(() => this.#waiting.delete(pass));
    }
    await wait.promise;
  }
}
