/**
 * Tests of programs that use a cluster: whole clusters in virtual time, with faults from a seed.
 *
 * @module
 */
export { run, simulate, type SimulationReport } from "./simulate.ts";
export type { NodesOf, World } from "./world.ts";
export type { WorldMachine } from "./place.ts";
export type {
  NetworkOptions,
  RunOptions,
  SimulateOptions,
  WorldConnectOptions,
  WorldJoinOptions,
  WorldOptions,
} from "./options.ts";
export { type Seed, SimulationError } from "./trace.ts";
export type * from "../mod.ts";
export type { GuestEvents, GuestNode } from "../guest/mod.ts";
