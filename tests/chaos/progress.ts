/** Interval of the clock ticks, and the most that one tick may count as time of this process; milliseconds. */
const TICK = 20;
const LONGEST_TICK = 100;

/** A time in which a node should have worked, but finished nothing. */
export interface Gap {
  readonly node: string;
  /** Its beginning, by `performance.now()`. */
  readonly since: number;
  /** Its duration, in milliseconds. */
  readonly lasted: number;
  /** The part of it in which the machine let both the node and this process run, in milliseconds. */
  readonly time: number;
  /** The event before it. */
  readonly after: string;
}

/** An instant, and the times that the machine had given to this process and withheld from a node by then. */
interface Moment {
  readonly at: number;
  readonly fair: number;
  readonly waited: number;
  /** The event before it. */
  readonly after: string;
}

/** Sources of time. */
export interface ProgressOptions {
  /** Default: `performance.now()`. */
  readonly now?: () => number;
  /** Time for which the process of a node had no processor, in milliseconds. Default: 0. */
  readonly waited?: (node: string) => number;
}

/**
 * Tracks the nodes that should be able to work, and the longest times in which one of them finished
 * nothing. The nemesis reports which nodes are impaired; users report finished operations.
 */
export class Progress {
  /** The longest gap, by its own time and by its duration. */
  longest: Gap | null = null;
  longestLasting: Gap | null = null;
  /** The longest time from a kill until another node finished an operation that it began after the kill. */
  longestAfterKill: Gap | null = null;
  /** The durations of these times, for all other nodes and all kills. */
  readonly afterKills: number[] = [];
  readonly #now: () => number;
  readonly #waited: (node: string) => number;
  /** By healthy node, the moment of its last finished operation. */
  readonly #since = new Map<string, Moment>();
  readonly #kills = new Map<string, Moment>();
  /** The time in which the machine let this process run. */
  #fair = 0;
  #last: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ now = () => performance.now(), waited = () => 0 }: ProgressOptions = {}) {
    this.#now = now;
    this.#waited = waited;
    this.#last = now();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** `node` should be able to work from now on; no effect if it was healthy. */
  heal(node: string): void {
    if (!this.#since.has(node)) this.#since.set(node, this.#moment(node, "it was healed"));
  }

  /** `node` need not work until it is healed. */
  impair(node: string): void {
    this.#note(node);
    this.#since.delete(node);
    this.#kills.delete(node);
  }

  /** The process of `node` was killed: the other nodes should continue. */
  killed(node: string): void {
    this.impair(node);
    for (const other of this.#since.keys()) {
      if (this.#kills.has(other)) continue;
      this.#kills.set(other, this.#moment(other, `${node} was killed`));
    }
  }

  /** `node` has finished an operation that began at `begun` (by the clock of `now`). */
  done(node: string, begun: number): void {
    if (!this.#since.has(node)) return;
    this.#note(node);
    this.#since.set(node, this.#moment(node, "something else was done"));
    const kill = this.#kills.get(node);
    if (kill === undefined || begun < kill.at) return;
    this.#kills.delete(node);
    const gap = this.#gap(node, kill);
    this.afterKills.push(gap.lasted);
    if (gap.time > (this.longestAfterKill?.time ?? 0)) this.longestAfterKill = gap;
  }

  /** Stops tracking. */
  close(): void {
    clearInterval(this.#timer);
    for (const node of [...this.#since.keys()]) this.impair(node);
  }

  #note(node: string): void {
    const since = this.#since.get(node);
    if (since === undefined) return;
    const gap = this.#gap(node, since);
    if (gap.time > (this.longest?.time ?? 0)) this.longest = gap;
    if (gap.lasted > (this.longestLasting?.lasted ?? 0)) this.longestLasting = gap;
  }

  #gap(node: string, begin: Moment): Gap {
    const end = this.#moment(node, begin.after);
    const lasted = end.at - begin.at;
    // Both delays may have happened at the same time.
    const withheld = Math.max(lasted - (end.fair - begin.fair), end.waited - begin.waited);
    return { node, since: begin.at, lasted, time: lasted - withheld, after: begin.after };
  }

  #moment(node: string, after: string): Moment {
    this.#tick();
    return { at: this.#last, fair: this.#fair, waited: this.#waited(node), after };
  }

  #tick(): void {
    const now = this.#now();
    this.#fair += Math.min(LONGEST_TICK, now - this.#last);
    this.#last = now;
  }
}
