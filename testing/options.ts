import { checkMembers } from "../lib/cluster/change_members_options.ts";
import type { ClusterNode } from "../lib/cluster/cluster_node.ts";
import type { JoinOptions } from "../lib/cluster/join_options.ts";
import { checkKnown, type OptionNames, refuseUnless } from "../lib/options.ts";
import { show } from "../lib/show.ts";
import { CALM, type NetworkProfile } from "./network.ts";
import type { WorldMachine } from "./place.ts";
import type { Seed } from "./trace.ts";

/** The longest delay of a frame that may be asked for, in milliseconds: a day. */
const MAX_DELAY = 86_400_000;

/** Virtual time after which a test that has not ended fails, in milliseconds: an hour. */
const LIMIT = 3_600_000;

/** How the network of a simulation treats frames. */
export interface NetworkOptions {
  /** The probability that a frame is lost. Default: 0. */
  loss?: number;
  /** The probability that a frame arrives twice. Default: 0. */
  duplicate?: number;
  /**
   * The shortest and the longest delay, in milliseconds. Each frame draws its own, so frames overtake each other.
   * Default: 0.2 to 2.
   */
  delay?: readonly [shortest: number, longest: number];
  /** The probability that a frame takes 2 to 128 times as long. Default: 0. */
  tail?: number;
  /** The share of links, each in one direction, that are 2 to 30 times as slow. Default: 0. */
  slowLinks?: number;
}

/** Options of a simulation, except its seed. */
export interface WorldOptions {
  /** The ids of the nodes that vote. */
  members: readonly string[];
  /** How the network treats frames, until the test says otherwise. Default: nothing is lost. */
  network?: NetworkOptions;
  /** Whether members have disks: what is on them survives a crash. Default: `false`. */
  storage?: boolean;
  /**
   * Whether the global functions of time and chance are those of the simulation while it runs: `setTimeout`,
   * `setInterval`, `setImmediate`, `Date`, `performance.now`, `AbortSignal.timeout`, `Math.random`,
   * `crypto.getRandomValues` and `crypto.randomUUID`. Time stands still while a promise of `crypto.subtle` is
   * pending. Default: `true`.
   */
  globals?: boolean;
  /** Virtual time after which a test that has not ended fails, in milliseconds. Default: an hour. */
  limit?: number;
  /** Called with each line of the trace. */
  trace?: (line: string) => void;
  /** Whether the trace shows each frame. Default: `false`. */
  frames?: boolean;
}

/** Options of `simulate`. */
export interface SimulateOptions extends WorldOptions {
  /** Decides all that happens by chance: the same seed gives the same run. */
  seed: Seed;
}

/** Options of `run`. */
export interface RunOptions extends WorldOptions {
  /** How many seeds are tried, from 1 on; or the seeds. */
  seeds: number | Iterable<Seed>;
}

/** Options of a node of a simulation: those of `join` that the simulation does not decide itself. */
export interface WorldJoinOptions
  extends Omit<JoinOptions, "id" | "members" | "transport" | "storage"> {
  /**
   * Runs on the machine of the node at each of its starts, once it has joined. An error that it throws fails the
   * simulation, unless its machine has crashed.
   */
  program?: (node: ClusterNode, machine: WorldMachine) => void | Promise<void>;
}

/** Options of a guest of a simulation. */
export interface WorldConnectOptions {
  /** The ids of the members that it connects to. Default: all of them. */
  servers?: readonly string[];
  /** As in `connect`. */
  sessionTtl?: number;
  /** As in `connect`. */
  timeout?: number;
  /** As in `connect`. */
  callTimeout?: number;
  /** As in `connect`. */
  signal?: AbortSignal;
}

const WORLD_NAMES: OptionNames<WorldOptions> = {
  members: true,
  network: true,
  storage: true,
  globals: true,
  limit: true,
  trace: true,
  frames: true,
};

const SIMULATE_NAMES: OptionNames<SimulateOptions> = { ...WORLD_NAMES, seed: true };

const RUN_NAMES: OptionNames<RunOptions> = { ...WORLD_NAMES, seeds: true };

const NETWORK_NAMES: OptionNames<NetworkOptions> = {
  loss: true,
  duplicate: true,
  delay: true,
  tail: true,
  slowLinks: true,
};

/** Checked options with all defaults. */
export interface WorldSettings {
  readonly members: readonly string[];
  readonly network: NetworkProfile;
  readonly storage: boolean;
  readonly globals: boolean;
  readonly limit: number;
  readonly trace: ((line: string) => void) | undefined;
  readonly frames: boolean;
}

function isSeed(seed: unknown): seed is Seed {
  return typeof seed === "string" || (typeof seed === "number" && Number.isFinite(seed));
}

function checkWorld(call: string, options: WorldOptions): WorldSettings {
  const { limit = LIMIT, trace, network = {} } = options;
  for (const name of ["storage", "globals", "frames"] as const) {
    const value = options[name];
    const isValid = value === undefined || typeof value === "boolean";
    refuseUnless(isValid, call, name, "true or false", value);
  }
  const isLimit = typeof limit === "number" && limit > 0 && limit < Infinity;
  refuseUnless(isLimit, call, "limit", "a number of milliseconds above 0", limit);
  const isTrace = trace === undefined || typeof trace === "function";
  refuseUnless(isTrace, call, "trace", "a function", trace);
  const { storage = false, globals = true, frames = false } = options;
  return {
    members: checkMembers(call, options.members),
    network: checkNetwork(`${call}: network`, network),
    ...{ storage, globals, limit, trace, frames },
  };
}

/** Checks the options of `simulate`; throws a `TypeError` that names the option and the value received. */
export function checkSimulate(options: SimulateOptions): { seed: Seed; settings: WorldSettings } {
  checkKnown("simulate", options, SIMULATE_NAMES);
  const { seed } = options;
  refuseUnless(isSeed(seed), "simulate", "seed", "a number or a string", seed);
  return { seed, settings: checkWorld("simulate", options) };
}

/** Checks the options of `run`; throws a `TypeError` that names the option and the value received. */
export function checkRun(
  options: RunOptions,
): { seeds: Iterable<Seed>; settings: WorldSettings } {
  checkKnown("run", options, RUN_NAMES);
  const { seeds } = options;
  const isCount = typeof seeds === "number" && Number.isSafeInteger(seeds) && seeds > 0;
  const isList = typeof seeds === "object" && seeds !== null && Symbol.iterator in seeds;
  refuseUnless(isCount || isList, "run", "seeds", "a positive integer or a list of seeds", seeds);
  return {
    seeds: isList ? checkedSeeds(seeds) : upTo(seeds),
    settings: checkWorld("run", options),
  };
}

function* upTo(count: number): Iterable<Seed> {
  for (let seed = 1; seed <= count; seed++) yield seed;
}

function* checkedSeeds(seeds: Iterable<unknown>): Iterable<Seed> {
  for (const seed of seeds) {
    refuseUnless(isSeed(seed), "run", "each of the seeds", "a number or a string", seed);
    yield seed;
  }
}

/** Checks how a network treats frames; throws a `TypeError` that begins with `call`. */
export function checkNetwork(call: string, options: NetworkOptions): NetworkProfile {
  checkKnown(call, options, NETWORK_NAMES);
  for (const name of ["loss", "duplicate", "tail", "slowLinks"] as const) {
    const value = options[name];
    const isValid = value === undefined || (typeof value === "number" && value >= 0 && value <= 1);
    refuseUnless(isValid, call, name, "a number from 0 to 1", value);
  }
  const { delay } = options;
  const isRange = delay === undefined || (
    Array.isArray(delay) && delay.length === 2 && delay.every((one) => typeof one === "number") &&
    delay[0] >= 0 && delay[0] <= delay[1] && delay[1] <= MAX_DELAY
  );
  if (!isRange) {
    const received = Array.isArray(delay) ? `[${delay.map(show).join(", ")}]` : show(delay);
    throw new TypeError(
      `${call}: delay must be [shortest, longest] in milliseconds, received ${received}`,
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...CALM, ...Object.fromEntries(given) };
}

/** What `world.join` was called with, sorted. */
export interface JoinRequest {
  readonly ids: readonly string[];
  readonly options: WorldJoinOptions;
}

/** What the simulation decides itself. */
const DECIDED: Readonly<Record<string, string>> = {
  id: "the id comes before the options",
  members: "the members are those of simulate",
  transport: "the nodes have the network of the simulation",
  storage: "simulate has the option storage, which gives each member a disk",
};

/** Checks the arguments of `world.join`: ids, and then options. `join` itself checks those of the node. */
export function checkJoin(args: readonly unknown[]): JoinRequest {
  const last = args.at(-1);
  const hasOptions = args.length > 0 && typeof last !== "string";
  const ids = hasOptions ? args.slice(0, -1) : args;
  if (ids.length === 0) throw new TypeError("world.join: the id of a node is missing");
  ids.forEach((id, index) => {
    refuseUnless(typeof id === "string", "world.join", "an id", "a string", id);
    if (ids.indexOf(id) !== index) throw new TypeError(`world.join: ${show(id)} occurs twice`);
  });
  const options: unknown = hasOptions ? last : {};
  const isObject = typeof options === "object" && options !== null;
  refuseUnless(isObject, "world.join", "options", "an object", options);
  for (const [name, why] of Object.entries(DECIDED)) {
    if (name in options) throw new TypeError(`world.join: ${name} is not an option here: ${why}`);
  }
  const { program } = options as WorldJoinOptions;
  const isProgram = program === undefined || typeof program === "function";
  refuseUnless(isProgram, "world.join", "program", "a function", program);
  return { ids: ids as string[], options: options as WorldJoinOptions };
}

/** Refuses a duration that is none; throws a `TypeError` that begins with `call`. */
export function checkDuration(call: string, duration: unknown): void {
  const isValid = typeof duration === "number" && duration >= 0 && duration < Infinity;
  refuseUnless(isValid, call, "the duration", "a number of milliseconds, not negative", duration);
}
