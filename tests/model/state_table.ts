/**
 * All states of a search, stored exactly and not as hashes. Each is a row of `width` unsigned 32-bit words,
 * numbered from 0 in the order of discovery. So the table is also the queue of a breadth-first search.
 */
export class StateTable {
  readonly #width: number;
  /** Rows are kept in chunks, because a single growing array would have to be copied. */
  readonly #chunks: Uint32Array[] = [];
  /** Open addressing: the number of a row, plus one; 0 is free. */
  #slots = new Uint32Array(1 << 16);
  #size = 0;

  /** A table for rows of `width` words. */
  constructor(width: number) {
    this.#width = width;
  }

  /** The number of rows. */
  get size(): number {
    return this.#size;
  }

  /** Adds a row unless it is known. Returns its number if it is new, else `-1 - number`. */
  add(row: Uint32Array): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = hash(row, this.#width) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] - 1;
      if (this.#equals(number, row)) return -1 - number;
    }
    const number = this.#size++;
    this.#slots[slot] = number + 1;
    const offset = number & CHUNK_MASK;
    if (offset === 0) this.#chunks.push(new Uint32Array(this.#width << CHUNK_BITS));
    this.#chunks[number >>> CHUNK_BITS].set(row, offset * this.#width);
    return number;
  }

  /** Copies row `number` to `row`. */
  read(number: number, row: Uint32Array): void {
    const chunk = this.#chunks[number >>> CHUNK_BITS];
    const start = (number & CHUNK_MASK) * this.#width;
    for (let i = 0; i < this.#width; i++) row[i] = chunk[start + i];
  }

  #equals(number: number, row: Uint32Array): boolean {
    const chunk = this.#chunks[number >>> CHUNK_BITS];
    const start = (number & CHUNK_MASK) * this.#width;
    for (let i = 0; i < this.#width; i++) if (chunk[start + i] !== row[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const row = new Uint32Array(this.#width);
    for (let number = 0; number < this.#size; number++) {
      this.read(number, row);
      let slot = hash(row, this.#width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

const CHUNK_BITS = 14;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/** Mixes like MurmurHash3 (32 bits). */
function hash(row: Uint32Array, width: number): number {
  let h = width;
  for (let i = 0; i < width; i++) {
    let k = Math.imul(row[i], 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
