/** The place of a value in a {@linkcode LinkedList}. */
export interface Place<T> {
  readonly value: T;
  previous: Place<T> | null;
  next: Place<T> | null;
}

/**
 * Values in the order in which they were added, each of which is removed by its place. For what comes and goes all
 * the time: V8 replaces the table of a `Set` again and again then, and each old table that has survived a few
 * collections keeps alive all that was in it, and what that refers to, until the next collection of everything.
 */
export class LinkedList<T> {
  #first: Place<T> | null = null;
  #last: Place<T> | null = null;
  #size = 0;

  /** How many values it has. */
  get size(): number {
    return this.#size;
  }

  /** Adds a value at the end. The same value may be added more than once. */
  add(value: T): Place<T> {
    const place: Place<T> = { value, previous: this.#last, next: null };
    if (this.#last === null) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#size++;
    return place;
  }

  /** Removes the value at a place of this list; returns whether it was still there. */
  remove(place: Place<T>): boolean {
    const { previous, next } = place;
    if (previous === null && this.#first !== place) return false;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    // A place that is kept somewhere must keep no others.
    place.previous = place.next = null;
    this.#size--;
    return true;
  }

  /** Removes the first value and returns it; `undefined` if there is none. */
  shift(): T | undefined {
    const first = this.#first;
    if (first === null) return undefined;
    this.remove(first);
    return first.value;
  }

  /** The values at this moment, in order. */
  values(): T[] {
    const values: T[] = [];
    for (let place = this.#first; place !== null; place = place.next) values.push(place.value);
    return values;
  }
}
