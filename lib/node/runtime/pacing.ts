import type { Runtime } from "./runtime.ts";

/** Longest supported round trip, in milliseconds. */
export const LONGEST_ROUND_TRIP = 20_000;

/**
 * Longest wait before a request is sent again, in milliseconds; where round trips are longer, one and a half of
 * them.
 */
const LONGEST_RESEND = 1_000;

/**
 * Longest wait before a proposer retries after a nack, in milliseconds; where round trips are longer, eight of
 * them: an attempt takes two, and two proposers must be likely to miss each other.
 */
const LONGEST_BACKOFF = 500;
const LONGEST_BACKOFF_ROUND_TRIPS = 8;

/** Round trip that is assumed before one was measured, in milliseconds. */
const FIRST_ROUND_TRIP = 10;

/**
 * The waits before a retry: random, so that two nodes do not collide again and again; doubling, so that a
 * loaded cluster is not loaded further; and capped.
 */
export class Pacing {
  readonly #runtime: Runtime;
  #roundTrip = FIRST_ROUND_TRIP;
  #isMeasured = false;

  /** Draws randomness from `runtime`. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The smoothed round trip to a quorum, in milliseconds. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /** Records how long a quorum took to answer, in milliseconds. */
  measured(roundTrip: number): void {
    // A smoothed round trip time, as in RFC 6298, section 2; but the first measurement may be long only because
    // connections are still being made.
    if (!this.#isMeasured) this.#roundTrip = Math.min(roundTrip, FIRST_ROUND_TRIP);
    this.#isMeasured = true;
    this.#roundTrip += (roundTrip - this.#roundTrip) / 8;
  }

  /**
   * The wait before a request is sent again, in milliseconds: an answer that was not lost must have had time to
   * come.
   */
  resend(attempt: number): number {
    const first = Math.max(50, 4 * this.#roundTrip);
    const longest = Math.max(LONGEST_RESEND, Math.min(1.5 * this.#roundTrip, LONGEST_ROUND_TRIP));
    return this.#spread(Math.min(longest, first * 2 ** Math.min(attempt, 10)));
  }

  /**
   * The wait before a proposer retries after a nack, in milliseconds: the rival must have had time to finish.
   */
  backoff(attempt: number): number {
    const cap = Math.max(LONGEST_BACKOFF, LONGEST_BACKOFF_ROUND_TRIPS * this.#roundTrip);
    const longest = Math.min(cap, 2 * this.#roundTrip * 2 ** Math.min(attempt, 10));
    return this.#runtime.random() * Math.max(1, longest);
  }

  #spread(wait: number): number {
    return wait * (0.75 + 0.5 * this.#runtime.random());
  }
}
