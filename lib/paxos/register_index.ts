import type { RegisterId } from "./register.ts";

/** Ids in one chunk: to find a place in it and to make room there takes less than a microsecond. */
const MAX_CHUNK = 256;

/**
 * Lists the ids of registers in order and in pieces. Each id is put in its place when it comes, so no list stalls a
 * member that has got many since the last one. A list in pieces shows every id that was there when it began and still
 * is; it may show some later ones.
 */
export class RegisterIndex {
  /** All ids, in order; no chunk is empty. */
  readonly #chunks: RegisterId[][] = [];

  /** Adds an id that it does not hold. */
  add(id: RegisterId): void {
    const chunks = this.#chunks;
    // One above all others goes to the end of the last chunk.
    const at = Math.min(this.#chunkOf(id), chunks.length - 1);
    if (at < 0) return void chunks.push([id]);
    const chunk = chunks[at];
    chunk.splice(firstFrom(chunk, id), 0, id);
    if (chunk.length > MAX_CHUNK) chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** Removes an id that it holds. */
  delete(id: RegisterId): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    chunk.splice(firstFrom(chunk, id), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The ids that begin with `prefix`, after `after`, in order; an empty `after` begins a list. */
  *after(prefix: string, after: RegisterId): Generator<RegisterId> {
    const from = after > prefix ? after : prefix;
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      for (let i = firstFrom(chunk, from); i < chunk.length; i++) {
        if (!chunk[i].startsWith(prefix)) return;
        if (chunk[i] > after || after === "") yield chunk[i];
      }
    }
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
