/** How often this process looks whether it is let run, and what is not its own doing; milliseconds. */
const TICK = 20;
const LONGEST_TICK = 100;

/** A time in which a node should have worked, and did not finish anything. */
export interface Gap {
  readonly node: string;
  /** When it began, by `performance.now()`. */
  readonly since: number;
  /** How long it was, in milliseconds. */
  readonly lasted: number;
  /** How much of that is the cluster's own, and not withheld from the node or from here by the machine. */
  readonly time: number;
  /** What it was after. */
  readonly after: string;
}

/** An instant, and what a node and this process had been withheld by then. */
interface Moment {
  readonly at: number;
  readonly fair: number;
  readonly waited: number;
  /** What it was after. */
  readonly after: string;
}

/** What can be asked about the time. */
export interface ProgressOptions {
  /** Default: `performance.now()`. */
  readonly now?: () => number;
  /** How long the process of a node has had to wait for a processor. Default: not at all. */
  readonly waited?: (node: string) => number;
}

/**
 * Who should be able to work, and the longest times in which somebody did not, though it should. The
 * nemesis says who is impaired, users say when something was done.
 */
export class Progress {
  /** The longest of all, by its own time, and by how long it lasted. */
  longest: Gap | null = null;
  longestLasting: Gap | null = null;
  /** The longest after a process was killed, until another node had finished what it began since. */
  longestAfterKill: Gap | null = null;
  /** How long each lasted, for all other nodes and all kills. */
  readonly afterKills: number[] = [];
  readonly #now: () => number;
  readonly #waited: (node: string) => number;
  /** By healthy node, since when nothing was done. */
  readonly #since = new Map<string, Moment>();
  readonly #kills = new Map<string, Moment>();
  /** The time in which this process was let run. */
  #fair = 0;
  #last: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ now = () => performance.now(), waited = () => 0 }: ProgressOptions = {}) {
    this.#now = now;
    this.#waited = waited;
    this.#last = now();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** `node` should be able to work from now on, if it was not before. */
  heal(node: string): void {
    if (!this.#since.has(node)) this.#since.set(node, this.#moment(node, "it was healed"));
  }

  /** `node` cannot be expected to work until it is healed. */
  impair(node: string): void {
    this.#note(node);
    this.#since.delete(node);
    this.#kills.delete(node);
  }

  /** The process of `node` was killed: the others should go on. */
  killed(node: string): void {
    this.impair(node);
    for (const other of this.#since.keys()) {
      if (this.#kills.has(other)) continue;
      this.#kills.set(other, this.#moment(other, `${node} was killed`));
    }
  }

  /** `node` has done something that it began at `begun` (by the clock of `now`). */
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

  /** Counts no longer. */
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
    // Both may have been kept waiting at the same time.
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
