/** Abandoned waiters tolerated before the queue is compacted. */
const FEW = 1_000;

/** A caller that waits, is inside, or is over. */
interface Visitor {
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
  /** In order, from `#head` on; the visitors before it have passed. */
  #visitors: Visitor[] = [];
  #head = 0;
  /** The number of abandoned waiters from `#head` on. */
  #gone = 0;

  /** A gate for `width` callers at the same time. */
  constructor(width: number) {
    this.#free = width;
  }

  /** The length of the queue, abandoned waiters included. */
  get size(): number {
    return this.#visitors.length - this.#head;
  }

  /**
   * Calls `pass` once there is room, perhaps at once. Returns the function to call when the caller is done or
   * no longer waits; calling it twice is harmless.
   */
  enter(pass: () => void): () => void {
    const visitor: Visitor = { pass, state: "waiting" };
    if (this.#free > 0) this.#admit(visitor);
    else this.#visitors.push(visitor);
    return () => this.#leave(visitor);
  }

  #admit(visitor: Visitor): void {
    visitor.state = "inside";
    this.#free--;
    visitor.pass();
  }

  #leave(visitor: Visitor): void {
    const { state } = visitor;
    visitor.state = "over";
    if (state === "waiting") {
      if (++this.#gone > FEW && this.#gone > this.size / 2) this.#tidy();
    } else if (state === "inside") {
      this.#free++;
      this.#admitNext();
    }
  }

  #admitNext(): void {
    while (this.size > 0) {
      const next = this.#visitors[this.#head++];
      if (next.state !== "waiting") this.#gone--;
      if (this.#head > FEW && this.#head > this.size) this.#tidy();
      if (next.state === "waiting") return this.#admit(next);
    }
  }

  #tidy(): void {
    this.#visitors = this.#visitors.slice(this.#head).filter(({ state }) => state === "waiting");
    this.#head = 0;
    this.#gone = 0;
  }
}
