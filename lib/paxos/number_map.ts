/**
 * A Map by numbers that other nodes choose. V8 hashes numbers without a secret, so a sender could choose
 * numbers that all have the same place in a `Map`, where each access then takes time for all of them. V8
 * hashes texts with a secret, unless they consist of digits.
 */
export class NumberMap<V> {
  readonly #entries = new Map<string, { readonly number: number; value: V }>();

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is an entry for this number. */
  has(number: number): boolean {
    return this.#entries.has(nameOf(number));
  }

  /** The value of this number. */
  get(number: number): V | undefined {
    return this.#entries.get(nameOf(number))?.value;
  }

  /** Sets the value of this number. */
  set(number: number, value: V): void {
    const name = nameOf(number);
    const entry = this.#entries.get(name);
    if (entry === undefined) this.#entries.set(name, { number, value });
    else entry.value = value;
  }

  /** Removes an entry; returns whether there was one. */
  delete(number: number): boolean {
    return this.#entries.delete(nameOf(number));
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
  }

  /** The numbers, in the order in which they were first set. */
  *keys(): Iterable<number> {
    for (const { number } of this.#entries.values()) yield number;
  }

  /** The values, in the same order. */
  *values(): Iterable<V> {
    for (const { value } of this.#entries.values()) yield value;
  }
}

function nameOf(number: number): string {
  return `n${number}`;
}
