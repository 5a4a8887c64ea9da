import type { SynodError } from "../../errors.ts";

/**
 * Time for which other lists have to be told, in milliseconds, while no node tells of a cluster: members that start again
 * after a change, with lists of different times, hear of each other before they hear the others.
 */
const PATIENCE = 1_000;

/** Time after which another list that was told has nothing to do with the next one, in milliseconds: two questions are at most 40 s apart. */
const FORGOTTEN = 60_000;

/**
 * What a node without a cluster hears of lists of members that are not its own. At the first start of a cluster they keep
 * it from starting, which its user has to know. Beside a living cluster they mean nothing: each node follows that one.
 */
export class ListMismatch {
  readonly #fatal: (error: SynodError) => void;
  /** When another list was first told; `null`: not since the node last knew a cluster. */
  #since: number | null = null;
  #latest = 0;

  /** `fatal` is called with each error that has lasted. */
  constructor(fatal: (error: SynodError) => void) {
    this.#fatal = fatal;
  }

  /** Another list was told at `now`; as long as the lists differ, that is told again and again. */
  told(error: SynodError, now: number): void {
    if (now - this.#latest >= FORGOTTEN) this.#since = null;
    this.#latest = now;
    this.#since ??= now;
    if (now - this.#since >= PATIENCE) this.#fatal(error);
  }

  /** The node has found a cluster. */
  clear(): void {
    this.#since = null;
  }
}
