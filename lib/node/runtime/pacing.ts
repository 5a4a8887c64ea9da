import type { Runtime } from "./runtime.ts";

/** Waits, in milliseconds. */
const LONGEST_RESEND = 1_000;
const LONGEST_BACKOFF = 500;

/** What a round trip takes before any was measured, in milliseconds. */
const FIRST_ROUND_TRIP = 10;

/**
 * How long to wait before something is tried again: random, so that two never meet again and again,
 * doubling, so that a loaded cluster is not loaded more, and capped.
 */
export class Pacing {
  readonly #runtime: Runtime;
  #roundTrip = FIRST_ROUND_TRIP;
  #isMeasured = false;

  /** Takes chance from `runtime`. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Takes note of how long a quorum took to answer. */
  measured(roundTrip: number): void {
    // A smoothed round trip time, as in RFC 6298, section 2; but the first one may be long only because
    // connections are still being made.
    if (!this.#isMeasured) this.#roundTrip = Math.min(roundTrip, FIRST_ROUND_TRIP);
    this.#isMeasured = true;
    this.#roundTrip += (roundTrip - this.#roundTrip) / 8;
  }

  /** Before a request is sent again: an answer that was not lost must have had time to come. */
  resend(attempt: number): number {
    const first = Math.max(50, 4 * this.#roundTrip);
    return this.#spread(Math.min(LONGEST_RESEND, first * 2 ** Math.min(attempt, 10)));
  }

  /** Before a refused proposer tries again: the one that won must have had time to finish. */
  backoff(attempt: number): number {
    const longest = Math.min(LONGEST_BACKOFF, 2 * this.#roundTrip * 2 ** Math.min(attempt, 10));
    return this.#runtime.random() * Math.max(1, longest);
  }

  #spread(wait: number): number {
    return wait * (0.75 + 0.5 * this.#runtime.random());
  }
}
