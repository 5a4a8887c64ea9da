/**
 * What a round counts that has cost time, and one that has saved time: about the same time. From this many points on, no
 * round begins for a while.
 */
const LOST_POINTS = 1;
const WON_POINTS = 0.5;
const MOST_POINTS = 3;

/** The shortest and the longest time without rounds after that, in milliseconds; it doubles. */
const SHORTEST = 1_000;
const LONGEST = 60_000;

/** A pause in which no fast round begins, when too many of them have cost time for one reason. */
export class FastPause {
  #points = 0;
  #next = SHORTEST;
  #until = -Infinity;

  /** Whether rounds may begin at the time `now`. */
  isOver(now: number): boolean {
    return now >= this.#until;
  }

  /** A round has saved time. */
  won(): void {
    if (this.#points > 0) this.#points -= WON_POINTS;
    else this.#next = SHORTEST;
  }

  /** A round has cost time, which is known at the time `now`. */
  lost(now: number): void {
    this.#points += LOST_POINTS;
    if (this.#points < MOST_POINTS) return;
    this.#points = MOST_POINTS - LOST_POINTS;
    this.#until = now + this.#next;
    this.#next = Math.min(LONGEST, 2 * this.#next);
  }
}
