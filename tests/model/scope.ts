import type { ClientOptions } from "./client.ts";

/** How much of the world a search goes through; every bound is written down here. */
export interface Scope {
  readonly name: string;
  readonly members: number;
  /** Whether the cluster lives already, or all are blank. */
  readonly begins: "operational" | "blank";
  /** Whether members go on asking for records, and found a new cluster when all are blank. */
  readonly genesis: boolean;
  readonly clients: readonly ClientOptions[];
  /** What is chosen at the beginning; `""`: nothing was ever written. */
  readonly content: string;
  /** How often any member starts again without memory. */
  readonly restarts: number;
  /** Which members do; by symmetry fewer than all may be enough. */
  readonly restarting: readonly number[];
  /** How often each of them does at most. */
  readonly restartsOfEach: number;
  /** Of which of them the process before lives on, and does not know. */
  readonly overlap: readonly number[];
  /** Whether processes of one member hear what they ask their own id; it is lost otherwise. */
  readonly twinsHear: boolean;
  /** Whether nobody starts again without leaving a majority that votes. */
  readonly keepsMajority: boolean;
  /** Whether a clock may have gone back at a restart. */
  readonly clockGoesBack: boolean;
  /** How often so much time passes at some member that it drops promises with nothing accepted. */
  readonly ages: number;
  /** How often a process may take a new life in place of the one that it has; what comes after is left out. */
  readonly relives: number;
  /** Whether members ask if all is lost, and give up. */
  readonly givingUp: boolean;
  /**
   * Whether a copy comes in one piece, or in two, since values are long; the register that clients work on is
   * in the first of them, or in the second.
   */
  readonly pieces: "one" | "before another" | "after another";
  readonly clientsTell: boolean;
  /** Each of these renamings of the members leads from states to states that behave alike. */
  readonly symmetries: readonly (readonly number[])[];
}

/** What a scope is unless it says otherwise. */
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
  relives: 0,
  givingUp: false,
  pieces: "one",
  clientsTell: false,
  symmetries: [],
};
