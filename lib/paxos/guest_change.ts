import type { LamportClock } from "./ballot.ts";
import type { CurrentState, Decision, RegisterChange } from "./change.ts";

/**
 * Thrown instead of a decision when a gateway may do nothing more for its guest: the guest may have turned to
 * another gateway.
 */
export class TicketExpired extends Error {
  /** An error whose text is for people; the guest sends the operation again. */
  constructor() {
    super("The guest's ticket is too old: it may have turned to another member");
    this.name = "TicketExpired";
  }
}

/** How an operation of a guest came to its gateway. */
export interface GuestOrigin {
  /** The guest's counter when the operation was made; all that it writes is above it. */
  readonly since: number;
  /** Whether another gateway may have run it before. */
  readonly again: boolean;
  /** Whether the guest's tickets allow its gateway to do something, at this instant. */
  readonly isOpen: () => boolean;
}

/**
 * Begins an operation of a guest: what the node proposes from now on is above its `since`. Returns the counter of
 * its first `accept`, as far as the gateway must assume: an operation that was sent to another gateway before may
 * have been accepted there at any counter above `since`.
 */
export function beginFor(
  clock: LamportClock,
  { since, again }: Pick<GuestOrigin, "since" | "again">,
): number | undefined {
  clock.observe(since);
  return again ? since + 1 : undefined;
}

/**
 * Whether the promise of a ballot with this counter, which a gateway has kept, serves an operation that was
 * made at `since`: what the operation writes must be above that.
 */
export function serves(counter: number, { since }: Pick<GuestOrigin, "since">): boolean {
  return counter > since;
}

/**
 * A change that is made for a guest. The change function runs after the promises of every attempt, and before
 * the `accept` on a kept promise, so nothing is written on a ticket that is too old.
 */
export function guestChange<R>(change: RegisterChange<R>, origin: GuestOrigin): RegisterChange<R> {
  return (current: CurrentState): Decision<R> => {
    if (!origin.isOpen()) throw new TicketExpired();
    return change(current);
  };
}
