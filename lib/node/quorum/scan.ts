/** Goes through something a bounded number of items at a time, and again from the start once it is through. */
export class Scan<T> {
  readonly #source: () => Iterable<T>;
  readonly #take: (item: T) => boolean;
  #position: Iterator<T> | null = null;
  /** The item that was refused: it is the next one. */
  #refused: { readonly item: T } | null = null;

  /** `take` says whether it took an item; one that it did not take is offered again. */
  constructor(source: () => Iterable<T>, take: (item: T) => boolean) {
    this.#source = source;
    this.#take = take;
  }

  /** Offers up to `count` more items; whether it is through. */
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
