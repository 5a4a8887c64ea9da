/** Goes through items, a bounded number at a time, and from the start again at the end. */
export class Scan<T> {
  readonly #source: () => Iterable<T>;
  readonly #take: (item: T) => boolean;
  #position: Iterator<T> | null = null;
  /** The refused item; it is the next one. */
  #refused: { readonly item: T } | null = null;

  /** `take` returns whether it took an item; an item that it did not take is offered again. */
  constructor(source: () => Iterable<T>, take: (item: T) => boolean) {
    this.#source = source;
    this.#take = take;
  }

  /** Offers up to `count` more items; returns whether the end was reached. */
  go(count: number): boolean {
    this.#position ??= this.#source()[Symbol.iterator]();
    for (let i = 0; i < count; i++) {
      if (this.#refused === null) {
        const next = this.#position.next();
        if (next.done) {
          this.#position = null;
          return true;
        }
        this.#refused = { item: next.value };
      }
      if (!this.#take(this.#refused.item)) return false;
      this.#refused = null;
    }
    return false;
  }
}
