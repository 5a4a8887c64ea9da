import type { Workload } from "../scenario.ts";

/** One rule of the protocol, and a small change to the code that breaks it. */
export interface Mutation {
  /** What is broken. */
  readonly name: string;
  readonly file: string;
  /** The code that keeps the rule; once in its file. */
  readonly find: string;
  readonly replace: string;
  /** How many seeds it may take until one of them fails; more for what takes rare faults. */
  readonly seeds: number;
  /** What users do in these; `"kv"` without it. */
  readonly workload?: Workload;
}

/** How many seeds are enough for most. */
export const SOON = 60;

/** How many for what only shows when several faults meet. */
export const LATE = 400;
