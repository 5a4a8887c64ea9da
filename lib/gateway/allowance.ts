/** Seconds of its rate that a guest may use at once, by default. */
const BURST = 2;

/**
 * What one guest may use of a resource over time: a bucket that holds some seconds of the rate and fills with it.
 */
export class Allowance {
  readonly #rate: number;
  readonly #full: number;
  #left: number;
  #at: number;

  /** `rate` is per second; `now` in milliseconds; `burst`: the seconds of the rate that may be used at once. */
  constructor(rate: number, now: number, burst: number = BURST) {
    this.#rate = rate;
    this.#full = burst * rate;
    this.#left = this.#full;
    this.#at = now;
  }

  /** Takes `amount` if there is something left; what is too much is taken from the next seconds. */
  take(amount: number, now: number): boolean {
    this.#fill(now);
    if (this.#left <= 0) return false;
    this.#left -= amount;
    return true;
  }

  /** The time until something is left, in milliseconds; 0: there is. */
  wait(now: number): number {
    this.#fill(now);
    return this.#left > 0 ? 0 : Math.ceil((1 - this.#left) / this.#rate * 1_000);
  }

  #fill(now: number): void {
    this.#left = Math.min(
      this.#full,
      this.#left + Math.max(0, now - this.#at) / 1_000 * this.#rate,
    );
    this.#at = now;
  }
}
