/** After so many entries without one that had to go, the place of the oldest is looked for anew. */
const PLACE_KEPT = 64;

/** A map that forgets what was not used for longest: it has a number of entries, and a weight, at most. */
export class RecentMap<K, V> {
  readonly #limits: { readonly entries: number; readonly weight: number };
  readonly #weigh: (key: K, value: V) => number;
  /** In the order of use. */
  readonly #entries = new Map<K, V>();
  #weight = 0;
  /**
   * Gives the oldest first. To find the first entry of a map, a runtime goes past all that were there before
   * it and are gone, which are thousands here; so it is kept. Not for long without being used, since it
   * keeps earlier tables of the map in memory.
   */
  #oldest: Iterator<K> | undefined;
  #setSince = 0;

  /** Keeps `entries` at most, of `weight` at most together, as `weigh` says. */
  constructor(
    entries: number,
    weight = Infinity,
    weigh: (key: K, value: V) => number = () => 0,
  ) {
    this.#limits = { entries, weight };
    this.#weigh = weigh;
  }

  /** Keeps `value`, in place of an earlier one of this key. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(key, value);
    if (++this.#setSince > PLACE_KEPT) this.#oldest = undefined;
    while (this.size > this.#limits.entries || this.#weight > this.#limits.weight) {
      this.delete(this.#first());
    }
  }

  /** The value of `key`, if it is not forgotten. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** As {@linkcode get}, and it is the last to be forgotten from now on. */
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

  /** All of them, the oldest first. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Forgets all. */
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
