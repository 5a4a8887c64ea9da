import type { TransportUser } from "../transport.ts";

/** Waits between attempts to connect, in milliseconds. */
export interface BackoffTimes {
  /** The first wait; it doubles with each failure. */
  readonly first: number;
  /** The longest wait after a failure. */
  readonly longest: number;
  /** The wait after a refusal: the reason rarely changes soon, and an attempt costs the other side work. */
  readonly refused: number;
  /** The age from which a connection counts as a success: the wait after it is the first again. */
  readonly stable: number;
}

/** The waits of a transport that gets no settings of its node. */
const BACKOFF: BackoffTimes = {
  first: 100,
  longest: 5_000,
  refused: 30_000,
  stable: 10_000,
};

/** The lower bounds of `longest` and `stable`, in milliseconds, for nodes with a short session TTL. */
const LEAST_LONGEST = 500;
const LEAST_STABLE = 1_000;

/**
 * The waits of a node. The longest wait is half of its session TTL, so that a link that heals is in use again
 * before the next session expires without it.
 */
export function backoffOf(user: Pick<TransportUser, "sessionTtl"> | undefined): BackoffTimes {
  if (user === undefined) return BACKOFF;
  const { sessionTtl } = user;
  return {
    ...BACKOFF,
    longest: Math.min(BACKOFF.longest, Math.max(LEAST_LONGEST, sessionTtl / 2)),
    stable: Math.min(BACKOFF.stable, Math.max(LEAST_STABLE, 2 * sessionTtl)),
  };
}

/**
 * The waits between attempts to connect: they double up to a limit, and are random, so that the peers of
 * a lost node do not all reconnect at the same instant. A connection that ends soon does not count as a
 * success: otherwise two programs with the same node id would replace each other without a pause.
 */
export class Backoff {
  readonly #times: BackoffTimes;
  #failures = 0;
  #since: number | null = null;

  /** Starts with the first wait. */
  constructor(times: BackoffTimes) {
    this.#times = times;
  }

  /** Must be called when a connection is made. */
  connected(): void {
    this.#since = performance.now();
  }

  /** Must be called when the connection is lost or not made; returns the wait before the next attempt. */
  failed(): number {
    if (this.#since !== null && performance.now() - this.#since >= this.#times.stable) {
      this.#failures = 0;
    }
    this.#since = null;
    const longest = Math.min(this.#times.longest, this.#times.first * 2 ** this.#failures);
    if (longest < this.#times.longest) this.#failures++;
    return longest * (0.5 + 0.5 * Math.random());
  }

  /** Must be called when the other side refuses; returns the wait before the next attempt. */
  refused(): number {
    this.#since = null;
    return this.#times.refused * (0.75 + 0.5 * Math.random());
  }
}
