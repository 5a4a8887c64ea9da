import type { Step } from "../../paxos/proposer.ts";
import { noRoom } from "./no_room.ts";
import type { WaitingChange } from "./waiting_change.ts";

/** Time for which a change waits while members make room for it, in milliseconds. */
const LONGEST_FULL = 5_000;

/** Most doublings of the wait before members are asked again for room: about half a second then. */
const MAX_DOUBLINGS = 3;

/** How long the changes of a register wait while members make room for them. */
export class RoomWaits {
  #waits = 0;

  /** A round begins. */
  begin(): void {
    this.#waits = 0;
  }

  /** Too many members have no room for these changes at the time `now`. Returns those that give up. */
  met(
    changes: readonly WaitingChange[],
    { tidying, missing }: Step<unknown> & { do: "full" },
    now: number,
  ): readonly WaitingChange[] {
    for (const change of changes) {
      // What others of its round need, and what goes before it, makes its own wait no longer. A long silence is none.
      const isFirst = change.full === undefined &&
        now - (change.fullAt ?? -Infinity) >= LONGEST_FULL;
      if (isFirst) change.fullSince = now;
      change.fullAt = now;
      change.full = noRoom(missing);
    }
    return tidying
      ? changes.filter(({ fullSince = now }) => now - fullSince >= LONGEST_FULL)
      : changes;
  }

  /** Room is not what these changes lack at present. */
  over(changes: readonly WaitingChange[]): void {
    for (const change of changes) change.full = undefined;
  }

  /** The number of doublings of the wait before members are asked again. */
  next(): number {
    return Math.min(this.#waits++, MAX_DOUBLINGS);
  }
}
