import type { Ballot, Life } from "./ballot.ts";
import type { Absent, Present, SessionId, State } from "./register.ts";

/** The input of a change function: the latest state that a quorum reported. */
export interface CurrentState {
  /** `null`: never written. */
  readonly state: State | null;
  /** The token of the state; without a state, the highest floor in the quorum. */
  readonly token: number;
  /** The ballot at which a new state will be written; its counter becomes the token. */
  readonly ballot: Ballot;
  /** What the change that has made `state` in this same round leaves to the next one; `undefined`: nothing. */
  readonly note?: unknown;
}

/** A state without the fields that the protocol fills in. */
export type Draft =
  | Pick<Absent, "present">
  | Omit<Present, "token" | "over">;

/** The state that a draft makes, with the token `token`, over a state with the token `over`. */
export function completed(draft: Draft, token: number, over: number): State {
  return draft.present ? presentOf(draft, token, over) : { present: false, token };
}

/** The value that a draft, or a state, makes with another token and over another one. */
export function presentOf(
  { op, value, bindings, owners }: Omit<Present, "token" | "over">,
  token: number,
  over: number,
): Present {
  // Not with a spread in it, which takes runtimes longer than all the rest.
  return { present: true, token, over, op, value, bindings, owners };
}

/** The decision of a change function: a new state, or `null` to leave everything as it is. */
export interface Decision<R> {
  /** The new state; `null`: everything stays as it is. */
  readonly draft: Draft | null;
  /** What the change function returned. */
  readonly result: R;
  /** Whether `draft` may replace a value that another change wrote in the same round: see `combine`. */
  readonly merges?: boolean;
  /**
   * Makes the new state that is written, if `draft` is only what later changes in the same round see: expensive
   * work is then done once for all of them.
   */
  readonly complete?: () => Draft;
  /** What a change of the same kind behind it in the same round has to know of `draft`: its `note`. */
  readonly note?: unknown;
  /**
   * The life that is likely to change the new state next; absent: not known. The promise of the next ballot is of use to its
   * proposer if that is its own life.
   */
  readonly heir?: Life;
  /** Whether this change has to wait for the next round, because of changes before it in this one. */
  readonly later?: boolean;
}

/** Maps a state to the next one. It may run more than once for one change, and must have no side effects. */
export type RegisterChange<R> = (current: CurrentState) => Decision<R>;

/** The outcome of a change. */
export interface Chosen<R> {
  /** What the change function returned. */
  readonly result: R;
  /** The chosen state; `null`: never written. */
  readonly state: State | null;
  /** The token of the state, or the floor. */
  readonly token: number;
  /** The ballot at which the state was accepted by a quorum. */
  readonly ballot: Ballot;
  /** The owners of the state that a whole quorum believes expired. */
  readonly stale: readonly SessionId[];
}
