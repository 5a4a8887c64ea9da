/** Entries set without an eviction after which the iterator to the oldest is dropped. */
const PLACE_KEPT = 64;

/** A map with bounds on its number of entries and on their weight; it evicts the least recently used. */
export class RecentMap<K, V> {
  readonly #limits: { readonly entries: number; readonly weight: number };
  readonly #weigh: (key: K, value: V) => number;
  /** In the order of use. */
  readonly #entries = new Map<K, V>();
  #weight = 0;
  /**
   * Iterates from the oldest entry. To find the first entry of a map, a runtime passes all deleted entries
   * before it, which are thousands here; so the iterator is kept. It is not kept for long unused, since it
   * keeps earlier tables of the map in memory.
   */
  #oldest: Iterator<K> | undefined;
  #setSince = 0;

  /** Keeps at most `entries` entries, of at most `weight` together, as measured by `weigh`. */
  constructor(
    entries: number,
    weight = Infinity,
    weigh: (key: K, value: V) => number = () => 0,
  ) {
    this.#limits = { entries, weight };
    this.#weigh = weigh;
  }

  /** Keeps `value` in place of an earlier value of `key`, as the most recently used. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(key, value);
    if (++this.#setSince > PLACE_KEPT) this.#oldest = undefined;
    while (this.size > this.#limits.entries || this.#weight > this.#limits.weight) {
      this.delete(this.#first());
    }
  }

  /** The value of `key`, if it is kept. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** As {@linkcode get}, and marks the entry as the most recently used. */
  use(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** Forgets `key`. */
  delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#weight -= this.#weigh(key, value);
  }

  /** All entries, the least recently used first. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Forgets all entries. */
  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
    this.#oldest = undefined;
  }

  #first(): K {
    this.#setSince = 0;
    let next = this.#oldest?.next();
    if (next === undefined || next.done) {
      this.#oldest = this.#entries.keys();
      next = this.#oldest.next();
    }
    return next.value;
  }
}
