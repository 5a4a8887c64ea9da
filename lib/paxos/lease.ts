import { assertInvariant } from "./invariant.ts";
import type { Sender } from "./quorum.ts";
import type { SessionId } from "./register.ts";

/** One reading of both of a node's clocks, in milliseconds. */
export interface ClockReading {
  /** The monotonic clock. */
  readonly now: number;
  /** The wall clock, since 1970. */
  readonly wall: number;
}

/** Share of the time to live that the owner relies on: clock rates may differ by 5 %. */
export const OWNER_SHARE = 0.95;

/** The parameters of a lease. */
export interface LeaseOptions {
  /** Milliseconds. */
  readonly ttl: number;
  /** Makes what counts the grants of one renewal: `add` returns whether there is a quorum of them now. */
  readonly tally: () => { add(sender: Sender, granted: true): boolean };
  /**
   * Milliseconds after the first renewal was sent within which the first grant must come: later, acceptors may
   * have forgotten that they fenced the session.
   */
  readonly grantWithin: number;
  /**
   * How far a reading of the clocks may be behind the true time, in milliseconds: the deadline is earlier by
   * it.
   */
  readonly clockError: () => number;
}

/**
 * The owner's side of one session. It is valid until a deadline: the moment at which the owner sent the last
 * renewal that a quorum granted, plus 95 % of the time to live. The caller gives the time, so the answer is
 * right at that instant, even if timers are late.
 */
export class Lease {
  /** The session. */
  readonly session: SessionId;
  /** Milliseconds. */
  readonly ttl: number;
  readonly #options: LeaseOptions;
  readonly #renewals = new Map<
    number,
    { sent: ClockReading; tally: ReturnType<LeaseOptions["tally"]> }
  >();
  #renewal = 0;
  /** When the first renewal was sent. */
  #first: ClockReading | undefined;
  /** The number of the newest renewal that a quorum granted; 0: none. */
  #grantedRenewal = 0;
  /** When the newest renewal that a quorum granted was sent. */
  #granted: ClockReading | undefined;
  #dead = false;

  /** A lease that no quorum has granted yet. */
  constructor(session: SessionId, options: LeaseOptions) {
    this.session = session;
    this.ttl = options.ttl;
    this.#options = options;
  }

  /** Starts another renewal, which must be sent at the time `at`; returns its number. */
  renew(at: ClockReading): number {
    const renewal = ++this.#renewal;
    this.#first ??= at;
    this.#renewals.set(renewal, { sent: at, tally: this.#options.tally() });
    for (const [number, { sent }] of this.#renewals) {
      if (this.#elapsed(sent, at) >= this.ttl) this.#renewals.delete(number);
    }
    return renewal;
  }

  /** Notes that `sender` granted renewal number `renewal`; returns whether that moved the deadline. */
  renewed(sender: Sender, renewal: number, at: ClockReading): boolean {
    const pending = this.#renewals.get(renewal);
    // A lease whose deadline has passed is over for ever: others may own what it owned.
    if (pending === undefined || this.isDead(at)) return false;
    if (this.#elapsed(pending.sent, at) >= this.ttl * OWNER_SHARE) return false;
    if (!pending.tally.add(sender, true)) return false;
    assertInvariant(renewal > this.#grantedRenewal, "each grant is of a later renewal");
    this.#grantedRenewal = renewal;
    this.#granted = pending.sent;
    for (const number of this.#renewals.keys()) {
      if (number <= renewal) this.#renewals.delete(number);
    }
    return true;
  }

  /** Milliseconds until the deadline, at the time `at`; 0 when the lease is not valid. */
  remaining(at: ClockReading): number {
    if (this.#dead || this.#first === undefined) return 0;
    if (this.#granted === undefined) {
      this.#dead = this.#elapsed(this.#first, at) >= this.#options.grantWithin;
      return 0;
    }
    const remaining = this.ttl * OWNER_SHARE - this.#elapsed(this.#granted, at);
    assertInvariant(
      remaining <= this.ttl * OWNER_SHARE - (at.now - this.#granted.now),
      "a deadline is never later than the sending of its renewal and 95 % of the time to live",
    );
    if (remaining > 0) return remaining;
    this.#dead = true;
    return 0;
  }

  /** Whether it is over for ever: ended, past its deadline, or past the deadline of its first grant. */
  isDead(at: ClockReading): boolean {
    this.remaining(at);
    return this.#dead;
  }

  /** Whether a quorum ever granted it. */
  get wasGranted(): boolean {
    return this.#granted !== undefined;
  }

  /** How long ago the newest renewal that a quorum granted was sent, in milliseconds. */
  age(at: ClockReading): number {
    return this.#granted === undefined ? 0 : this.#elapsed(this.#granted, at);
  }

  /** Ends the lease for ever. */
  end(): void {
    this.#dead = true;
  }

  /**
   * The larger difference of both clocks, since some monotonic clocks stop while a machine sleeps, plus the
   * error of coarse clocks.
   */
  #elapsed(from: ClockReading, to: ClockReading): number {
    return Math.max(to.now - from.now, to.wall - from.wall) + this.#options.clockError();
  }
}
