import type { RegisterId } from "./register.ts";

/** So many lists keep their order at the same time; one that lost it is sorted again. */
const MAX_LISTS = 8;

/**
 * Gives the ids of registers in order and in pieces. The order is made when a list begins, not at
 * every new register: inserting stays cheap, and a list of any length costs one sort. A list shows
 * every id that was there when it began and still is; of later ones it may show some.
 */
export class RegisterIndex {
  readonly #ids: { keys(): Iterable<RegisterId> };
  readonly #lists = new Map<string, { ids: RegisterId[]; version: number }>();
  #version = 0;

  /** Lists the keys of `ids`. */
  constructor(ids: { keys(): Iterable<RegisterId> }) {
    this.#ids = ids;
  }

  /** To be called when an id was added or removed. */
  changed(): void {
    this.#version++;
  }

  /** The ids that begin with `prefix`, after `after`, in order; an empty `after` begins a list. */
  *after(prefix: string, after: RegisterId): Generator<RegisterId> {
    const ids = this.#list(prefix, after === "");
    for (let i = after === "" ? 0 : firstAfter(ids, after); i < ids.length; i++) yield ids[i];
  }

  #list(prefix: string, begins: boolean): RegisterId[] {
    const known = this.#lists.get(prefix);
    if (known !== undefined && (!begins || known.version === this.#version)) return known.ids;
    const ids: RegisterId[] = [];
    for (const id of this.#ids.keys()) if (id.startsWith(prefix)) ids.push(id);
    ids.sort();
    this.#lists.delete(prefix);
    this.#lists.set(prefix, { ids, version: this.#version });
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MAX_LISTS) break;
      this.#lists.delete(oldest);
    }
    return ids;
  }
}

function firstAfter(ids: readonly RegisterId[], id: RegisterId): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle] <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
