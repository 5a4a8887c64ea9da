/**
 * Lets so many pass at the same time, and the others in the order in which they came. What is under way
 * in one node is bounded by it: the members' answers to thousands of requests at once would take longer
 * than the wait after which a request is sent again, and every one would be sent again.
 */
export class Gate {
  #free: number;
  /** In order. */
  readonly #waiting = new Set<() => void>();

  /** Lets `width` pass. */
  constructor(width: number) {
    this.#free = width;
  }

  /**
   * Calls `pass` once there is room, perhaps at once. Returns what has to be called when it is over, or
   * when it is not wanted any more; twice is harmless.
   */
  enter(pass: () => void): () => void {
    let isOver = false;
    const start = () => {
      this.#free--;
      pass();
    };
    const leave = () => {
      if (isOver) return;
      isOver = true;
      if (this.#waiting.delete(start)) return;
      this.#free++;
      for (const next of this.#waiting) {
        this.#waiting.delete(next);
        next();
        return;
      }
    };
    if (this.#free > 0) start();
    else this.#waiting.add(start);
    return leave;
  }
}
