import type { Ballot } from "./ballot.ts";
import type { RegisterRequest } from "./messages.ts";
import type { KeptPromise, ProposerOptions, Step } from "./proposer_types.ts";
import type { State } from "./register.ts";
import { sizeOf } from "./size.ts";

/** Bytes that a change may add without asking for them: as one that shares its round, or on a kept promise. */
export const SMALL_GROWTH = 4 * 1_024;

/** What a change needs members to have room for. */
type Needs = Pick<ProposerOptions<unknown>, "register" | "grows" | "spare" | "reserve" | "sweep">;

/** A lack of room, as members told it. */
type Full = Extract<Step<never>, { readonly do: "full" }>;

/**
 * The bytes that the state of one change may add to its register: members have reserved them with their promises, and
 * refuse what they have no room for before anything is written. What adds more asks again. What they refuse is tried once
 * as if it added nothing, which a register that is there always has room for: it may find what is there already.
 */
export class Growth {
  readonly #needs: Needs;
  /** The bytes that the running attempt may add. */
  #room = 0;
  /** Whether it relies on promises that no bytes were reserved with. */
  #isKept = false;
  /** The bytes that an earlier attempt would have added. */
  #found = 0;
  /** Why the running attempt, or the next one, may add nothing. */
  #full: Full | undefined;
  #isNext = false;

  /** Of a change with these needs. */
  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The `prepare` of the next attempt. */
  prepare(ballot: Ballot): RegisterRequest {
    if (!this.#isNext) this.#full = undefined;
    this.#isNext = this.#isKept = false;
    const request = { type: "prepare", register: this.#needs.register, ballot } as const;
    this.#room = Infinity;
    if (this.#needs.sweep?.() === true) return { ...request, sweep: true };
    const grows = this.#needs.grows?.() ?? Infinity;
    const isReserve = this.#needs.reserve?.() === true;
    if (grows === Infinity) return isReserve ? { ...request, reserve: true } : request;
    if (isReserve && this.#found === 0) {
      this.#room = SMALL_GROWTH;
      return { ...request, reserve: true };
    }
    const isModest = this.#full !== undefined;
    this.#room = isModest ? this.#needs.spare?.() ?? 0 : Math.max(grows, this.#found);
    return isModest || this.#room === 0 ? request : { ...request, grows: this.#room };
  }

  /** An attempt without a `prepare` begins, on promises that leave this room. */
  begin(room = SMALL_GROWTH): void {
    this.#isKept = this.#needs.grows !== undefined;
    this.#room = this.#isKept ? room : Infinity;
  }

  /**
   * The promise of the next ballot after this one that is kept behind a state: without a `prepare` between them, all share
   * the same room.
   */
  kept({ counter, life }: Ballot, before: State | null, state: State): KeptPromise {
    const ballot = { counter: counter + 1, life };
    if (!this.#isKept) return { ballot, state };
    return { ballot, state, room: Math.min(SMALL_GROWTH, this.#room - this.#added(before, state)) };
  }

  /** The step in place of an `accept` of a state that adds more than there is room for. */
  exceeded(before: State | null, written: State): Full | { do: "restart" } | undefined {
    if (!written.present || this.#room === Infinity) return undefined;
    const bytes = this.#added(before, written);
    if (bytes <= this.#room) return undefined;
    if (this.#full !== undefined) return this.#full;
    this.#found = bytes;
    return { do: "restart" };
  }

  /** The step when a quorum has no room. */
  refused({ tidying, missing }: Pick<Full, "tidying" | "missing">): Full | { do: "restart" } {
    const full = { do: "full", tidying, missing } as const;
    if (this.#full !== undefined || this.#room === 0 || this.#room === Infinity) return full;
    this.#full = full;
    this.#isNext = true;
    return { do: "restart" };
  }

  #added(before: State | null, written: State): number {
    const { register } = this.#needs;
    return sizeOf(register, written) - sizeOf(register, before);
  }
}
