import type { ClientOptions } from "./client.ts";

/** The bounds of a search. */
export interface Scope {
  readonly name: string;
  readonly members: number;
  /** Whether the cluster is operational at the beginning, or all members are blank. */
  readonly begins: "operational" | "blank";
  /** Whether members continue to ask for records, and form a new cluster when all are blank. */
  readonly genesis: boolean;
  readonly clients: readonly ClientOptions[];
  /** The content that is chosen at the beginning; `""` without one. */
  readonly content: string;
  /** The members that have accepted it; absent: all of them. */
  readonly contentAt?: readonly number[];
  /**
   * A fast round with this counter has asked these members to take the content `x`, and its proposer does nothing more; it
   * is chosen if these are all of them. `told`: the hint of an earlier round, with this counter, may still arrive.
   */
  readonly fast?: {
    readonly counter: number;
    readonly at: readonly number[];
    readonly told?: number;
  };
  /** The total number of starts with empty memory after the first ones. */
  readonly restarts: number;
  /** The members that start again; by symmetry fewer than all may be enough. */
  readonly restarting: readonly number[];
  /** The most further starts of each of these members. */
  readonly restartsOfEach: number;
  /** The members whose earlier process continues without knowing of the later one. */
  readonly overlap: readonly number[];
  /** Whether processes of one member receive each other's questions to their id; otherwise these are lost. */
  readonly twinsHear: boolean;
  /** Whether a member starts again only if a majority continues to vote. */
  readonly keepsMajority: boolean;
  /** Whether a clock may have gone back at a restart. */
  readonly clockGoesBack: boolean;
  /** How often enough time passes at a member for it to drop promises without an accepted state. */
  readonly ages: number;
  /** How often a process may replace its life by a new one; further runs are left out. */
  readonly lifeChanges: number;
  /** Whether members ask if a majority is lost, and give up. */
  readonly givingUp: boolean;
  /**
   * Whether a copy has one piece, or two because values are long; the register of the clients is in the first
   * piece or in the second one.
   */
  readonly pieces: "one" | "before another" | "after another";
  readonly clientsTell: boolean;
  /** Renamings of the members that do not change the behaviour. */
  readonly symmetries: readonly (readonly number[])[];
}

/** The default properties of a scope. */
export const PLAIN: Omit<Scope, "name"> = {
  members: 3,
  begins: "operational",
  genesis: false,
  clients: [],
  content: "",
  restarts: 0,
  restarting: [0],
  restartsOfEach: 1,
  overlap: [],
  twinsHear: false,
  keepsMajority: false,
  clockGoesBack: false,
  ages: 0,
  lifeChanges: 0,
  givingUp: false,
  pieces: "one",
  clientsTell: false,
  symmetries: [],
};
