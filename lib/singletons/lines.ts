import type { RegisterId } from "../paxos/register.ts";
import type { Place } from "./places.ts";

/** A call that waits for a place. */
export interface Waiting {
  /** Calls go on in the order of these. */
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

  /** Whether nobody waits for `register`. */
  isEmpty(register: RegisterId): boolean {
    return !this.#lines.has(register);
  }

  /** Joins the line for `register`; `search` is called by the first who does. */
  join(register: RegisterId, waiting: Waiting, search: () => Promise<Place>): void {
    const line = this.#lines.get(register);
    if (line !== undefined) {
      const behind = line.findIndex(({ order }) => order > waiting.order);
      line.splice(behind < 0 ? line.length : behind, 0, waiting);
      return;
    }
    this.#lines.set(register, [waiting]);
    search().then(
      (place) => this.#end(register).forEach(({ go }) => go(place)),
      (error) => this.#end(register).forEach(({ fail }) => fail(error)),
    );
  }

  #end(register: RegisterId): Waiting[] {
    const line = this.#lines.get(register) ?? [];
    this.#lines.delete(register);
    return line;
  }
}
