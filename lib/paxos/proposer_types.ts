import type { Ballot, LamportClock, Life } from "./ballot.ts";
import type { Chosen, RegisterChange } from "./change.ts";
import type { RegisterRequest } from "./messages.ts";
import type { RegisterId, State } from "./register.ts";

/** The next step for the caller of a proposer. */
export type Step<R> =
  /** Send this to the members, and again to the members that have not answered. */
  | { readonly do: "send"; readonly request: RegisterRequest }
  /** A member promised a higher ballot: wait for a random time, then call `start` again. */
  | { readonly do: "retry" }
  /** A member knows exactly this ballot or a greater token: call `start` again at once. */
  | { readonly do: "restart" }
  /** The state is chosen. */
  | { readonly do: "done"; readonly chosen: Chosen<R> }
  /** Too many members have no room for a new register for a quorum to be left; see the reply `full`. */
  | { readonly do: "full"; readonly tidying: boolean; readonly missing: readonly string[] };

/**
 * A promise that came with an `accept`: a quorum promised `ballot` when it accepted `state`. It serves once,
 * for one new state.
 */
export interface KeptPromise {
  /** The promised ballot. */
  readonly ballot: Ballot;
  /** The state that was accepted with it. */
  readonly state: State;
  /** The bytes that may still be added to the state; by default as many as behind any other promise. */
  readonly room?: number;
}

/** What a proposer works with. */
export interface ProposerOptions<R> {
  /** The register that is changed. */
  readonly register: RegisterId;
  /** The ids of the members that are asked first, in order; see `Proposer.follow`. */
  readonly members: readonly string[];
  /** The Lamport clock of the node. */
  readonly clock: LamportClock;
  /** The present life of the proposer's node: it may take another one, and then an attempt in the old one begins again. */
  readonly life: Life;
  /** The change to make. */
  readonly change: RegisterChange<R>;
  /**
   * Whether an unchanged state must be written too, so that an earlier write that others may still adopt is
   * superseded.
   */
  readonly mustWrite?: () => boolean;
  /** Called before a new state is sent to a member, with the ballot of its `accept`. */
  readonly writing?: (ballot: Ballot) => void;
  /** Whether to ask for the promise of the next ballot with the `accept` of a present state. */
  readonly keepPromise?: () => boolean;
  /** Whether members accept what it writes even without room for a new register. */
  readonly sweep?: () => boolean;
  /** Whether it adds no new value, so that full members promise it from their reserve. */
  readonly reserve?: () => boolean;
  /**
   * The most bytes that it adds to the state, as far as that is known before; `Infinity`, and without this, it needs no
   * room in a register that is there.
   */
  readonly grows?: () => number;
  /** The bytes among them for which a register that is there always has room. Default: 0. */
  readonly spare?: () => number;
}
