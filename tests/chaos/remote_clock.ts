/**
 * The local knowledge of the clock of another process on this machine: its `performance.now()`.
 *
 * Both clocks count the same seconds (CLOCK_MONOTONIC) from different origins. An exchange that is sent
 * before an event there, and answered after it, bounds the offset on both sides; each exchange can only
 * tighten the bounds. A process that is stopped during an exchange gives wide but correct bounds.
 */
export class RemoteClock {
  /** Bounds of the offset: the local time minus the remote time, in milliseconds. */
  #least = -Infinity;
  #most = Infinity;

  /**
   * Records an event from `from` to `to` by the remote clock, between `before` and `after` by the local
   * clock.
   *
   * @throws {RangeError} If the clocks run at different rates: then their times cannot be compared.
   */
  seen(before: number, from: number, to: number, after: number): void {
    this.#least = Math.max(this.#least, before - from);
    this.#most = Math.min(this.#most, after - to);
    if (this.#least > this.#most + ROUNDING) {
      throw new RangeError(`two clocks of one machine differ by ${this.uncertainty} ms or more`);
    }
  }

  /** A local time at or after which the remote clock showed `time`. */
  earliest(time: number): number {
    return time + this.#least;
  }

  /** A local time at or before which the remote clock showed `time`. */
  latest(time: number): number {
    return time + this.#most;
  }

  /** The distance of the two bounds, in milliseconds. */
  get uncertainty(): number {
    return this.#most - this.#least;
  }
}

/** Rounding of clock readings at most, in milliseconds. */
const ROUNDING = 0.01;
