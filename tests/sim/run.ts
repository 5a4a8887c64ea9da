import { decodeFrame } from "../../lib/codec.ts";
import { decodeUp } from "../../lib/codec/guest_frame.ts";
import { onInvariantFailure } from "../../lib/paxos/invariant.ts";
import { Cluster, DRIFT } from "./simulated_cluster.ts";
import { describeFrame } from "../../testing/describe_frame.ts";
import { Faults } from "./faults.ts";
import { withoutReality } from "./guard.ts";
import { CellUsers } from "./cell_users.ts";
import { KvUsers } from "./kv_users.ts";
import { LockUsers } from "./lock_users.ts";
import { Nemesis } from "./nemesis.ts";
import { isGuest, SimulatedNetwork } from "../../testing/network.ts";
import { Reload } from "./reload.ts";
import { Observer, observeVotes } from "./observer.ts";
import { drawScenario, type Scenario, type ScenarioOptions } from "./scenario.ts";
import { Simulation } from "../../testing/simulation.ts";
import { SingletonUsers } from "./singleton_users.ts";
import type { Users } from "./users.ts";
import { within } from "./within.ts";
import { World } from "./world.ts";

/** Options of {@linkcode runSeed}. */
export interface RunOptions extends ScenarioOptions {
  /** Called with a line for each event. */
  readonly trace?: (line: string) => void;
  /** Whether the trace shows every frame. Default: `false`. */
  readonly frames?: boolean;
}

/** The result of a seed. */
export interface RunResult {
  readonly seed: string;
  /** The same for every run of this seed with this code. */
  readonly fingerprint: string;
  /** The violations; none if the run is good. */
  readonly violations: readonly string[];
  readonly scenario: Scenario;
  /** The choices that override the seed. */
  readonly options: ScenarioOptions;
  /** Counts of the run. */
  readonly statistics: {
    /** Milliseconds of virtual time. */
    readonly time: number;
    readonly events: number;
    readonly frames: number;
    readonly lost: number;
    /** Chosen proposals. */
    readonly chosen: number;
    /** Counts of the checks of this workload. */
    readonly judged: Readonly<Record<string, number>>;
    /** Ended operations of users. */
    readonly operations: number;
    readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly faults: Readonly<Record<string, number>>;
  };
}

/** The most violations that are kept: further ones tell nothing new. */
const MAX_VIOLATIONS = 20;

/** The most events of a run: one with more does not come to rest. */
const MAX_EVENTS = 3_000_000;

/** The time for the cluster to recover after the last fault, at least and at most, besides sessions, in milliseconds. */
const RECOVERY_AT_LEAST = 1_000;
const RECOVERY = 10_000;

/** The time between two looks at whether all nodes have recovered, in milliseconds. */
const LOOK = 250;

/** The time for operations to end after that, in milliseconds: all have a time limit. */
const PATIENCE = 20_000;

/** The time in which a change of the list ends that was left half-way, besides sessions, in milliseconds. */
const LONGEST_CHANGE = 40_000;

/** The time in which a node that was added last finds that out, in milliseconds: it asks once a second, and answers get lost. */
const LONGEST_ADMISSION = 5_000;

/** Runs a whole cluster with the scenario and faults of the seed, and makes all checks. */
export async function runSeed(seed: string, options: RunOptions = {}): Promise<RunResult> {
  const violations: string[] = [];
  const simulation = new Simulation(seed, options.trace);
  const report = (violation: string) => {
    simulation.comment(() => `VIOLATION: ${violation}`);
    if (violations.length < MAX_VIOLATIONS) {
      violations.push(`at ${simulation.time.toFixed(3)} ms: ${violation}`);
    }
  };
  const scenario = drawScenario(simulation.random.fork("scenario"), options);
  simulation.note(`seed ${seed}: ${JSON.stringify(scenario)}`);
  const run = new Run(simulation, scenario, report, options.frames ?? false);
  const unobserve = observeVotes(run.observer);
  // Also those whose errors a part of a node has caught.
  const ignore = onInvariantFailure(({ message }) => report(`an invariant failed: ${message}`));
  try {
    await withoutReality(report, () => run.live());
  } catch (error) {
    report(error instanceof Error ? error.stack ?? error.message : String(error));
  } finally {
    unobserve();
    ignore();
  }
  return {
    seed,
    fingerprint: simulation.fingerprint.toString(),
    violations,
    scenario,
    options: {
      restart: options.restart,
      workload: options.workload,
      changes: options.changes,
      guests: options.guests,
      storage: options.storage,
      brief: options.brief,
    },
    statistics: {
      time: simulation.time,
      events: simulation.events,
      frames: run.network.counts.sent,
      lost: run.network.counts.lost,
      chosen: run.observer.chosen,
      judged: run.users.judged,
      operations: run.users.operations.ended,
      outcomes: { ...run.users.operations.counts, ...run.nemesis.operations.counts },
      faults: { ...run.faults.counts, ...run.nemesis.counts },
    },
  };
}

/** One run: its parts, and the order in which things happen. */
class Run {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly users: Users;
  readonly faults: Faults;
  readonly nemesis: Nemesis;
  readonly #scenario: Scenario;
  readonly #report: (violation: string) => void;

  constructor(
    simulation: Simulation,
    scenario: Scenario,
    report: (violation: string) => void,
    showFrames: boolean,
  ) {
    this.simulation = simulation;
    this.#scenario = scenario;
    this.#report = report;
    this.network = new SimulatedNetwork(simulation, simulation.random.fork("network"));
    this.cluster = new Cluster(simulation, this.network, scenario, report);
    const world = new World(simulation, () => this.cluster.stations);
    this.observer = new Observer(world, this.cluster.lists, report, scenario.steals);
    this.users = this.#makeUsers(world);
    this.faults = new Faults(this.cluster);
    this.nemesis = new Nemesis(this.cluster, report);
    this.#watchGuests(world);
    this.network.listen((from, to, frame, time) => {
      simulation.fingerprint.text(`${from}>${to}`);
      simulation.fingerprint.number(time);
      simulation.fingerprint.bytes(frame);
      if (isGuest(from) || isGuest(to)) return;
      const decoded = decodeFrame(frame);
      if (!decoded.ok) {
        report(`${from} sends ${to} a malformed frame: ${JSON.stringify(decoded)}`);
        return;
      }
      this.observer.frame(decoded.frame, time);
      this.users.frame?.(decoded.frame);
      if (showFrames) simulation.comment(() => `${from} > ${to}: ${describeFrame(frame)}`);
    });
  }

  /** Notes which locks the guests want to leave: a member removes their requests for them. */
  #watchGuests(world: World): void {
    this.network.listenToGuests((name, life, frame) => {
      const decoded = decodeUp(frame);
      if (!decoded.ok) return this.#report(`${name} sends a malformed frame: ${decoded.reason}`);
      for (const message of decoded.frame.messages) {
        if (message.type !== "run" || message.operation.type !== "unlock") continue;
        const { session, request } = message.operation;
        world.leaves(`${name}/${life}/${session}/${request}`);
      }
    });
  }

  #makeUsers(world: World): Users {
    switch (this.#scenario.workload) {
      case "kv":
        return new KvUsers(this.cluster, this.observer, world, this.#report);
      case "locks":
      case "steal":
        return new LockUsers(this.cluster, this.observer.chain, this.#report);
      case "cells":
        return new CellUsers(this.cluster, this.#report);
      case "singletons":
        return new SingletonUsers(this.cluster, world, this.#report);
    }
  }

  /** Runs from the start of the first node to the end of the last one, and makes all checks. */
  async live(): Promise<void> {
    const { cluster, faults, nemesis, users } = this;
    const { duration, sessionTtl } = this.#scenario;
    cluster.start();
    faults.start();
    nemesis.start();
    await this.#run(duration);
    nemesis.stop();
    await this.#reload();
    users.stop();
    faults.heal();
    await this.#recover();
    await this.#run(PATIENCE, () => users.operations.pending.length === 0);
    // What was left half-way is finished by the members, one change after the other.
    await this.#run(LONGEST_CHANGE + 6 * sessionTtl, () => !cluster.isChanging);
    if (cluster.lists.areChanging) {
      this.#report(`never settled: ${JSON.stringify(cluster.lists.latest)}`);
    }
    await this.#run(LONGEST_ADMISSION, () => this.#notReady().length === 0);
    const pending = [...users.operations.pending, ...nemesis.operations.pending];
    for (const label of pending) this.#report(`never completed: ${label}`);
    for (const id of this.#notReady()) this.#report(`${id} is up, but not ready`);
    await this.#finale();
    await this.#close();
    this.observer.finish();
    users.finish();
  }

  /** The members that are up and are not ready. */
  #notReady(): string[] {
    const { cluster } = this;
    const isUp = (id: string) =>
      cluster.stations.some((one) => one.id === id && !one.down && !one.closing);
    return cluster.missingMembers.filter(isUp);
  }

  /** Sessions of lost nodes end, clocks that were set back catch up, `until` passes, and all nodes have a quorum. */
  async #recover(): Promise<void> {
    const { cluster, simulation } = this;
    const { sessionTtl } = this.#scenario;
    const latest = simulation.time + RECOVERY + 3 * sessionTtl;
    const least = Math.max(RECOVERY_AT_LEAST, this.users.lasting ?? 0);
    await this.#run(least + 3 * sessionTtl);
    while (simulation.time < latest && !cluster.isWhole) await this.#run(LOOK);
  }

  /** Starts all members again while they run and work, if the scenario says so and all of them are up. */
  async #reload(): Promise<void> {
    const { cluster, faults, simulation } = this;
    const { reload: spacing, sessionTtl } = this.#scenario;
    if (spacing === null) return;
    faults.heal();
    const reload = new Reload(cluster, spacing);
    await this.#run(RECOVERY + 3 * sessionTtl, () => reload.isWhole);
    if (!reload.isWhole) return;
    simulation.note(`everything is reloaded: ${spacing}`);
    faults.counts.reload = 1;
    reload.begin();
    // A longest time to live is how long turns may take (section 7), and slow networks are remembered.
    await this.#run(RECOVERY + sessionTtl, () => reload.isOver);
    if (!reload.isOver) this.#report(`everything was reloaded, and is not back: ${reload}`);
    await this.#run(2 * sessionTtl);
  }

  /** Without faults all nodes use all keys, locks or singletons once more. */
  async #finale(): Promise<void> {
    const up = this.cluster.up.filter(({ ready }) => ready);
    if (up.length === 0) return this.#report("no node is left");
    await this.users.finale({
      up,
      within: (promise) => this.#within(promise),
      pass: (duration) => this.#run(duration),
    });
    this.observer.checkReleased(this.simulation.time);
  }

  /** Closes all nodes, and checks that no timer or transport is left. */
  async #close(): Promise<void> {
    const { cluster, simulation } = this;
    const { timeout } = this.#scenario;
    // Replaced nodes have closed by themselves, unless they were the last ones.
    const left = cluster.stations.filter((station) => !station.down && station.node !== null);
    for (const station of left) {
      const at = simulation.time;
      cluster.close(station);
      // The timeout runs by the node's own clock, which may be slow.
      await this.#run(timeout * (1 + DRIFT) + 1_000, () => station.down);
      if (!station.down) {
        this.#report(`${station.name} does not close in ${simulation.time - at} ms`);
      }
    }
    await this.#run(100);
    for (const { name, machine } of left) {
      if (machine.timers > 0) {
        this.#report(`${name} has closed, but ${machine.timers} timers are set`);
      }
    }
    if (this.network.open > 0) this.#report(`${this.network.open} transports are still open`);
  }

  /** Lets `duration` milliseconds pass, or fewer if `done` returns true earlier. */
  async #run(duration: number, done?: () => boolean): Promise<void> {
    const { simulation } = this;
    await simulation.run(simulation.time + duration, () => {
      if (simulation.events > MAX_EVENTS) throw new Error(`more than ${MAX_EVENTS} events`);
      this.users.judge(simulation.time);
      return done?.() ?? false;
    });
  }

  /**
   * Lets time pass until `promise` is settled; `undefined` if that takes too long. Operations have the time limit
   * of the nodes: after a slow network, retries are still paced by its round trips.
   */
  #within<T>(promise: Promise<T>): Promise<T | undefined> {
    const patience = Math.max(PATIENCE, this.#scenario.timeout * (1 + DRIFT));
    return within(promise, (isOver) => this.#run(patience, isOver), this.#report);
  }
}
