/** Time for which a change waits while members make room for it, in milliseconds. */
const LONGEST_FULL = 5_000;

/** Most doublings of the wait before members are asked again for room: about half a second then. */
const MAX_DOUBLINGS = 3;

/** How long the proposer of a register waits while members make room for it. */
export class RoomWaits {
  /** The time since which members have had no room. */
  #since: number | undefined;
  #waits = 0;

  /** Other changes begin. */
  begin(): void {
    this.#since = undefined;
    this.#waits = 0;
  }

  /**
   * Too many members have no room at the time `now`; `tidying`: one of them is making room. Returns the number of doublings of
   * the wait before it asks again; `undefined`: it gives up.
   */
  next(tidying: boolean, now: number): number | undefined {
    this.#since ??= now;
    if (!tidying || now - this.#since >= LONGEST_FULL) return undefined;
    return Math.min(this.#waits++, MAX_DOUBLINGS);
  }
}
