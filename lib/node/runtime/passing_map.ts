interface Box<V> {
  value: V | undefined;
}

/**
 * A map whose entries come and go all the time, and whose values refer to much. V8 gives a `Map` a new table again and
 * again then, and each old table refers to the next one: once a collection has moved one of them to the old generation,
 * it keeps alive all later ones, and all that was in them when they were replaced, until the next collection of
 * everything. So the tables of this map refer to boxes, which are emptied when their keys are deleted.
 */
export class PassingMap<K, V> {
  readonly #boxes = new Map<K, Box<V>>();

  /** How many entries it has. */
  get size(): number {
    return this.#boxes.size;
  }

  /** Whether it has `key`. */
  has(key: K): boolean {
    return this.#boxes.has(key);
  }

  /** The value of `key`. */
  get(key: K): V | undefined {
    return this.#boxes.get(key)?.value;
  }

  /** Sets the value of `key`, in place of an earlier one. */
  set(key: K, value: V): void {
    const box = this.#boxes.get(key);
    if (box === undefined) this.#boxes.set(key, { value });
    else box.value = value;
  }

  /** Removes `key`; returns whether it was there. */
  delete(key: K): boolean {
    const box = this.#boxes.get(key);
    if (box === undefined) return false;
    box.value = undefined;
    return this.#boxes.delete(key);
  }

  /** The values at this moment, in the order in which their keys were added. */
  values(): V[] {
    return Array.from(this.#boxes.values(), ({ value }) => value as V);
  }
}
