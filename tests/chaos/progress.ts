/** Counts the time in which this process was let run: what the machine withholds is not the cluster's. */
const TICK = 20;
const LONGEST_TICK = 100;

/** A time in which a node should have worked, and did not finish anything. */
export interface Gap {
  readonly node: string;
  /** When it began, by `performance.now()`. */
  readonly since: number;
  /** How long it was, in milliseconds, without what the machine withheld. */
  readonly time: number;
  /** What it was after. */
  readonly after: string;
}

/**
 * Who should be able to work, and the longest times in which somebody did not, though it should. The
 * nemesis says who is impaired, users say when something was done.
 */
export class Progress {
  /** The longest of all. */
  longest: Gap | null = null;
  /** The longest after a process was killed, until another node had finished what it began since. */
  longestAfterKill: Gap | null = null;
  /** How long each was, for all other nodes and all kills. */
  readonly afterKills: number[] = [];
  readonly #now: () => number;
  /** By healthy node, since when nothing was done. */
  readonly #since = new Map<string, { fair: number; real: number; after: string }>();
  readonly #kills = new Map<string, { fair: number; real: number; after: string }>();
  #fair = 0;
  #last: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#last = now();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** `node` should be able to work from now on, if it was not before. */
  heal(node: string): void {
    if (!this.#since.has(node)) this.#since.set(node, this.#moment("it was healed"));
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
      if (!this.#kills.has(other)) this.#kills.set(other, this.#moment(`${node} was killed`));
    }
  }

  /** `node` has done something that it began at `begun` (by the clock of `now`). */
  done(node: string, begun: number): void {
    if (!this.#since.has(node)) return;
    this.#note(node);
    this.#since.set(node, this.#moment("something else was done"));
    const kill = this.#kills.get(node);
    if (kill === undefined || begun < kill.real) return;
    this.#kills.delete(node);
    const gap = this.#gap(node, kill);
    this.afterKills.push(gap.time);
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
  }

  #gap(node: string, { fair, real, after }: { fair: number; real: number; after: string }): Gap {
    this.#tick();
    return { node, since: real, time: this.#fair - fair, after };
  }

  #moment(after: string): { fair: number; real: number; after: string } {
    this.#tick();
    return { fair: this.#fair, real: this.#last, after };
  }

  #tick(): void {
    const now = this.#now();
    this.#fair += Math.min(LONGEST_TICK, now - this.#last);
    this.#last = now;
  }
}
