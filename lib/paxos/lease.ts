import { type Sender, Tally } from "./quorum.ts";
import type { SessionId } from "./register.ts";

/** One reading of both of a node's clocks, in milliseconds. */
export interface Reading {
  /** Monotonic. */
  readonly now: number;
  /** Since 1970. */
  readonly wall: number;
}

/** The share of the time to live that the owner counts on: clock rates may differ by 5 %. */
export const OWNER_SHARE = 0.95;

/** What a lease is made of, besides its name. */
export interface LeaseOptions {
  /** Milliseconds. */
  readonly ttl: number;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /**
   * How long after the first renewal was sent it may take to be granted for the first time, in
   * milliseconds: longer, and acceptors may have forgotten that they fenced it.
   */
  readonly grantWithin: number;
  /** How far a reading of the clocks may be behind the truth, in milliseconds: the deadline is earlier by it. */
  readonly clockError: () => number;
}

/**
 * The owner's side of one session. It is alive until a deadline: the moment at which the owner sent
 * the last renewal that a quorum granted, plus 95 % of the time to live. Whoever asks gives the time,
 * so the answer is right at that instant, whatever timers were late.
 */
export class Lease {
  /** The session. */
  readonly session: SessionId;
  /** Milliseconds. */
  readonly ttl: number;
  readonly #options: LeaseOptions;
  readonly #renewals = new Map<number, { sent: Reading; tally: Tally<true> }>();
  #renewal = 0;
  /** When the first renewal was sent. */
  #first: Reading | undefined;
  /** When the newest renewal that a quorum granted was sent. */
  #granted: Reading | undefined;
  #dead = false;

  /** A session that no quorum has granted yet. */
  constructor(session: SessionId, options: LeaseOptions) {
    this.session = session;
    this.ttl = options.ttl;
    this.#options = options;
  }

  /** Starts another renewal, to be sent at this very moment; returns its number. */
  renew(at: Reading): number {
    const renewal = ++this.#renewal;
    this.#first ??= at;
    this.#renewals.set(renewal, { sent: at, tally: new Tally(this.#options.members) });
    for (const [number, { sent }] of this.#renewals) {
      if (this.#elapsed(sent, at) >= this.ttl) this.#renewals.delete(number);
    }
    return renewal;
  }

  /** Takes note that `sender` granted renewal number `renewal`; says whether that moved the deadline. */
  renewed(sender: Sender, renewal: number, at: Reading): boolean {
    const pending = this.#renewals.get(renewal);
    // A lease whose deadline has passed is dead for ever: others may own what it owned.
    if (pending === undefined || this.isDead(at)) return false;
    if (this.#elapsed(pending.sent, at) >= this.ttl * OWNER_SHARE) return false;
    if (!pending.tally.add(sender, true)) return false;
    this.#granted = pending.sent;
    for (const number of this.#renewals.keys()) {
      if (number <= renewal) this.#renewals.delete(number);
    }
    return true;
  }

  /** Milliseconds until the deadline, at this instant; 0 when it is not valid. */
  remaining(at: Reading): number {
    if (this.#dead || this.#first === undefined) return 0;
    if (this.#granted === undefined) {
      this.#dead = this.#elapsed(this.#first, at) >= this.#options.grantWithin;
      return 0;
    }
    const remaining = this.ttl * OWNER_SHARE - this.#elapsed(this.#granted, at);
    if (remaining > 0) return remaining;
    this.#dead = true;
    return 0;
  }

  /** Whether it was granted and its deadline has not passed, at this instant. */
  isValid(at: Reading): boolean {
    return this.remaining(at) > 0;
  }

  /** Whether it is over for ever: its deadline has passed, or that for its first grant. */
  isDead(at: Reading): boolean {
    this.remaining(at);
    return this.#dead;
  }

  /** Whether a quorum ever granted it. */
  get wasGranted(): boolean {
    return this.#granted !== undefined;
  }

  /** How long ago the newest renewal that a quorum granted was sent, in milliseconds. */
  age(at: Reading): number {
    return this.#granted === undefined ? 0 : this.#elapsed(this.#granted, at);
  }

  /** Ends it: from now on it is dead. */
  end(): void {
    this.#dead = true;
  }

  /**
   * The larger of both clocks' differences, since some monotonic clocks stop while a machine sleeps; and
   * as much as it may be more than what coarse clocks say.
   */
  #elapsed(from: Reading, to: Reading): number {
    return Math.max(to.now - from.now, to.wall - from.wall) + this.#options.clockError();
  }
}
