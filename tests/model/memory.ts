/** Remembers numbers by an object and a number, for as long as there is the object. */
export class Memory {
  readonly #known = new WeakMap<object, Map<number, number>>();

  /** What `make` gave for these when it was asked first. */
  get(object: object, number: number, make: () => number): number {
    let known = this.#known.get(object);
    if (known === undefined) this.#known.set(object, known = new Map());
    let result = known.get(number);
    if (result === undefined) known.set(number, result = make());
    return result;
  }
}
