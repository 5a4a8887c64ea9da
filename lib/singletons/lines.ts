import type { RegisterId } from "../paxos/register.ts";
import type { Place } from "./places.ts";

/** A call that waits for a place. */
export interface Waiting {
  /** Calls go on in ascending order; no two calls have the same number. */
  readonly order: number;
  /** Called with the place, in the turn in which it is known. */
  readonly go: (place: Place) => void;
  /** Called when there is no place. */
  readonly fail: (error: unknown) => void;
}

/**
 * The calls that wait until the place of an instance is known. The calls of each key are ordered by when they
 * were made, including calls that return after a refusal. All calls of a key share one search.
 */
export class Lines {
  readonly #lines = new Map<RegisterId, Waiting[]>();
  #waiting = 0;

  /** Whether no search is under way for `register`. */
  isEmpty(register: RegisterId): boolean {
    return !this.#lines.has(register);
  }

  /** Whether at least one call waits in the line for `register`. */
  isAwaited(register: RegisterId): boolean {
    return (this.#lines.get(register)?.length ?? 0) > 0;
  }

  /** The number of calls that wait, for any register. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Joins the line for `register`; the first call of a line starts `search`. Returns a function that leaves
   * the line, which has no effect once the search is over.
   */
  join(register: RegisterId, waiting: Waiting, search: () => Promise<Place>): () => void {
    let line = this.#lines.get(register);
    if (line === undefined) {
      this.#lines.set(register, line = []);
      search().then(
        (place) => this.#end(register).forEach(({ go }) => go(place)),
        (error) => this.#end(register).forEach(({ fail }) => fail(error)),
      );
    }
    line.splice(placeOf(line, waiting.order), 0, waiting);
    this.#waiting++;
    return () => {
      const place = placeOf(line, waiting.order);
      if (line[place] !== waiting) return;
      line.splice(place, 1);
      this.#waiting--;
    };
  }

  /** Ends a line and returns its calls; they can no longer leave. */
  #end(register: RegisterId): Waiting[] {
    const line = this.#lines.get(register) ?? [];
    this.#lines.delete(register);
    this.#waiting -= line.length;
    return line.splice(0);
  }
}

/** The index of `order` in the line, or where it belongs. */
function placeOf(line: readonly Waiting[], order: number): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[middle].order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
