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
  readonly #members: readonly string[];
  readonly #renewals = new Map<number, { sent: Reading; tally: Tally<true> }>();
  #renewal = 0;
  /** When the newest renewal that a quorum granted was sent. */
  #granted: Reading | undefined;
  #dead = false;

  /** A session that no quorum has granted yet. */
  constructor(session: SessionId, ttl: number, members: readonly string[]) {
    this.session = session;
    this.ttl = ttl;
    this.#members = members;
  }

  /** Starts another renewal, to be sent at this very moment; returns its number. */
  renew(at: Reading): number {
    const renewal = ++this.#renewal;
    this.#renewals.set(renewal, { sent: at, tally: new Tally(this.#members) });
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
    if (this.#dead || this.#granted === undefined) return 0;
    const remaining = this.ttl * OWNER_SHARE - this.#elapsed(this.#granted, at);
    if (remaining > 0) return remaining;
    this.#dead = true;
    return 0;
  }

  /** Whether it was granted and its deadline has not passed, at this instant. */
  isValid(at: Reading): boolean {
    return this.remaining(at) > 0;
  }

  /** Whether it was granted once, and is over for ever. */
  isDead(at: Reading): boolean {
    this.remaining(at);
    return this.#dead;
  }

  /** Whether a quorum ever granted it. */
  get wasGranted(): boolean {
    return this.#granted !== undefined;
  }

  /** Ends it: from now on it is dead. */
  end(): void {
    this.#dead = true;
  }

  /** The larger of both clocks' differences: some monotonic clocks stop while a machine sleeps. */
  #elapsed(from: Reading, to: Reading): number {
    return Math.max(to.now - from.now, to.wall - from.wall);
  }
}
