/**
 * The clock of another process on this machine, `performance.now()` there, as it is known from here.
 *
 * Both count the same seconds (CLOCK_MONOTONIC) from different beginnings. Whatever was asked from here
 * before it happened there, and was answered afterwards, bounds the difference on both sides, and the
 * bounds only ever come closer. A process that is stopped meanwhile gives bounds that are wide, but right.
 */
export class RemoteClock {
  /** The difference (here minus there) is between these two. */
  #least = -Infinity;
  #most = Infinity;

  /**
   * Something happened there from `from` to `to` by the clock there, and in between `before` and `after`
   * by the clock here.
   *
   * @throws {RangeError} If the clocks do not go at the same rate: then nothing can be judged.
   */
  seen(before: number, from: number, to: number, after: number): void {
    this.#least = Math.max(this.#least, before - from);
    this.#most = Math.min(this.#most, after - to);
    if (this.#least > this.#most + ROUNDING) {
      throw new RangeError(`two clocks of one machine differ by ${this.uncertainty} ms or more`);
    }
  }

  /** The time here at or after which it was `time` there. */
  earliest(time: number): number {
    return time + this.#least;
  }

  /** The time here at or before which it was `time` there. */
  latest(time: number): number {
    return time + this.#most;
  }

  /** How far apart the two bounds are, in milliseconds. */
  get uncertainty(): number {
    return this.#most - this.#least;
  }
}

/** What readings of a clock may be rounded by, in milliseconds. */
const ROUNDING = 0.01;
