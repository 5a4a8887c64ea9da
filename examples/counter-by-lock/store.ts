/**
 * A store that can read and write, and nothing else: no transactions, no "add one". Whoever reads and
 * then writes has to see to it that nobody else writes between.
 */
export class Store {
  readonly #values = new Map<string, number>();

  /** What is stored; 0 for what never was. */
  async get(key: string): Promise<number> {
    await onItsWay();
    return this.#values.get(key) ?? 0;
  }

  /** Stores `value`, whatever was there. */
  async set(key: string, value: number): Promise<void> {
    await onItsWay();
    this.#values.set(key, value);
  }
}

/** As if the store were on another machine. */
function onItsWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
