import type { NetworkProfile } from "../../testing/network.ts";
import type { Random } from "../../testing/random.ts";
import { drawReload, type ReloadSpacing } from "./reload.ts";

/** The share of the runs with guests. */
const WITH_GUESTS = 0.3;

/** The share of the runs whose members have disks. */
const WITH_STORAGE = 0.15;

/** The share of the clusters without clients and guests that let some in nevertheless. */
const OPEN = 0.7;

/** The most members at a time. */
export const MOST_MEMBERS = 7;

/** The shortest session TTL of a guest, in milliseconds: a third of it has to be longer than a round trip. */
const SHORTEST_GUEST_TTL = 500;

/** The session TTLs of brief runs, in milliseconds, and the weights of the numbers of members that they begin with. */
const BRIEF_TTLS = [200, 500];
const BRIEF_MEMBERS = { 1: 3, 2: 3, 3: 8, 4: 1, 5: 1 };

/** The weights of round trips in milliseconds; 0 stands for far less than a session TTL. */
const ROUND_TRIPS = { 0: 15, 3_000: 1, 20_000: 1 };

/** The session TTL in a slow network minus a round trip, in milliseconds. */
const SLOW_TTL = 10_000;

/** The additional weight of crashes in a storm. */
const STORM = 10;

/** The kinds of faults. */
export type FaultKind =
  /** The network is partitioned into groups. */
  | "partition"
  /** One node receives nothing from another one, which may still receive from it. */
  | "oneWayCut"
  /** A node stops for a while, possibly for longer than its session TTL. */
  | "pause"
  /** As "pause", and its monotonic clock stops meanwhile. */
  | "sleep"
  /** A node ends without a message. */
  | "crash"
  /** A node leaves in an orderly way. */
  | "close"
  /** A second process starts under the id of a member that is still up, and takes its place. */
  | "replace"
  /** A wall clock is set, forward or back. */
  | "stepWall";

/** The workload of the users of a run. */
export type Workload =
  /** Keys that are set once: put, claim, read, list, watch. */
  | "kv"
  /** Locks without thefts. */
  | "locks"
  /** Locks, some of which are stolen. */
  | "steal"
  /** Instances that are started, called and kept running. */
  | "singletons"
  /** Cells: values that are set, compared, updated and deleted. */
  | "cells";

/** The weight of each workload. */
const WORKLOADS: Readonly<Record<Workload, number>> = {
  kv: 4,
  locks: 3,
  steal: 1,
  singletons: 3,
  cells: 2,
};

/** All workloads. */
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly Workload[];

/** The kinds of bindings of a value; an unbound value stays on its key for good. */
export type BindingKind =
  | "none"
  | "process"
  | "foreignProcess"
  | "node"
  | "foreignNode"
  | "key"
  | "until";

/** The properties of a run that are drawn from its seed at the beginning. */
export interface Scenario {
  readonly workload: Workload;
  /** Whether locks may be stolen. */
  readonly steals: boolean;
  /** The members of the first list. */
  readonly members: readonly string[];
  /** The ids of further nodes that may become members; with one, the list changes. */
  readonly spares: readonly string[];
  /** The longest wait between two changes of the list, in milliseconds; `null`: it does not change. */
  readonly changes: number | null;
  /** The ids of the nodes that never vote. */
  readonly clients: readonly string[];
  /** The names of the guests, which meet the cluster through its members: `~g1`. */
  readonly guests: readonly string[];
  /** The session TTL of all nodes, in milliseconds. */
  readonly sessionTtl: number;
  /** The time that operations look for a quorum, in milliseconds. */
  readonly timeout: number;
  /** The number of keys. */
  readonly keys: number;
  /** The number of users per node; each usually has one operation under way. */
  readonly concurrency: number;
  /** The longest wait between two operations of one user, in milliseconds. */
  readonly think: number;
  /** The weights of the kinds of bindings. */
  readonly bindings: Readonly<Record<BindingKind, number>>;
  /** The probability that a put of a process has little time and its process exits at about that time. */
  readonly hasty: number;
  /** The duration of faults and new operations, in milliseconds. */
  readonly duration: number;
  readonly network: NetworkProfile;
  /** The weights of the kinds of faults. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** The probability that the sender of a frame with an `accept` is cut off after the frame has arrived. */
  readonly sniper: number;
  /** The longest wait between two faults, in milliseconds. */
  readonly calm: number;
  /** The probability that a reading of the clock stalls, and the longest stall in milliseconds. */
  readonly stall: { readonly chance: number; readonly longest: number };
  /** The resolution of all clocks, in milliseconds, as in some browsers; 0 for no rounding. */
  readonly clockStep: number;
  /** Whether members that go down start again, without their memory; and whether some are replaced. */
  readonly restart: boolean;
  /**
   * Whether members have disks, which survive crashes, also of all members at once. Then no second process runs beside
   * another one: it would have to wait for the disk.
   */
  readonly storage: boolean;
  /** The spacing of a reload of all members at the end, while their processes run; `null` for no reload. */
  readonly reload: ReloadSpacing | null;
}

/** Choices that override the seed. */
export interface ScenarioOptions {
  /** See {@linkcode Scenario.workload}. Default: drawn from the seed. */
  readonly workload?: Workload;
  /** See {@linkcode Scenario.restart}. Default: drawn from the seed. */
  readonly restart?: boolean;
  /** Whether members have disks. Default: drawn from the seed. */
  readonly storage?: boolean;
  /** Whether the list of members changes. Default: drawn from the seed. */
  readonly changes?: boolean;
  /** Whether there are guests, as far as the network is fast enough for them. Default: drawn from the seed. */
  readonly guests?: boolean;
  /**
   * Whether runs are brief, for searches with many seeds: sessions are short, so that as many faults and more changes of
   * the list fit into less time, there are fewer members at the beginning and fewer users, and no reload. Default: `false`.
   */
  readonly brief?: boolean;
}

/** The scenario of a seed. */
export function drawScenario(random: Random, options: ScenarioOptions = {}): Scenario {
  const scenario = drawUsual(random, options);
  if (options.brief === true) return briefly(scenario, random.fork("brief"));
  const roundTrip = Number(random.fork("slow").weighted(ROUND_TRIPS));
  // A host has half a second to report that it is starting an instance.
  const isSlow = roundTrip > 0 && scenario.workload !== "singletons";
  return isSlow ? slowed(scenario, roundTrip) : scenario;
}

/** The scenario in less time, and with less load. */
function briefly(scenario: Scenario, random: Random): Scenario {
  const sessionTtl = random.pick(BRIEF_TTLS);
  const { changes, calm, concurrency, think, stall } = scenario;
  return {
    ...scenario,
    sessionTtl,
    guests: sessionTtl < SHORTEST_GUEST_TTL ? [] : scenario.guests,
    changes: changes && random.pick([200, 2 * sessionTtl]),
    concurrency: Math.min(concurrency, 2),
    think: Math.max(think, 100),
    timeout: Math.min(scenario.timeout, 2_000),
    duration: 5 * sessionTtl + random.integer(2_000, 4_000),
    calm: Math.min(calm, 1_000),
    stall: stall.chance === 0
      ? stall
      : { ...stall, longest: Math.min(stall.longest, 2 * sessionTtl) },
    clockStep: sessionTtl < 500 ? 0 : scenario.clockStep,
    reload: null,
  };
}

/**
 * The scenario in a slow network: the session TTL exceeds a round trip, and operations wait for several round
 * trips. It has no tail and no slow links, because such frames would never arrive in time.
 */
function slowed(scenario: Scenario, roundTrip: number): Scenario {
  const sessionTtl = SLOW_TTL + roundTrip;
  return {
    ...scenario,
    changes: scenario.changes && 2 * sessionTtl,
    // A ticket lasts for a third of the time to live, which is less than a round trip here.
    guests: [],
    sessionTtl,
    timeout: 8 * roundTrip,
    duration: (scenario.changes === null ? 4 : 5) * sessionTtl,
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

function drawGuests(random: Random, wanted: boolean | undefined): string[] {
  if (!(random.chance(WITH_GUESTS) && wanted === undefined) && wanted !== true) return [];
  return Array.from({ length: random.integer(1, 3) }, (_, i) => `~g${i + 1}`);
}

/** Only a cluster that lets clients in can change its list: a node is one before it is a member, and after. */
function drawChanges(
  random: Random,
  members: number,
  others: number,
  { changes }: ScenarioOptions,
): string[] {
  const isOpen = random.chance(OPEN) || others > 0;
  const wanted = Number(random.weighted({ 1: 3, 2: 4, 3: 2, 6: 1 }));
  if (!(changes ?? isOpen)) return [];
  const count = Math.min(wanted, MOST_MEMBERS - members);
  return Array.from({ length: count }, (_, i) => `m${members + i + 1}`);
}

function drawUsual(random: Random, options: ScenarioOptions): Scenario {
  // A separate stream, so that the other draws of a seed do not depend on the workload option.
  const workload = options.workload ?? random.fork("workload").weighted(WORKLOADS);
  const usual = Number(random.weighted({ 1: 2, 2: 3, 3: 60, 4: 5, 5: 30 }));
  const count = options.brief === true ? Number(random.fork("few").weighted(BRIEF_MEMBERS)) : usual;
  const clientCount = random.chance(0.4) ? random.integer(1, 2) : 0;
  const sessionTtl = random.pick([200, 500, 1_000, 2_000, 5_000]);
  const shortest = random.pick([0.2, 1, 5]);
  const weight = () => random.chance(0.6) ? random.integer(1, 5) : 0;
  // In a storm members crash one after the other, so that hardly any memory is older than a few seconds.
  const isStorm = random.fork("storm").chance(0.2);
  // A separate stream, so that seeds without disks keep their course.
  const hasStorage = random.fork("storage").chance(WITH_STORAGE);
  const storage = options.storage ?? (hasStorage && options.restart !== false);
  // A separate stream, so that seeds without guests keep their course.
  const guests = sessionTtl < SHORTEST_GUEST_TTL
    ? []
    : drawGuests(random.fork("guests"), options.guests);
  const others = clientCount + guests.length;
  const changing = random.fork("changes");
  const spares = drawChanges(changing, count, others, options);
  return {
    workload,
    steals: workload === "steal",
    members: Array.from({ length: count }, (_, i) => `m${i + 1}`),
    spares,
    changes: spares.length === 0 ? null : changing.pick([200, 2_000, 2 * sessionTtl]),
    clients: Array.from({ length: clientCount }, (_, i) => `c${i + 1}`),
    guests,
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
    // A separate stream as well.
    hasty: random.fork("hasty").pick([0, 0.05, 0.5]),
    // A cluster that lets clients in grants no sessions for the first TTL.
    duration: (spares.length > 0 ? 5 : 4) * sessionTtl + random.integer(3_000, 8_000),
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
      replace: weight() * (storage ? 0 : 1),
      stepWall: weight(),
    },
    sniper: random.fork("sniper").pick([0, 0, 0.002, 0.01]),
    calm: (isStorm ? 0.2 : 1) * random.pick([500, 2_000, 4 * sessionTtl]),
    stall: random.chance(0.4)
      ? { chance: 0.001, longest: random.pick([20, 300, 2 * sessionTtl]) }
      : { chance: 0, longest: 0 },
    // A separate stream, as for the workload.
    clockStep: sessionTtl < 500 ? 0 : Number(random.fork("clocks").weighted({ 0: 4, 100: 1 })),
    restart: options.restart ?? (random.chance(0.5) || workload !== "kv" || isStorm || storage),
    storage,
    // A single member has no other one to copy from. A separate stream as well.
    reload: count > 1 && !storage ? drawReload(random.fork("reload")) : null,
  };
}
