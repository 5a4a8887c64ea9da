import type { RegisterId } from "./register.ts";

/** Ids in one chunk: moving this many to make room for one takes about a microsecond. */
const MAX_CHUNK = 1_024;

/**
 * Divisor of the number of ids: fewer new ids than this part are inserted one by one, more by sorting all ids
 * again.
 */
const INSERT_DIVISOR = 8;

/**
 * Lists the ids of registers in order and in pieces. A new id costs an entry in an array. It is inserted in order
 * when the next list begins, so a list costs what it shows and what was added since the last one. A list in
 * pieces shows every id that was there when it began and still is; it may show some later ones.
 */
export class RegisterIndex {
  readonly #holds: (id: RegisterId) => boolean;
  /** All ids but the new ones, in order; no chunk is empty. */
  #chunks: RegisterId[][] = [];
  #placed = 0;
  /** The ids added since the last list began; among them some that were removed, and ids that came back twice. */
  #new: RegisterId[] = [];
  /** How many of the new ones were removed. */
  #removed = 0;

  /** An empty index; `holds` tells whether an id that was added is still held. */
  constructor(holds: (id: RegisterId) => boolean) {
    this.#holds = holds;
  }

  /** Adds an id that it does not hold. */
  add(id: RegisterId): void {
    this.#new.push(id);
  }

  /** Removes an id, which is held no more. */
  delete(id: RegisterId): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? -1 : firstFrom(chunk, id);
    if (place < 0 || chunk[place] !== id) {
      this.#removed++;
      // The removed ones must not outnumber the others by much, however seldom a list begins.
      if (this.#removed > MAX_CHUNK && this.#removed > this.#new.length / 2) this.#compact();
      return;
    }
    chunk.splice(place, 1);
    this.#placed--;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The ids that begin with `prefix`, after `after`, in order; an empty `after` begins a list. */
  *after(prefix: string, after: RegisterId): Generator<RegisterId> {
    this.#place();
    const from = after > prefix ? after : prefix;
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      for (let i = firstFrom(chunk, from); i < chunk.length; i++) {
        if (!chunk[i].startsWith(prefix)) return;
        if (chunk[i] > after || after === "") yield chunk[i];
      }
    }
  }

  /** Leaves each new id that is held once. */
  #compact(): void {
    if (this.#removed === 0) return;
    this.#new = [...new Set(this.#new.filter(this.#holds))];
    this.#removed = 0;
  }

  /** Inserts the new ids in order. */
  #place(): void {
    this.#compact();
    if (this.#new.length === 0) return;
    if (this.#new.length > this.#placed / INSERT_DIVISOR) {
      const all = [...this.#chunks.flat(), ...this.#new].sort();
      this.#placed = all.length;
      this.#chunks = [];
      // Chunks begin half full, so that each has room.
      for (let i = 0; i < all.length; i += MAX_CHUNK / 2) {
        this.#chunks.push(all.slice(i, i + MAX_CHUNK / 2));
      }
    } else {
      for (const id of this.#new) this.#insert(id);
    }
    this.#new = [];
  }

  #insert(id: RegisterId): void {
    const at = Math.min(this.#chunkOf(id), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    chunk.splice(firstFrom(chunk, id), 0, id);
    this.#placed++;
    if (chunk.length <= MAX_CHUNK) return;
    this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** The first chunk with an id that is not below `id`; the number of chunks if there is none. */
  #chunkOf(id: RegisterId): number {
    return lowest(this.#chunks.length, (at) => this.#chunks[at][this.#chunks[at].length - 1] >= id);
  }
}

/** The index of the first id that is not below `id`. */
function firstFrom(ids: readonly RegisterId[], id: RegisterId): number {
  return lowest(ids.length, (at) => ids[at] >= id);
}

/**
 * The lowest number from 0 to `count - 1` for which `holds` is true, as it is for all higher ones; otherwise
 * `count`.
 */
function lowest(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
