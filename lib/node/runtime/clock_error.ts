/**
 * Step of the coarsest supported clock, in milliseconds: browsers that resist fingerprinting round all clocks
 * to this.
 */
const COARSEST_STEP = 100;

/**
 * Readings at the start of a node, which take about a tenth of a millisecond: enough to see a fine clock step.
 */
const FIRST_READINGS = 1_000;

/** Steps at the start that suffice to judge a fine clock. */
const STEPS_ENOUGH = 3;

/** Step up to which the clock is fine and is no longer observed, in milliseconds. */
const FINE_STEP = 0.5;

/**
 * Least error of a difference of wall clock readings, in milliseconds: `Date.now()` is in whole milliseconds.
 */
const WALL_ERROR = 1;

/**
 * The amount by which the time between two readings of a clock may look shorter than it is, in milliseconds. A
 * clock that steps shows each time up to one step too early. Some runtimes also round up at random, so the
 * amount is two steps.
 */
export class ClockError {
  #step = COARSEST_STEP;
  #last = Infinity;

  /** Takes the first readings of `now`. Until it has seen a step, it assumes the coarsest one. */
  constructor(now: () => number) {
    for (let seen = 0, i = 0; i < FIRST_READINGS && seen < STEPS_ENOUGH; i++) {
      if (this.observe(now())) seen++;
    }
  }

  /** Observes a reading; returns whether the clock has stepped since the one before. */
  observe(reading: number): boolean {
    const step = reading - this.#last;
    this.#last = reading;
    if (!(step > 0)) return false;
    // A multiple of the clock's own step, so never less than it.
    if (step < this.#step) this.#step = step;
    return true;
  }

  /** Whether the clock is known to be fine, so that it need not be observed any longer. */
  get isFine(): boolean {
    return this.#step <= FINE_STEP;
  }

  /** The error, in milliseconds. */
  get value(): number {
    return Math.max(WALL_ERROR, 2 * this.#step);
  }
}
