/** Waits between attempts to connect, in milliseconds. */
export interface BackoffTimes {
  /** The first wait; each further one is twice as long. */
  readonly first: number;
  /** The longest of those. */
  readonly longest: number;
  /** The wait after a refusal: nothing will change at once, and asking costs the other side. */
  readonly refused: number;
  /** A connection that lasted so long was a good one: the next wait is the first again. */
  readonly stable: number;
}

/** What is used outside of tests. */
export const BACKOFF: BackoffTimes = {
  first: 100,
  longest: 5_000,
  refused: 30_000,
  stable: 10_000,
};

/**
 * How long to wait before connecting again: random, so that all who lost one node do not come back
 * to it at one instant, doubling and capped. A connection that ends soon after it was made does not
 * count as a success: otherwise two that throw each other out would do so without a pause.
 */
export class Backoff {
  readonly #times: BackoffTimes;
  #failures = 0;
  #since: number | null = null;

  /** No attempt was made yet. */
  constructor(times: BackoffTimes = BACKOFF) {
    this.#times = times;
  }

  /** A connection was made. */
  connected(): void {
    this.#since = performance.now();
  }

  /** The connection was lost, or could not be made: the wait before the next attempt. */
  failed(): number {
    if (this.#since !== null && performance.now() - this.#since >= this.#times.stable) {
      this.#failures = 0;
    }
    this.#since = null;
    const longest = Math.min(this.#times.longest, this.#times.first * 2 ** this.#failures);
    if (longest < this.#times.longest) this.#failures++;
    return longest * (0.5 + 0.5 * Math.random());
  }

  /** The other side refused: the wait before the next attempt. */
  refused(): number {
    this.#since = null;
    return this.#times.refused * (0.75 + 0.5 * Math.random());
  }
}
