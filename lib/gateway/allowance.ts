/** Seconds of its rate that a guest may use at once. */
const BURST = 2;

/**
 * What one guest may use of a resource over time: a bucket that holds two seconds of the rate and fills with it.
 */
export class Allowance {
  readonly #rate: number;
  #left: number;
  #at: number;

  /** `rate` is per second; `now` in milliseconds. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#left = BURST * rate;
    this.#at = now;
  }

  /** Takes `amount` if there is something left; what is too much is taken from the next seconds. */
  take(amount: number, now: number): boolean {
    const full = BURST * this.#rate;
    this.#left = Math.min(full, this.#left + Math.max(0, now - this.#at) / 1_000 * this.#rate);
    this.#at = now;
    if (this.#left <= 0) return false;
    this.#left -= amount;
    return true;
  }
}
