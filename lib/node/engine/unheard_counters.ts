import type { LamportClock } from "../../paxos/ballot.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Others have used so many counters at least since a member was heard, and so many at most: whoever asks for a
 * register takes two for each attempt.
 */
const LEAST = 4;
const MOST = 16;

/**
 * Guesses which counters others have used of which this node has not heard. The longer no member was heard, the
 * more: but no more than that, since tokens must not grow faster than the wall clock from which the next
 * genesis takes its floor.
 */
export class UnheardCounters {
  readonly #clock: LamportClock;
  readonly #runtime: Pick<Runtime, "now">;
  #at = -Infinity;
  #counter = 0;

  /** `clock` has what is known. */
  constructor(clock: LamportClock, runtime: Pick<Runtime, "now">) {
    this.#clock = clock;
    this.#runtime = runtime;
  }

  /** A member was heard just now, and the clock has taken note of what it said. */
  heard(): void {
    this.#at = this.#runtime.now();
    this.#counter = this.#clock.counter;
  }

  /** A counter that others are hardly above yet. */
  get highest(): number {
    const silence = Math.ceil(this.#runtime.now() - this.#at);
    return this.#counter + Math.min(MOST, LEAST + silence);
  }
}
