import type { Operation } from "../node/shell.ts";

/** A bounded number of places for what runs at the same time; the rest waits in order. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** `count` places. */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `work` at once or when there is a place, and gives the place back when it has settled. If it has to wait, it
   * waits as long as the operation that `wait` begins lasts; after that nothing is left of it.
   */
  async run<T>(work: () => Promise<T>, wait: () => Operation<void>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#place(wait());
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #place(wait: Operation<void>): Promise<void> {
    const pass = () => wait.resolve();
    if (!wait.ended) {
      this.#waiting.add(pass);
      wait.onEnd(() => this.#waiting.delete(pass));
    }
    await wait.promise;
  }
}
