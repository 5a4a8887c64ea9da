import { type LamportClock, type Life, MAX_COUNTER } from "./ballot.ts";
import type { Learned } from "./learner.ts";
import type { RegisterRequest } from "./messages.ts";
import type { KeptPromise } from "./proposer.ts";

/** The highest counter that a proposer uses up when it sends this request. */
function highestOf(request: RegisterRequest): number {
  switch (request.type) {
    case "prepare":
      return request.ballot.counter;
    case "fast":
      return request.ballot.counter + 1;
    case "accept": {
      const { ballot: { counter }, next, heir, fallback } = request;
      const own = next && heir === undefined ? counter + 1 : counter;
      return Math.max(own, fallback ?? 0);
    }
    default:
      return 0;
  }
}

/**
 * What one life needs to know to take promises that the proposers of one register hand on to it (section 3): with the
 * `accept` of a state that it will change next, the members promise it the next ballot. It may use that as if it had
 * prepared it, unless it has used up that counter itself.
 */
export class HandedOn {
  /** No counter above this was used for the register in this life. */
  #used: number;

  /** All counters that this life has used for the register are at most `used`. */
  constructor(used: number) {
    this.#used = used;
  }

  /** This life sends a request about the register. */
  sends(request: RegisterRequest): void {
    this.#used = Math.max(this.#used, highestOf(request));
  }

  /**
   * Takes the promise that a quorum has made to `life`, according to its own reports of what it accepted in the present
   * epoch; `undefined`: it is not this life's, or its counter is used up. To be used like one that this life has kept.
   */
  take({ ballot, state, heir }: Learned, life: Life, clock: LamportClock): KeptPromise | undefined {
    const counter = ballot.counter + 1;
    if (heir !== life || state === null || counter <= this.#used || counter >= MAX_COUNTER) {
      return undefined;
    }
    this.#used = counter;
    clock.observe(counter);
    return { ballot: { counter, life }, state };
  }
}
