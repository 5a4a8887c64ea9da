import { after, compareBallots, type LamportClock, type Life, NO_BALLOT } from "./ballot.ts";
import { SMALL_GROWTH } from "./growth.ts";
import type { Learned } from "./learner.ts";
import type { RegisterRequest } from "./messages.ts";
import type { KeptPromise } from "./proposer_types.ts";
import { sizeOf } from "./size.ts";

/**
 * What a life may inherit of one register: the promise of the next ballot, which another proposer asked for in its name
 * with what it wrote. A ballot that this life has used for the register itself is none to inherit: members may have
 * promised it for another attempt, or accepted another state at it.
 */
export class Inheritance {
  readonly #clock: LamportClock;
  /** A number at or above every counter that this life has used for the register. */
  #used: number;
  #hasTaken = false;
  /** The ballot that was promised with the state learned last; the size of that, and the bytes that it may still grow by. */
  #next = NO_BALLOT;
  #size = 0;
  #room = 0;

  /** From now on. All that the life has used before is at or below its `clock`. */
  constructor(clock: LamportClock) {
    this.#clock = clock;
    this.#used = clock.counter;
  }

  /** Whether a promise was handed on to this life, and nothing was chosen since that others wrote and did not hand on. */
  get hasTaken(): boolean {
    return this.#hasTaken;
  }

  /** This life sends a request about the register. */
  sends(request: RegisterRequest): void {
    if (request.type !== "prepare" && request.type !== "accept" && request.type !== "fast") return;
    let { counter } = request.ballot;
    if (request.type === "fast") counter++;
    if (request.type === "accept") {
      if (request.next && request.heir === undefined) counter++;
      counter = Math.max(counter, request.fallback ?? 0);
    }
    this.#used = Math.max(this.#used, counter);
  }

  /**
   * The promise that is handed to `life`, the present one, with what was learned: a crash-consistent quorum accepted the
   * state, and promised the next ballot with it. From now on it is like any other kept promise. `undefined`: there is none.
   */
  take({ ballot, state, heir }: Learned, life: Life): KeptPromise | undefined {
    // Without a `prepare` that asks for room between them, all lives that get promises share the same room. One whose
    // state does not grow has not asked: it may be a release, which full members promise from their reserve.
    const added = sizeOf("", state) - this.#size;
    const isKept = compareBallots(ballot, this.#next) === 0;
    const hasAsked = !isKept && added > 0;
    this.#room = hasAsked ? SMALL_GROWTH : Math.min(SMALL_GROWTH, this.#room - added);
    this.#size += added;
    const next = this.#next = after(ballot, heir);
    if (heir === undefined && ballot.life !== life) this.#hasTaken = false;
    if (heir !== life || state === null) return undefined;
    if (next.counter <= this.#used) return undefined;
    this.#used = next.counter;
    this.#hasTaken = true;
    this.#clock.observe(next.counter);
    return { ballot: next, state, room: this.#room };
  }
}
