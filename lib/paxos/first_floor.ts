/**
 * Highest floor, so that a clock that is far ahead cannot use up the counters: it corresponds to the year 2103.
 */
const HIGHEST_FLOOR = 2 ** 52 - 2 ** 48;

/**
 * The floor of a new record: at or above the wall clock of each member, in milliseconds times 1000, and its Lamport clock.
 * A clock above `bound` is out of bounds, and would leave no counters for the new genesis.
 */
export function firstFloor(
  clocks: Iterable<{ readonly wall: number; readonly clock: number }>,
  bound: number,
): number {
  let floor = 0;
  for (const { wall, clock } of clocks) {
    const time = Math.min(Math.max(0, Math.floor(wall * 1000)), HIGHEST_FLOOR);
    floor = Math.max(floor, time, Math.min(clock, bound));
  }
  return floor;
}
