/**
 * A store that can only read and write: it has no transactions and no atomic increment. A client that
 * reads and then writes must ensure that no other client writes in between.
 */
export class Store {
  readonly #values = new Map<string, number>();

  /** The value of a key; 0 if it was never written. */
  async get(key: string): Promise<number> {
    await onItsWay();
    return this.#values.get(key) ?? 0;
  }

  /** Stores `value`, and overwrites the previous value. */
  async set(key: string, value: number): Promise<void> {
    await onItsWay();
    this.#values.set(key, value);
  }
}

/** Simulates the network between the app and the store. */
function onItsWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
