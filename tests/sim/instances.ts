import type { AnySpec, ChildContext, ChildSpec, Restart } from "../../lib/singletons/spec.ts";
import type { KeptInstance } from "../../lib/singletons/hosts.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import type { Executions } from "../checkers/executions.ts";
import { type Owner, Owners } from "../checkers/owners.ts";
import { StateWrites } from "../checkers/state_writes.ts";
import { type ClusterNode, partsOf } from "../../lib/cluster/cluster_node.ts";
import type { Random } from "../../testing/random.ts";
import { sleep } from "./users.ts";
import { wasAborted, type World } from "./world.ts";

/** The methods of an instance; each gets the number of its call. */
export interface Worker {
  add(call: number): Done | Promise<Done>;
  wait(call: number, duration: number): Promise<Done>;
  fail(call: number): never;
  leave(call: number): Promise<Done>;
  items(call: number, count: number): AsyncIterable<Item>;
}

/** An item of a stream: the number of the call, the token of the instance, and the number of the item, from 1. */
export type Item = [call: number, token: number, number: number];

/** The result of a method: the number of the call, the token of the instance, and its count of calls. */
export type Done = [call: number, token: number, count: number];

/** One instance, seen from outside. */
interface Running {
  readonly station: Station;
  readonly name: string;
  readonly context: ChildContext;
  readonly owner: Owner;
  /** The number of calls under way. */
  executing: number;
  /** When it was first seen that its session is over although its signal has not aborted. */
  over: number | undefined;
}

/**
 * Restart policy, whether calls may overlap, whether the instances always have to run, and whether they have a state
 * that outlives them.
 */
interface Kind {
  readonly restart: Restart;
  readonly concurrent: boolean;
  readonly kept?: boolean;
  readonly lasting?: boolean;
}

/** What an instance leaves: the number of its last write, and its token. */
interface Left {
  readonly number: number;
  readonly by: number;
}

/** The specs. */
export const SPECS: Readonly<Record<string, Kind>> = {
  temporary: { restart: "temporary", concurrent: false },
  permanent: { restart: "permanent", concurrent: false, lasting: true },
  transient: { restart: "transient", concurrent: false },
  concurrent: { restart: "temporary", concurrent: true },
  kept: { restart: "transient", concurrent: false, kept: true, lasting: true },
};

/** The permitted lateness of the timer for the deadline of a session, in milliseconds. */
const LATENESS = 10;

/** An instance that ends sooner than that counts as a failed start, in milliseconds; with room for fast clocks. */
const SHORT_LIFE = 1_100;

/** The time that a start may take after the wait for it, in milliseconds: hosts look for it now and then. */
const LATE_START = 5_000;

/** The instances on the nodes that can host singletons, and the checks that they make. */
export class Instances {
  readonly #cluster: Cluster;
  readonly #world: World;
  readonly #executions: Executions;
  readonly #report: (violation: string) => void;
  readonly #random: Random;
  readonly #owners: Owners;
  readonly #writes: StateWrites;
  readonly #running = new Set<Running>();
  /** The generators that have begun and have not ended: their machines, and what they are. */
  readonly #generators = new Map<symbol, { station: Station; name: string }>();
  /** The token of the newest instance that has begun, by key. */
  readonly #newest = new Map<string, number>();
  /** Ends in a row that came too soon, as a failed start does, by key, and when the latest one was. */
  readonly #failures = new Map<string, { count: number; at: number }>();
  /** The tokens of the instances that a call has ended. */
  readonly #left = new Set<number>();
  #over = false;
  /** The keys of the instances that always have to run. */
  kept: readonly string[] = [];

  /** Nodes that start from now on can host instances. */
  constructor(
    cluster: Cluster,
    world: World,
    executions: Executions,
    report: (violation: string) => void,
  ) {
    this.#cluster = cluster;
    this.#world = world;
    this.#executions = executions;
    this.#report = report;
    this.#random = cluster.simulation.random.fork("instances");
    this.#owners = new Owners(report);
    this.#writes = new StateWrites(report);
    cluster.hosts = (station) => this.#specsOf(station);
    cluster.onStart((station) => {
      // Everything in a session ends in the same turn as the session, including a process that is just about
      // to end when the node notices the loss.
      station.node!.addEventListener("sessionlost", ({ detail }) => {
        queueMicrotask(() => this.#lost(detail.session));
      });
    });
  }

  get counts(): { owners: number; looks: number; states: number } {
    return { ...this.#owners.counts, states: this.#writes.size };
  }

  /** From now on instances neither delay nor fail on their own. */
  stop(): void {
    this.#over = true;
  }

  /** Checks all instances at `time`, which is now. */
  judge(time: number): void {
    this.#owners.judge(time);
    for (const running of this.#running) {
      const { machine } = running.station;
      if (machine.crashed || running.owner.believes(time)) continue;
      running.over ??= time;
      const { over, station } = running;
      const late = Math.max(over, machine.lateUntil, this.#world.timerUntil(station));
      if (time <= late + this.#lateness) continue;
      this.#report(`${running.name}, and was not told that it is over since ${running.over}`);
      this.#running.delete(running);
    }
  }

  /** Whether an instance must be kept running and does not run, long after the last fault. */
  missing(key: string, spec: string, time: number): boolean {
    const newest = this.#newest.get(key);
    const { restart, kept = false } = SPECS[spec];
    if (newest === undefined) return kept;
    const isKept = kept || restart === "permanent" ||
      (restart === "transient" && !this.#left.has(newest));
    return isKept && !this.#waits(key, time) && this.#owners.of(key, time).length !== 1;
  }

  /** Whether an instance may wait for its next start, since it has ended too soon. */
  #waits(key: string, time: number): boolean {
    const failures = this.#failures.get(key);
    if (failures === undefined) return false;
    return time - failures.at < Math.min(60_000, 1_000 * 2 ** (failures.count - 1)) + LATE_START;
  }

  /** An instance has ended that began at `begun`. */
  #ended(key: string, begun: number): void {
    const { simulation: { time } } = this.#cluster;
    const before = this.#failures.get(key)?.count ?? 0;
    if (time - begun < SHORT_LIFE) this.#failures.set(key, { count: before + 1, at: time });
    else this.#failures.delete(key);
  }

  /** Checks that no instance and no generator runs after all nodes have closed. */
  finish(): void {
    for (const { station, name } of this.#generators.values()) {
      if (!station.machine.crashed) this.#report(`${name} goes on after the end`);
    }
    for (const { station, name } of this.#running) {
      if (!station.machine.crashed) this.#report(`${name} outlasts its node`);
    }
  }

  /** Whether the node can host this spec; the same in all of its lives. */
  hosts({ id, isGuest }: Station, spec: string): boolean {
    return !isGuest && this.#random.fork(`${id} hosts ${spec}`).chance(0.7);
  }

  #specsOf(station: Station): (AnySpec | KeptInstance)[] {
    const random = this.#random.fork(`instances on ${station.name}`);
    return Object.entries(SPECS).filter(([id]) => this.hosts(station, id)).flatMap((
      [id, { restart, concurrent, kept }],
    ) => {
      const spec: ChildSpec<Worker, []> = {
        id,
        restart,
        concurrent,
        start: (context) => this.#start(station, random, id, context),
        stop: () => this.#linger(station, random, 0.3, 50),
      };
      return kept ? [spec, ...this.kept.map((key) => ({ spec, key }))] : [spec];
    });
  }

  /** The `start` function of an instance. */
  async #start(
    station: Station,
    random: Random,
    spec: string,
    context: ChildContext,
  ): Promise<Worker> {
    const { simulation } = this.#cluster;
    const { machine } = station;
    const { pid, token, signal } = context;
    const key = `${spec}/${context.key}`;
    const name = `${station.name} runs ${key} @${token}`;
    const owner: Owner = {
      key,
      name: station.name,
      of: context,
      shared: false,
      token,
      believes: (time) =>
        !machine.crashed && !wasAborted(signal) && this.#world.isSessionOpen(pid.session, time),
    };
    const running: Running = { station, name, context, owner, executing: 0, over: undefined };
    simulation.note(name);
    this.#newest.set(key, Math.max(token, this.#newest.get(key) ?? 0));
    this.#world.spawned({ station, process: { pid, signal } });
    const now = machine.time;
    const begun = simulation.time;
    // The members believe in a session a little longer: the signal of the instance decides.
    if (wasAborted(signal)) this.#report(`${name}, but begins when it is over`);
    else this.#running.add(running);
    const begin = () => {
      if (!wasAborted(signal)) this.#owners.began(owner, now);
    };
    if (now > simulation.time) simulation.at(now, begin);
    else begin();
    signal.addEventListener("abort", () => {
      simulation.note(`${name}: over`);
      this.#running.delete(running);
      this.#owners.ended(owner);
      this.#ended(key, begun);
    }, { once: true });
    await this.#linger(station, random, 0.2, 300);
    if (!this.#over && random.chance(0.1)) throw named("StartFailed", name);
    const { concurrent, lasting } = SPECS[spec];
    return this.#worker(running, concurrent, lasting ? await this.#open(running) : undefined);
  }

  /** Opens the state of an instance; returns how it writes. */
  async #open({ station, context, owner, name }: Running): Promise<() => Promise<void>> {
    const { token } = context;
    // What a majority loss has ended is no predecessor.
    const key = `${owner.key} of ${partsOf(station.node as ClusterNode).engine.record?.id}`;
    const state = await context.state<Left>("log", { number: 0, by: 0 }).catch(() => {
      throw named("StartFailed", name);
    });
    this.#writes.opened(key, token, state.value.number, state.value.by);
    return async () => {
      const { number } = await state.update((left) => ({ number: left.number + 1, by: token }));
      this.#writes.written(key, token, number);
    };
  }

  /** Sometimes waits; not at the end, because no timer may be left after the nodes have closed. */
  async #linger(station: Station, random: Random, chance: number, longest: number): Promise<void> {
    if (this.#over || !random.chance(chance)) return;
    await sleep(station.machine, random.between(0, longest));
  }

  #worker(running: Running, concurrent: boolean, write?: () => Promise<void>): Worker {
    const { station, context, owner } = running;
    const { machine } = station;
    const { token } = context;
    let count = 0;
    const execute = (call: number): void => {
      const { time } = machine;
      // Calls of a node to itself are in no frame, nor are those of a guest whose gateway is the host.
      const caller = this.#executions.callerOf(call);
      const seen = caller !== station.name && caller?.startsWith("~") !== true;
      this.#executions.began(call, owner.key, token, time, seen);
      if (!owner.believes(time)) {
        this.#report(`${running.name}, and executes ${call} when it is over`);
      }
      if (running.executing > 0 && !concurrent) {
        this.#report(`${running.name}, and executes ${call} before another call is over`);
      }
      this.#act(running);
    };
    const during = async (call: number, work: () => Promise<void>): Promise<Done> => {
      execute(call);
      running.executing++;
      await work().finally(() => running.executing--);
      this.#act(running);
      return [call, token, ++count];
    };
    return {
      add: (call) => {
        if (write !== undefined) {
          const failed = () => {
            throw named("CallFailed", `call ${call}`);
          };
          return during(call, () => write().catch(failed));
        }
        execute(call);
        return [call, token, ++count];
      },
      wait: (call, duration) => during(call, () => sleep(machine, duration)),
      fail: (call) => {
        execute(call);
        throw named("CallFailed", `call ${call}`);
      },
      items: (call, count) => {
        execute(call);
        return this.#generate(running, call, count);
      },
      leave: (call) => {
        this.#left.add(token);
        return during(call, () => context.exit());
      },
    };
  }

  /** Makes items, each after a while. */
  async *#generate(running: Running, call: number, count: number): AsyncGenerator<Item> {
    const { station, context: { token }, name } = running;
    const own = Symbol();
    this.#generators.set(own, { station, name: `${name}, and the generator of call ${call}` });
    try {
      for (let number = 1; number <= count; number++) {
        // At the end it makes them at once, so that no timer is left.
        if (!this.#over) await sleep(station.machine, number * 7 % 40);
        this.#act(running);
        yield [call, token, number];
      }
    } finally {
      this.#generators.delete(own);
    }
  }

  /** An action that only one instance may take; it checks its signal first. */
  #act({ station: { machine }, context: { signal, pid }, owner, name }: Running): void {
    const [aborted, time] = [signal.aborted, machine.time];
    if (aborted) return;
    if (!this.#world.isSessionOpen(pid.session, time)) {
      this.#report(`${name}, and its signal is open though its session is over`);
    }
    const { simulation } = this.#cluster;
    if (time > simulation.time) simulation.at(time, () => this.#owners.acts(owner, time));
    else this.#owners.acts(owner, time);
  }

  #lost(session: string): void {
    for (const { context, name } of this.#running) {
      if (context.pid.session !== session || wasAborted(context.signal)) continue;
      this.#report(`${name}, and goes on though its session was lost`);
    }
  }

  /** The permitted delay between the deadline and the abort of a signal by its timer, in milliseconds. */
  get #lateness(): number {
    const { faults, sessionTtl, clockStep } = this.#cluster.scenario;
    // The timer follows the monotonic clock, which may be rounded, and may stop while the wall clock continues
    // or is set.
    return LATENESS + clockStep + (faults.sleep + faults.stepWall > 0 ? sessionTtl : 0);
  }
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
