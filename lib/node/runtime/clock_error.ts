/**
 * Step of the coarsest clock that is reckoned with, in milliseconds: browsers that hide from fingerprinting
 * round all clocks to this.
 */
const COARSEST_STEP = 100;

/** Readings at the start of a node, about a tenth of a millisecond: enough to see a fine clock step. */
const FIRST_READINGS = 1_000;

/** Steps seen at the start that are enough to judge a fine clock by. */
const STEPS_ENOUGH = 3;

/** Step below which the clock is fine, in milliseconds: it is not observed any longer. */
const FINE_STEP = 0.5;

/** Error of a difference of wall clocks in any case, in milliseconds: `Date.now()` knows whole ones only. */
const WALL_ERROR = 1;

/**
 * How much shorter than in truth the time between two readings of a clock may look. A clock that steps
 * shows each time up to a step too early; some runtimes round up as well, at random, so it is two steps.
 */
export class ClockError {
  #step = COARSEST_STEP;
  #last = Infinity;

  /** Takes the first readings of `now`; as long as it has seen no step, it assumes the coarsest one. */
  constructor(now: () => number) {
    for (let seen = 0, i = 0; i < FIRST_READINGS && seen < STEPS_ENOUGH; i++) {
      if (this.observe(now())) seen++;
    }
  }

  /** Takes note of a reading; says whether the clock had stepped since the one before. */
  observe(reading: number): boolean {
    const step = reading - this.#last;
    this.#last = reading;
    if (!(step > 0)) return false;
    // A multiple of the clock's own step, so never less than that.
    if (step < this.#step) this.#step = step;
    return true;
  }

  /** Whether observing it any longer is of no use. */
  get isFine(): boolean {
    return this.#step <= FINE_STEP;
  }

  /** Milliseconds. */
  get value(): number {
    return Math.max(WALL_ERROR, 2 * this.#step);
  }
}
