/**
 * What happens to bytes on their way from one node to another, whoever of the two made the connection:
 * they may be held back, and take their time.
 */
export class Flow {
  /** How long bytes take, in milliseconds. */
  delay = 0;
  #held: Promise<void> | null = null;
  #release: () => void = () => {};

  /** Whether nothing comes through. */
  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** From now on nothing comes through: it waits. */
  hold(): void {
    this.#held ??= new Promise((resolve) => this.#release = resolve);
  }

  /** What waits comes through now, in order, and so does all that follows. */
  release(): void {
    this.#held = null;
    this.#release();
  }

  /** Resolves when something may come through. */
  async open(): Promise<void> {
    while (this.#held !== null) await this.#held;
  }
}
