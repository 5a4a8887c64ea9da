/** Gives equal values the same small number. */
export class Pool<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];
  readonly #key: (value: T) => string;

  /** Two values are equal if they have the same key. */
  constructor(key: (value: T) => string) {
    this.#key = key;
  }

  /** The number of values. */
  get size(): number {
    return this.#values.length;
  }

  /** The number of `value`. */
  number(value: T): number {
    const key = this.#key(value);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#values.length;
      this.#values.push(value);
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The value with this number. */
  value(number: number): T {
    return this.#values[number];
  }
}
