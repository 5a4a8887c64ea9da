/**
 * A map that forgets what was not used for longest: at most `entries` entries, of about `weight` in all.
 *
 * It has two halves. When the recent one is full, the older one goes as a whole, and the recent one is the
 * older one from then on. (One map in the order of use could forget one by one; but to find the first entry
 * of a map, a runtime goes past all that were there before it and are gone.)
 */
export class RecentMap<K, V> {
  readonly #entries: number;
  readonly #weight: number;
  #recent = new Map<K, V>();
  #older = new Map<K, V>();
  /** Of the recent ones. */
  #weighs = 0;

  /** Forgets when there are more than `entries`, or more than `weight`. */
  constructor(entries: number, weight = Infinity) {
    this.#entries = entries;
    this.#weight = weight;
  }

  /** Keeps `value`, which has this weight, in place of an earlier one. */
  set(key: K, value: V, weight = 0): void {
    this.#older.delete(key);
    if (this.#recent.size >= this.#entries / 2 || this.#weighs + weight > this.#weight / 2) {
      this.#older = this.#recent;
      this.#older.delete(key);
      this.#recent = new Map();
      this.#weighs = 0;
    }
    this.#recent.set(key, value);
    this.#weighs += weight;
  }

  /** The value of `key`, if it is not forgotten. */
  get(key: K): V | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }

  /** Whether `key` is among those that go last. */
  isRecent(key: K): boolean {
    return this.#recent.has(key);
  }

  /** Forgets `key`. What it weighs goes with its half. */
  delete(key: K): void {
    if (!this.#recent.delete(key)) this.#older.delete(key);
  }

  /** How many there are. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  /** Forgets all. */
  clear(): void {
    this.#recent.clear();
    this.#older.clear();
    this.#weighs = 0;
  }
}
