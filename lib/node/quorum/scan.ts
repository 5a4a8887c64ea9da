/** Goes through items, a bounded number at a time, and from the start again at the end. */
export class Scan<T> {
  readonly #source: () => Iterable<T>;
  readonly #take: (item: T) => boolean;
  #position: Iterator<T> | null = null;
  /** The item that was offered and not taken; it is the next one. */
  #offered: { readonly item: T } | null = null;

  /** `take` returns whether it took an item; an item that it did not take is offered again. */
  constructor(source: () => Iterable<T>, take: (item: T) => boolean) {
    this.#source = source;
    this.#take = take;
  }

  /** Offers up to `count` more items; returns whether the end was reached. */
  go(count: number): boolean {
    this.#position ??= this.#source()[Symbol.iterator]();
    for (let i = 0; i < count; i++) {
      if (this.#offered === null) {
        const next = this.#position.next();
        if (next.done) {
          this.#position = null;
          return true;
        }
        this.#offered = { item: next.value };
      }
      if (!this.#take(this.#offered.item)) return false;
      this.#offered = null;
    }
    return false;
  }
}
