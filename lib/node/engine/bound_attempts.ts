import { LinkedList, type Place } from "../runtime/linked_list.ts";

/** An attempt that begins again when the members have changed. */
export interface BoundAttempt {
  readonly again: () => void;
  /** `null`: it was released. */
  place: Place<BoundAttempt> | null;
}

/**
 * The attempts under way of one node. Each is bound to one configuration: it asks its members, and counts only their
 * replies of its epoch. When the node learns of other members, each begins again (section 11).
 */
export class BoundAttempts {
  readonly #attempts = new LinkedList<BoundAttempt>();

  /** Has `again` called when the members have changed, until {@linkcode release} is called with the result. */
  bind(again: () => void): BoundAttempt {
    const attempt: BoundAttempt = { again, place: null };
    attempt.place = this.#attempts.add(attempt);
    return attempt;
  }

  /** Calls it no more; does nothing if it was released before. */
  release(attempt: BoundAttempt): void {
    if (attempt.place !== null) this.#attempts.remove(attempt.place);
    attempt.place = null;
  }

  /** The members have changed. */
  beginAgain(): void {
    for (const attempt of this.#attempts.values()) if (attempt.place !== null) attempt.again();
  }
}
