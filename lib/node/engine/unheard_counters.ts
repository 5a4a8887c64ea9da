import type { LamportClock } from "../../paxos/ballot.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Counters that others are assumed to have used since a member was heard: the minimum and the maximum. Each
 * attempt at a register takes two.
 */
const FEWEST_UNHEARD = 4;
const MOST_UNHEARD = 16;

/**
 * Estimates the counters that others have used and that this node has not heard of. The estimate grows with the
 * time since a member was heard. It is bounded, since tokens must not grow faster than the wall clock from
 * which the next genesis takes its floor.
 */
export class UnheardCounters {
  readonly #clock: LamportClock;
  readonly #runtime: Pick<Runtime, "now">;
  #at = -Infinity;
  #counter = 0;

  /** `clock` holds the counters that are known. */
  constructor(clock: LamportClock, runtime: Pick<Runtime, "now">) {
    this.#clock = clock;
    this.#runtime = runtime;
  }

  /** A member was heard now, and the clock has observed its counter. */
  heard(now: number = this.#runtime.now()): void {
    this.#at = now;
    this.#counter = this.#clock.counter;
  }

  /** A counter that others have probably not passed yet. */
  get highest(): number {
    const silence = Math.ceil(this.#runtime.now() - this.#at);
    return this.#counter + Math.min(MOST_UNHEARD, FEWEST_UNHEARD + silence);
  }
}
