import type { NetworkProfile } from "./network.ts";
import type { Random } from "./random.ts";
import { drawReload, type ReloadSpacing } from "./reload.ts";

/** How often a round trip takes how long, in milliseconds; 0: far less than a session lasts. */
const ROUND_TRIPS = { 0: 15, 3_000: 1, 20_000: 1 };

/** How much longer than a round trip sessions last in a slow network, in milliseconds. */
const SLOW_TTL = 10_000;

/** How often members crash in a storm, beside all other faults. */
const STORM = 10;

/** What can happen to a cluster. */
export type FaultKind =
  /** The network falls apart into groups. */
  | "partition"
  /** One node hears another no more, while that one may still hear it. */
  | "oneWayCut"
  /** A node stops for a while, perhaps for longer than its session lasts. */
  | "pause"
  /** The same, and its monotonic clock stands still meanwhile. */
  | "sleep"
  /** A node ends without a word. */
  | "crash"
  /** A node leaves in good order. */
  | "close"
  /** A second process starts under the id of a member that is still up, and takes its place. */
  | "replace"
  /** A wall clock is set, forward or back. */
  | "stepWall";

/** What the users of a run do with their cluster. */
export type Workload =
  /** Keys that are set once: put, claim, read, list, watch. */
  | "kv"
  /** Locks that nobody steals. */
  | "locks"
  /** Locks, some of which are stolen. */
  | "steal"
  /** Instances that are started, called and kept running. */
  | "singletons";

/** How often each one is drawn. */
const WORKLOADS: Readonly<Record<Workload, number>> = { kv: 4, locks: 3, steal: 1, singletons: 3 };

/** All of them. */
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly Workload[];

/** What a value can be bound to; with a value that is bound to nothing a key is done for good. */
export type BindingKind =
  | "none"
  | "process"
  | "foreignProcess"
  | "node"
  | "foreignNode"
  | "key"
  | "until";

/** Everything about a run that is drawn from its seed at the beginning. */
export interface Scenario {
  readonly workload: Workload;
  /** Whether locks may be stolen. */
  readonly steals: boolean;
  readonly members: readonly string[];
  /** The nodes that do not vote. */
  readonly clients: readonly string[];
  /** Of every node's session, in milliseconds. */
  readonly sessionTtl: number;
  /** How long operations look for a quorum, in milliseconds. */
  readonly timeout: number;
  /** How many keys there are. */
  readonly keys: number;
  /** How many operations each node has under way at once, at most. */
  readonly concurrency: number;
  /** Between two operations of one of these, in milliseconds, at most. */
  readonly think: number;
  /** How often values are bound to what. */
  readonly bindings: Readonly<Record<BindingKind, number>>;
  /** How often a put of a process has little time, and its process exits at once, whatever came of it. */
  readonly hasty: number;
  /** How long there are faults and new operations, in milliseconds. */
  readonly duration: number;
  readonly network: NetworkProfile;
  /** How often each fault is chosen. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** How likely it is, at each frame with an `accept`, that its sender is cut off when it has arrived. */
  readonly sniper: number;
  /** Between two faults, in milliseconds, at most. */
  readonly calm: number;
  /** How likely it is that a reading of the clock takes a while, and how long at most. */
  readonly stall: { readonly chance: number; readonly longest: number };
  /** What the clocks of all nodes are rounded to, in milliseconds, as some browsers do; 0: they are not. */
  readonly clockStep: number;
  /** Whether members that went down come back, without their memory; and whether some are replaced. */
  readonly restart: boolean;
  /** How far apart all members start again at the end, while their processes still run; `null`: they do not. */
  readonly reload: ReloadSpacing | null;
}

/** What a run can be told, whatever its seed says. */
export interface ScenarioOptions {
  /** See {@linkcode Scenario.workload}. Default: drawn from the seed. */
  readonly workload?: Workload;
  /** See {@linkcode Scenario.restart}. Default: drawn from the seed. */
  readonly restart?: boolean;
}

/** The scenario of a seed. */
export function drawScenario(random: Random, options: ScenarioOptions = {}): Scenario {
  const scenario = drawUsual(random, options);
  const roundTrip = Number(random.fork("slow").weighted(ROUND_TRIPS));
  // A host has half a second to say that it is starting an instance.
  const isSlow = roundTrip > 0 && scenario.workload !== "singletons";
  return isSlow ? slowed(scenario, roundTrip) : scenario;
}

/**
 * The same in a slow network: sessions outlast a few round trips, and operations wait for as many. (That a
 * frame takes many times as long as others is left out: nothing would ever come in time.)
 */
function slowed(scenario: Scenario, roundTrip: number): Scenario {
  const sessionTtl = SLOW_TTL + roundTrip;
  return {
    ...scenario,
    sessionTtl,
    timeout: 8 * roundTrip,
    duration: 4 * sessionTtl,
    calm: sessionTtl,
    network: {
      ...scenario.network,
      delay: [0.45 * roundTrip, 0.5 * roundTrip],
      tail: 0,
      slowLinks: 0,
    },
    stall: { chance: 0, longest: 0 },
  };
}

function drawUsual(random: Random, options: ScenarioOptions): Scenario {
  // From a stream of its own: so the rest of a seed's life stays what it is, whatever is done in it.
  const workload = options.workload ?? random.fork("workload").weighted(WORKLOADS);
  const count = Number(random.weighted({ 1: 2, 2: 3, 3: 60, 4: 5, 5: 30 }));
  const clientCount = random.chance(0.4) ? random.integer(1, 2) : 0;
  const sessionTtl = random.pick([200, 500, 1_000, 2_000, 5_000]);
  const shortest = random.pick([0.2, 1, 5]);
  const weight = () => random.chance(0.6) ? random.integer(1, 5) : 0;
  // In a storm one member after the other is lost, so that hardly any memory is older than some seconds.
  const isStorm = random.fork("storm").chance(0.2);
  return {
    workload,
    steals: workload === "steal",
    members: Array.from({ length: count }, (_, i) => `m${i + 1}`),
    clients: Array.from({ length: clientCount }, (_, i) => `c${i + 1}`),
    sessionTtl,
    timeout: random.pick([300, 1_000, 2_000, 4_000]),
    keys: random.integer(1, 5),
    concurrency: random.integer(1, 4),
    think: random.pick([10, 100, 500, 1_000]),
    bindings: {
      none: random.pick([0, 1, 10]),
      process: 40,
      foreignProcess: 15,
      node: random.pick([2, 20]),
      foreignNode: random.pick([2, 10]),
      key: 15,
      until: random.pick([5, 30]),
    },
    // From a stream of its own as well.
    hasty: random.fork("hasty").pick([0, 0.05, 0.5]),
    duration: 4 * sessionTtl + random.integer(3_000, 8_000),
    network: {
      loss: random.pick([0, 0, 0.02, 0.1, 0.3]),
      duplicate: random.pick([0, 0.02, 0.2]),
      delay: [shortest, shortest * random.pick([1.1, 3, 20])],
      tail: random.pick([0, 0.01, 0.1]),
      slowLinks: random.pick([0, 0, 0.2]),
    },
    faults: {
      partition: weight(),
      oneWayCut: weight(),
      pause: weight(),
      sleep: weight(),
      crash: (workload === "kv" ? weight() : Math.max(1, weight())) + (isStorm ? STORM : 0),
      close: random.chance(0.3) ? 1 : 0,
      replace: weight(),
      stepWall: weight(),
    },
    sniper: random.fork("sniper").pick([0, 0, 0.002, 0.01]),
    calm: (isStorm ? 0.2 : 1) * random.pick([500, 2_000, 4 * sessionTtl]),
    stall: random.chance(0.4)
      ? { chance: 0.001, longest: random.pick([20, 300, 2 * sessionTtl]) }
      : { chance: 0, longest: 0 },
    // From a stream of its own, as the workload.
    clockStep: sessionTtl < 500 ? 0 : Number(random.fork("clocks").weighted({ 0: 4, 100: 1 })),
    restart: options.restart ?? (random.chance(0.5) || workload !== "kv" || isStorm),
    // A cluster of one has nobody to copy from. From a stream of its own as well.
    reload: count > 1 ? drawReload(random.fork("reload")) : null,
  };
}
