import type { LamportClock } from "../../paxos/ballot.ts";
import type { Pacing } from "../runtime/pacing.ts";

/** The most counters that a refused proposer leaves out: tokens must not grow faster than wall clocks. */
const MOST_SKIPPED = 16;

/**
 * The most doublings of the wait of a proposer that was refused after a quorum of promises: up to eight round trips. A
 * rival may have adopted its state, so that others wait for it. Few proposers at a time come so far.
 */
const MOST_DOUBLINGS = 2;

/** When the proposer of a register tries again after a nack. */
export class Retries {
  readonly #node: { readonly clock: LamportClock };
  readonly #pacing: Pick<Pacing, "retryLater">;
  #attempt = 0;
  /** Whether it has waited before this attempt: a nack may mean only that its clock is behind since. */
  #hasWaited = false;

  /** For proposals of `node`. */
  constructor(node: { readonly clock: LamportClock }, pacing: Pick<Pacing, "retryLater">) {
    this.#node = node;
    this.#pacing = pacing;
  }

  /** Other changes begin. */
  begin(): void {
    this.#attempt = 0;
    this.#hasWaited = false;
  }

  /**
   * Calls `again`, at once or after a wait; then it returns the function that prevents it. `unprepared`: whether the attempt
   * was refused before it had a quorum of promises. `isUrgent`: whether others wait for it.
   */
  next(unprepared: boolean, isUrgent: boolean, again: () => void): (() => void) | undefined {
    const isBehind = this.#hasWaited && unprepared;
    // Only once: otherwise the nacks of two of them would repeat for ever.
    this.#hasWaited = !isBehind && !(isUrgent && this.#attempt === 0);
    const skip = () => {
      // A rival that begins at the same time chooses the same counter, and of two lives always the same one would win.
      const { clock } = this.#node;
      clock.observe(clock.counter + Math.min(this.#attempt, MOST_SKIPPED));
      again();
    };
    const doublings = unprepared ? this.#attempt : Math.min(this.#attempt, MOST_DOUBLINGS);
    this.#attempt++;
    if (this.#hasWaited) return this.#pacing.retryLater(skip, doublings);
    skip();
    return undefined;
  }
}
