import type { Life } from "./ballot.ts";
import type { SessionId } from "./register.ts";

/**
 * Lives that one acceptor keeps a proof about, to bound memory. The oldest can be dropped at any age: the
 * process is gone, so a late renewal only makes its session look alive for one time to live.
 */
export const MAX_ENDED_LIVES = 100_000;

/** Lives dropped together: finding the oldest entry of a map takes time in proportion to the entries dropped. */
const DROPPED_AT_ONCE = 1_000;

/** The lives of processes that are known to run no more, by the platform or the user (section 6). */
export class EndedLives {
  /** By the time at which this acceptor last got the proof; in the order of these times. */
  readonly #lives = new Map<Life, number>();

  readonly #changed: (life: Life) => void;

  /** Calls `changed` with each life that is noted or dropped. */
  constructor(changed: (life: Life) => void = () => {}) {
    this.#changed = changed;
  }

  /** Notes a proof. */
  add(life: Life, now: number): void {
    // Deleted first, so that the map stays in the order of time.
    this.#lives.delete(life);
    if (this.#lives.size >= MAX_ENDED_LIVES) this.#drop(DROPPED_AT_ONCE, now);
    this.#lives.set(life, now);
    this.#changed(life);
  }

  /** Whether `life` is proved to be over. */
  has(life: Life): boolean {
    return this.#lives.has(life);
  }

  /** Whether `session` belongs to one of these lives. */
  hasOwnerOf(session: SessionId): boolean {
    return this.#lives.size > 0 && this.#lives.has(lifeOf(session));
  }

  /** The lives, for a member that copies them. */
  lives(): Life[] {
    return [...this.#lives.keys()];
  }

  /** The number of lives. */
  get size(): number {
    return this.#lives.size;
  }

  /** Drops the lives whose latest proof came at `until` or earlier. */
  dropUntil(until: number): void {
    this.#drop(Infinity, until);
  }

  #drop(count: number, until: number): void {
    for (const [life, since] of this.#lives) {
      if (count-- <= 0 || since > until) return;
      this.#lives.delete(life);
      this.#changed(life);
    }
  }
}

/** The life in the id of a session; node ids and lives contain no slash. */
export function lifeOf(session: SessionId): Life {
  return session.slice(session.indexOf("/") + 1, session.lastIndexOf("/"));
}
