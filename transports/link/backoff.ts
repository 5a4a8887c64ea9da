import type { TransportUser } from "../transport.ts";
import { type LinkTime, SYSTEM_TIME } from "./link_time.ts";

/** Waits between attempts to connect, in milliseconds. */
export interface BackoffTimes {
  /** The first wait; it doubles with each failure. */
  readonly first: number;
  /** The longest wait after a failure. */
  readonly longest: number;
  /** The same while this node is connected to no peer: the fault is probably on its side. Default: `longest`. */
  readonly longestAlone?: number;
  /** The wait after a refusal: the reason rarely changes soon, and an attempt costs the other side work. */
  readonly refused: number;
  /** The age from which a connection counts as a success: the wait after it is the first again. */
  readonly stable: number;
  /** The shortest wait, as a share of the longest possible one. Default: a half. */
  readonly least?: number;
  /** The time after which another attempt begins beside one that takes long. Default: `PATIENCE`. */
  readonly patience?: number;
}

/** The default of `patience`, in milliseconds. */
export const PATIENCE = 1_000;

/** The waits after a refusal and until a connection counts as a success, and the lower bound of the latter. */
const REFUSED = 30_000;
const STABLE = 10_000;
const LEAST_STABLE = 1_000;

/** The first wait of a member, in milliseconds: a few members do not overload one another. */
const FIRST = 100;

/**
 * The longest wait of a member, in milliseconds, and its lower bound for short sessions: a link that heals has to
 * be in use within a second, with the handshake and the renewal of the session.
 */
const LONGEST = 700;
const LEAST_LONGEST = 200;

/**
 * The first wait of a client, in milliseconds, and the longest one while it reaches no server: thousands that lose
 * a server at the same moment come back spread over this time.
 */
const CLIENT_FIRST = 1_000;

/**
 * The longest wait of a client that is connected to another server, and its lower bound, in milliseconds: a server
 * that is down gets few attempts, and the client needs no more than a majority.
 */
const CLIENT_LONGEST = 5_000;
const LEAST_CLIENT_LONGEST = 500;

/** The waits of the node `self`; they fit its session TTL. */
export function backoffOf(
  user: Pick<TransportUser, "sessionTtl" | "members"> | undefined,
  self: string,
): Required<BackoffTimes> {
  const { sessionTtl = 5_000, members = [self] } = user ?? {};
  const stable = Math.min(STABLE, Math.max(LEAST_STABLE, 2 * sessionTtl));
  if (members.includes(self)) {
    const longest = Math.min(LONGEST, Math.max(LEAST_LONGEST, sessionTtl / 4));
    const waits = { first: FIRST, longest, longestAlone: longest, patience: longest };
    return { ...waits, refused: REFUSED, stable, least: 0.5 };
  }
  const longest = Math.min(CLIENT_LONGEST, Math.max(LEAST_CLIENT_LONGEST, sessionTtl / 2));
  const first = Math.min(CLIENT_FIRST, longest);
  const waits = { first, longest, longestAlone: first, patience: first };
  return { ...waits, refused: REFUSED, stable, least: 0 };
}

/**
 * The waits between attempts to connect: they double up to a limit, and are random, so that the peers of
 * a lost node do not all reconnect at the same instant. A connection that ends soon does not count as a
 * success: otherwise two programs with the same node id would replace each other without a pause.
 */
export class Backoff {
  readonly #times: BackoffTimes;
  readonly #time: LinkTime;
  #failures = 0;
  #since: number | null = null;

  /** Starts with the first wait. */
  constructor(times: BackoffTimes, time: LinkTime = SYSTEM_TIME) {
    this.#times = times;
    this.#time = time;
  }

  /** Must be called when a connection is made. */
  connected(): void {
    this.#since = this.#time.now();
  }

  /** The next wait is the first again. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Must be called when the connection is lost or not made; returns the wait before the next attempt. `isAlone`:
   * this node is connected to no peer.
   */
  failed(isAlone = false): number {
    if (this.#since !== null && this.#time.now() - this.#since >= this.#times.stable) this.reset();
    this.#since = null;
    const { first, longest, longestAlone = longest, least = 0.5 } = this.#times;
    const doubled = first * 2 ** this.#failures;
    if (doubled < longest) this.#failures++;
    const wait = Math.min(isAlone ? longestAlone : longest, doubled);
    return wait * (least + (1 - least) * this.#time.random());
  }

  /** Must be called when the other side refuses; returns the wait before the next attempt. */
  refused(): number {
    this.#since = null;
    return this.#times.refused * (0.75 + 0.5 * this.#time.random());
  }
}
