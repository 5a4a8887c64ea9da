/** Remembers a number for each pair of an object and a number, as long as the object exists. */
export class Memory {
  readonly #known = new WeakMap<object, Map<number, number>>();

  /** The result of the first call of `make` for this pair. */
  get(object: object, number: number, make: () => number): number {
    let known = this.#known.get(object);
    if (known === undefined) this.#known.set(object, known = new Map());
    let result = known.get(number);
    if (result === undefined) known.set(number, result = make());
    return result;
  }
}
