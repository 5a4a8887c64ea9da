import type { Workload } from "../../sim/scenario.ts";

/** A small change to the code that breaks one rule of the protocol. */
export interface Mutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  readonly file: string;
  /** The code that implements the rule: exactly once in the file, however it is formatted there. */
  readonly find: string;
  readonly replace: string;
  /** The number of seeds of which at least one must fail. */
  readonly seeds: number;
  /** The workload of the seeds. Default: `"kv"`. */
  readonly workload?: Workload;
  /** Whether all these runs have guests. Default: the seed decides. */
  readonly guests?: boolean;
  /** Whether the list of members changes in these runs. Default: `false`, since that makes them longer. */
  readonly changes?: boolean;
}

/** The number of seeds that is enough for most mutations. */
export const SOON = 60;

/** The number of seeds for mutations that show only when several faults coincide. */
export const LATE = 400;
