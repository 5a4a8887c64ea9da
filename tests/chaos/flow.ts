/**
 * The bytes from one node to another, on connections that either of them made. They can be held back
 * and delayed.
 */
export class Flow {
  /** Delay of the bytes, in milliseconds. */
  delay = 0;
  #held: Promise<void> | null = null;
  #release: () => void = () => {};

  /** Whether the bytes are held back. */
  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Holds back all bytes from now on. */
  hold(): void {
    this.#held ??= new Promise((resolve) => this.#release = resolve);
  }

  /** Lets the held bytes pass in order, and all that follow. */
  release(): void {
    this.#held = null;
    this.#release();
  }

  /** Resolves when bytes may pass. */
  async open(): Promise<void> {
    while (this.#held !== null) await this.#held;
  }
}
