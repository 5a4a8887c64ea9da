import type { RegisterId } from "./register.ts";

/** Old promises dropped at once; as many new ones may arrive between two drops. */
const DROPPED_AT_ONCE = 1_000;

/**
 * Least time for which a promise without an accepted state is kept, in milliseconds: the `accept` arrives one
 * round trip later, of 20 s at most, and is refused if the promise is gone by then.
 */
export const PROMISE_TTL = 30_000;

const NONE: readonly RegisterId[] = [];

/** The registers of an acceptor with a promise and no accepted state, to find the old ones. */
export class BarePromises {
  /** By the time of the promise; oldest first. */
  readonly #since = new Map<RegisterId, number>();
  /** The time before which none of the promises is old. */
  #nextOld = -Infinity;

  /** Notes a promise for `register` at `now`. */
  note(register: RegisterId, now: number): void {
    // Deleted first, so that the map stays in the order of the promises.
    this.#since.delete(register);
    this.#since.set(register, now);
  }

  /** A state was accepted for `register`. */
  delete(register: RegisterId): void {
    this.#since.delete(register);
  }

  /** Removes the old ones, a bounded number at once, and returns their registers. */
  takeOld(now: number): readonly RegisterId[] {
    if (now < this.#nextOld) return NONE;
    const old: RegisterId[] = [];
    for (const [register, since] of this.#since) {
      this.#nextOld = since + PROMISE_TTL;
      if (now < this.#nextOld || old.length >= DROPPED_AT_ONCE) return old;
      this.#since.delete(register);
      old.push(register);
    }
    this.#nextOld = now + PROMISE_TTL;
    return old;
  }
}
