import type { RegisterId } from "../paxos/register.ts";
import type { Place } from "./places.ts";

/** A call that waits for a place. */
export interface Waiting {
  /** Calls go on in the order of these; no two have the same. */
  readonly order: number;
  /** Called with the place, in the turn in which it is known. */
  readonly go: (place: Place) => void;
  /** Called when there is none. */
  readonly fail: (error: unknown) => void;
}

/**
 * The calls that wait until it is known where an instance runs, each key's in the order in which they
 * were made: also those that come back since they were refused. However many wait, one search is made.
 */
export class Lines {
  readonly #lines = new Map<RegisterId, Waiting[]>();
  #waiting = 0;

  /** Whether no search is under way for `register`. */
  isEmpty(register: RegisterId): boolean {
    return !this.#lines.has(register);
  }

  /** Whether those who joined the line for `register` have not all left. */
  isAwaited(register: RegisterId): boolean {
    return (this.#lines.get(register)?.length ?? 0) > 0;
  }

  /** How many wait for any register. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Joins the line for `register`; `search` is called by the first one of a line. Returns what leaves it
   * again, which does nothing once the search is over.
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

  /** Those who wait go on, and do not leave any more. */
  #end(register: RegisterId): Waiting[] {
    const line = this.#lines.get(register) ?? [];
    this.#lines.delete(register);
    this.#waiting -= line.length;
    return line.splice(0);
  }
}

/** Where that order is in the line, or belongs. */
function placeOf(line: readonly Waiting[], order: number): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[middle].order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
