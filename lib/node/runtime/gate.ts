/** So many that do not want to pass any more may be kept, before it is looked whether most are so. */
const FEW = 1_000;

/** Who wants to pass. */
interface Visitor {
  readonly pass: () => void;
  state: "waiting" | "inside" | "over";
}

/**
 * Lets so many pass at the same time, and the others in the order in which they came. What is under way
 * in one node is bounded by it: the members' answers to thousands of requests at once would take longer
 * than the wait after which a request is sent again, and every one would be sent again.
 */
export class Gate {
  #free: number;
  /** In order, from `#head` on; those before it have passed. */
  #visitors: Visitor[] = [];
  #head = 0;
  /** How many of those from `#head` on do not want to pass any more. */
  #gone = 0;

  /** Lets `width` pass. */
  constructor(width: number) {
    this.#free = width;
  }

  /** How many it remembers besides those inside. */
  get size(): number {
    return this.#visitors.length - this.#head;
  }

  /**
   * Calls `pass` once there is room, perhaps at once. Returns what has to be called when it is over, or
   * when it is not wanted any more; twice is harmless.
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
