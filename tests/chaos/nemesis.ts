import { turn } from "../support/wait.ts";
import type { Book } from "./book.ts";
import type { Cluster, Station } from "./process_cluster.ts";
import type { Operations } from "./operations.ts";
import { type Blow, type Change, describePhase, type Fault, type Phase } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { verifySettled } from "./proofs.ts";

/** Limit for a process to work, and for the cluster to be whole, in milliseconds. */
const PATIENCE = 30_000;

/** Limit for a change of the members in all, and for one try; wait before the next one. Milliseconds. */
const CHANGE_PATIENCE = 120_000;
const CHANGE_TIMEOUT = 40_000;
const RETRY = 200;

/** How a change may end that is tried again: its node is gone, or cut off, or another step is under way. */
const CHANGE_ENDS: ReadonlySet<string> = new Set([
  ...["gone", "closed", "replaced", "no_quorum", "not_ready", "members_changing", "TimeoutError"],
]);

/** Interval at which connections are reset during a `reset` fault, in milliseconds. */
const RESET = 100;

/** The parts of a run that the nemesis uses. */
export interface NemesisOptions {
  readonly cluster: Cluster;
  readonly book: Book;
  readonly progress: Progress;
  readonly operations: Operations;
  readonly note: (what: string) => void;
  readonly report: (violation: string) => void;
}

/** Applies the faults of a plan to a cluster; between phases it makes all members whole. */
export class Nemesis {
  /** Number of faults of each kind. */
  readonly counts: Record<string, number> = {};
  /** The longest time until a killed member worked again, from the start of its process; milliseconds. */
  slowestReturn = 0;
  /** The longest time until the cluster was whole, from the end of the last fault of a phase; milliseconds. */
  slowestHealing = 0;
  /** Number of acknowledged values that were verified before they were lost on purpose. */
  verified = 0;
  readonly #options: NemesisOptions;
  readonly #stations: ReadonlyMap<string, Station>;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#stations = new Map(options.cluster.stations.map((station) => [station.id, station]));
  }

  /** Runs one phase. Resolves to false if the members are not whole at its end. */
  async run(phase: Phase): Promise<boolean> {
    const { note, cluster, progress, report } = this.#options;
    await turn(phase.calm);
    note(describePhase(phase));
    if ("blow" in phase) await this.#strike(phase.blow);
    else {
      const { faults, change } = phase;
      const changes = change === undefined ? [] : [this.#change(change)];
      await Promise.all([...faults.map((fault) => this.#do(fault)), ...changes]);
    }
    const begun = performance.now();
    const missing = await cluster.isWhole(cluster.members, PATIENCE);
    const healing = performance.now() - begun;
    if (missing !== null) {
      report(`not whole ${healing.toFixed(0)} ms after ${describePhase(phase)}: ${missing}`);
      return false;
    }
    note(`whole after ${healing.toFixed(0)} ms`);
    this.slowestHealing = Math.max(this.slowestHealing, healing);
    for (const station of cluster.stations) {
      // Only a client itself makes its connections, and it may retry only some seconds later.
      if (cluster.isPresent(station) || await cluster.isWhole([station], 0) === null) {
        progress.heal(station.id);
      }
    }
    return true;
  }

  /** Changes the members, by another node if one does not succeed. */
  async #change({ caller, to }: Change): Promise<void> {
    const { cluster, note, report } = this.#options;
    const end = performance.now() + CHANGE_PATIENCE;
    const callers = [caller, ...this.#stations.keys()];
    for (let tried = 0; performance.now() < end; tried++) {
      const { remote } = this.#stations.get(callers[tried % callers.length])!;
      const order = { do: "change", list: to, timeout: CHANGE_TIMEOUT } as const;
      const outcome = await remote?.tell(order).catch(() => undefined);
      if (outcome !== undefined && outcome.error === undefined) {
        cluster.list = to;
        this.#count("change");
        return;
      }
      const error = outcome?.error;
      const name = error?.code ?? error?.name ?? "gone";
      note(`the change is tried again: ${name}`);
      if (!CHANGE_ENDS.has(name)) report(`the change to ${to.join(" ")} failed: ${error?.message}`);
      await turn(RETRY);
    }
    report(`the members are not ${to.join(" ")} after ${CHANGE_PATIENCE} ms`);
  }

  async #do(fault: Fault): Promise<void> {
    const { progress } = this.#options;
    const station = this.#stations.get(fault.node)!;
    await turn(fault.after);
    this.#count(fault.kind);
    if (fault.kind !== "kill") progress.impair(fault.node); // kills are recorded separately
    switch (fault.kind) {
      case "kill":
        return await this.#kill(station, fault.duration);
      case "replace":
        return await this.#replace(station, fault.duration);
      case "pause":
      case "long pause":
        return await this.#stop([station], fault.duration);
      case "isolate":
      case "deafen":
      case "mute":
        return await this.#cutOff(fault.kind, station, fault.duration, fault.mend);
      case "cut":
      case "one-way cut": {
        const { node, other, mend } = fault;
        const directions: [string, string][] = [[node, other]];
        if (fault.kind === "cut") directions.push([other, node]);
        return await this.#cut(directions, fault.duration, mend);
      }
      case "slow":
        return await this.#slow(station, fault.delay, fault.duration);
      case "reset":
        return await this.#reset(station, fault.duration);
    }
  }

  async #kill(station: Station, duration: number): Promise<void> {
    const { cluster, progress } = this.#options;
    progress.killed(station.id);
    await cluster.kill(station);
    await turn(duration);
    await this.#inTurn(() => this.#start(station));
  }

  /** Restarts the processes one at a time: the next one starts when the last one works. */
  async #inTurn(start: () => Promise<void>): Promise<void> {
    const before = this.#starting;
    this.#starting = (async () => {
      await before;
      await start();
    })();
    await this.#starting;
  }

  async #replace(station: Station, duration: number): Promise<void> {
    const { cluster, report } = this.#options;
    const late = turn(duration);
    await this.#inTurn(async () => {
      const older = await cluster.replace(station);
      if (!await cluster.works(station, PATIENCE)) {
        report(`another process of ${station.id} does not work after ${PATIENCE} ms`);
      }
      // It learns of its replacement from the other members.
      if (!await cluster.isReplaced(older, PATIENCE)) {
        report(`the older process of ${station.id} does not know that it was replaced`);
      }
      await late;
      await older.kill();
      station.isBeingReplaced = false;
    });
  }

  async #start(station: Station): Promise<void> {
    const { cluster, report } = this.#options;
    const begun = performance.now();
    await cluster.start(station);
    // Members do not wait for a client.
    if (!cluster.isPresent(station)) return;
    if (!await cluster.works(station, PATIENCE)) {
      report(`${station.id} was started again, but does not work after ${PATIENCE} ms`);
    }
    this.slowestReturn = Math.max(this.slowestReturn, performance.now() - begun);
  }

  async #stop(stations: readonly Station[], duration: number): Promise<void> {
    const remotes = stations.map(({ remote }) => remote!);
    for (const remote of remotes) remote.stop();
    await turn(duration);
    for (const remote of remotes) remote.go();
  }

  async #cutOff(
    kind: "isolate" | "deafen" | "mute",
    { id }: Station,
    duration: number,
    mend: "late" | "reset",
  ): Promise<void> {
    const others = this.#others(id);
    const directions: [string, string][] = [];
    if (kind !== "deafen") { for (const other of others) directions.push([id, other]); }
    if (kind !== "mute") { for (const other of others) directions.push([other, id]); }
    await this.#cut(directions, duration, mend);
  }

  async #cut(
    directions: readonly [from: string, to: string][],
    duration: number,
    mend: "late" | "reset",
  ): Promise<void> {
    const { network } = this.#options.cluster;
    for (const [from, to] of directions) network.cut(from, to);
    await turn(duration);
    if (mend === "reset") { for (const [from, to] of directions) network.reset(from, to); }
    for (const [from, to] of directions) network.mend(from, to);
  }

  async #slow({ id }: Station, delay: number, duration: number): Promise<void> {
    const { network } = this.#options.cluster;
    const set = (delay: number) => {
      for (const other of this.#others(id)) {
        network.slow(id, other, delay);
        network.slow(other, id, delay);
      }
    };
    set(delay);
    await turn(duration);
    set(0);
  }

  async #reset({ id }: Station, duration: number): Promise<void> {
    const { network } = this.#options.cluster;
    for (const end = performance.now() + duration;;) {
      for (const other of this.#others(id)) network.reset(id, other);
      if (performance.now() >= end) return;
      await turn(RESET);
    }
  }

  async #strike(blow: Blow): Promise<void> {
    const { cluster, progress } = this.#options;
    this.#count(blow.kind);
    if (blow.kind !== "forget") { for (const { id } of cluster.stations) progress.impair(id); }
    switch (blow.kind) {
      case "no majority": {
        const directions: [string, string][] = [];
        for (const group of blow.groups) {
          for (const from of group) {
            for (const other of blow.groups) {
              if (other !== group) { for (const to of other) directions.push([from, to]); }
            }
          }
        }
        return await this.#cut(directions, blow.duration, "late");
      }
      case "stop all":
        return await this.#stop(cluster.members, blow.duration);
      case "forget":
        return await this.#forget(blow.nodes, blow.duration);
    }
  }

  async #forget(nodes: readonly string[], duration: number): Promise<void> {
    const { cluster, book, progress, operations, report } = this.#options;
    const { read, lost } = await verifySettled(cluster, book, operations);
    this.verified += read;
    for (const loss of lost) report(loss);
    for (const { id } of cluster.stations) progress.impair(id);
    book.endEra();
    const stations = nodes.map((id) => this.#stations.get(id)!);
    await Promise.all(stations.map((station) => cluster.kill(station)));
    await turn(duration);
    await Promise.all(stations.map((station) => cluster.start(station)));
    // If the cluster does not start again, the end of the phase reports it.
    if (await cluster.isWhole(cluster.members, PATIENCE) === null) book.beginEra();
  }

  #others(id: string): string[] {
    return [...this.#stations.keys()].filter((other) => other !== id);
  }

  #count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
