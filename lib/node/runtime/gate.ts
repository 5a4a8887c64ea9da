/** Abandoned waiters tolerated before the queue is compacted. */
const MAX_ABANDONED = 1_000;

/** A caller that waits, is inside, or is over. */
interface Waiter {
  readonly pass: () => void;
  state: "waiting" | "inside" | "over";
}

/**
 * Lets a limited number of callers in at the same time, and the others in the order in which they came. This
 * bounds the work under way in one node: the members' answers to thousands of requests at once would take
 * longer than the wait before a resend, and every request would be sent again.
 */
export class Gate {
  #free: number;
  /** In order, from `#head` on; the waiters before it were admitted or left. */
  #waiters: Waiter[] = [];
  #head = 0;
  /** The number of abandoned waiters from `#head` on. */
  #abandoned = 0;

  /** A gate for `width` callers at the same time. */
  constructor(width: number) {
    this.#free = width;
  }

  /** The length of the queue, abandoned waiters included. */
  get size(): number {
    return this.#waiters.length - this.#head;
  }

  /**
   * Calls `pass` once there is room, perhaps at once. Returns the function to call when the caller is done or
   * no longer waits; calling it twice is harmless.
   */
  enter(pass: () => void): () => void {
    const waiter: Waiter = { pass, state: "waiting" };
    if (this.#free > 0) this.#admit(waiter);
    else this.#waiters.push(waiter);
    return () => this.#leave(waiter);
  }

  #admit(waiter: Waiter): void {
    waiter.state = "inside";
    this.#free--;
    waiter.pass();
  }

  #leave(waiter: Waiter): void {
    const { state } = waiter;
    waiter.state = "over";
    if (state === "waiting") {
      if (++this.#abandoned > MAX_ABANDONED && this.#abandoned > this.size / 2) this.#compact();
    } else if (state === "inside") {
      this.#free++;
      this.#admitNext();
    }
  }

  #admitNext(): void {
    while (this.size > 0) {
      const next = this.#waiters[this.#head++];
      if (next.state !== "waiting") this.#abandoned--;
      if (this.#head > MAX_ABANDONED && this.#head > this.size) this.#compact();
      if (next.state === "waiting") return this.#admit(next);
    }
  }

  #compact(): void {
    this.#waiters = this.#waiters.slice(this.#head).filter(({ state }) => state === "waiting");
    this.#head = 0;
    this.#abandoned = 0;
  }
}
