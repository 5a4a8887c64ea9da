import { MOST_NEED, mostNeed, needOf, type WaitingChange } from "./waiting_change.ts";

/** Changes of one register proposed in one round, to bound the work of a round. */
const MAX_COMBINED = 1_000;

const isUnderWay = ({ operation }: WaitingChange): boolean => !operation.ended;

/** The changes of one register, in order: those of the running round, and those that wait for the next one. */
export class ChangeQueue {
  #round: WaitingChange[] = [];
  #waiting = new Set<WaitingChange>();
  /** How much room a change of the running round may need. */
  #most = MOST_NEED;

  /** The changes of the running round; some may have ended. */
  get round(): readonly WaitingChange[] {
    return this.#round;
  }

  /** The changes that wait for the next attempt, or the next round. */
  get waiting(): Iterable<WaitingChange> {
    return this.#waiting;
  }

  /** Whether the running round takes any change that may join it. */
  get takesAll(): boolean {
    return this.#most === MOST_NEED;
  }

  /** Whether the running round is still of use: changes that it does not take are no reason to go on with it. */
  get isWanted(): boolean {
    return this.#round.some(isUnderWay) || (this.takesAll && this.#waiting.size > 0);
  }

  /** Adds a change behind all others. */
  add(change: WaitingChange): void {
    this.#waiting.add(change);
  }

  /** A change that waits has ended. */
  delete(change: WaitingChange): void {
    this.#waiting.delete(change);
  }

  /** An attempt begins, with all changes that wait by now: they were requested before it. */
  take(): void {
    if (this.#round.length > 0) this.#round = this.#round.filter(isUnderWay);
    for (const change of this.#waiting) {
      if (this.#round.length >= MAX_COMBINED) break;
      if (needOf(change) <= this.#most) this.#move(change);
    }
    for (const change of this.#round) change.joined = false;
  }

  /**
   * Takes the changes that came while the attempt got its promises, up to the first that does not join. Returns the changes
   * of the round that have not ended.
   */
  join(): WaitingChange[] {
    for (const change of this.#waiting) {
      if (change.options.joins !== true || this.#round.length >= MAX_COMBINED) break;
      if (needOf(change) > this.#most) continue;
      change.joined = true;
      this.#move(change);
    }
    // Nearly always all of them.
    return this.#round.every(isUnderWay) ? this.#round : this.#round.filter(isUnderWay);
  }

  /**
   * Members have too little room for the round: what needs less goes on in it, and the rest waits for the next one. Returns
   * whether there is such a change.
   */
  lessen(): boolean {
    const most = mostNeed(this.#round) - 1;
    const all = [...this.#round, ...this.#waiting].filter(isUnderWay);
    const less = all.filter((change) => needOf(change) <= most).slice(0, MAX_COMBINED);
    if (less.length === 0) return false;
    const going = new Set(less);
    this.#most = most;
    this.#round = less;
    this.#waiting = new Set(all.filter((change) => !going.has(change)));
    return true;
  }

  /** These changes come first in the next round. */
  putFirst(changes: readonly WaitingChange[]): void {
    if (changes.length > 0) this.#waiting = new Set([...changes, ...this.#waiting]);
  }

  /** These changes are given up. */
  drop(changes: readonly WaitingChange[]): void {
    const dropped = new Set(changes);
    this.#round = this.#round.filter((change) => !dropped.has(change));
    for (const change of changes) this.#waiting.delete(change);
  }

  /** Ends the round; returns whether changes wait for the next one. */
  end(): boolean {
    this.#round = [];
    this.#most = MOST_NEED;
    for (const change of this.#waiting) if (change.operation.ended) this.#waiting.delete(change);
    return this.#waiting.size > 0;
  }

  /** All changes; none of them is left. */
  clear(): WaitingChange[] {
    const all = [...this.#round, ...this.#waiting];
    this.#round = [];
    this.#waiting.clear();
    return all;
  }

  #move(change: WaitingChange): void {
    this.#waiting.delete(change);
    // A list that grows has room for 16 more, and most rounds have one change.
    if (this.#round.length === 0) this.#round = [change];
    else this.#round.push(change);
  }
}
