import { installModules } from "../../tasks/node_modules.ts";
import { Random } from "../../testing/random.ts";
import { turn } from "../support/wait.ts";
import { Book } from "./book.ts";
import type { Breakage } from "./broken.ts";
import { Cluster } from "./process_cluster.ts";
import { Nemesis } from "./nemesis.ts";
import { Operations } from "./operations.ts";
import type { Over } from "./orders.ts";
import { drawChanges } from "./changes_plan.ts";
import { drawPhases } from "./plan.ts";
import { type Gap, Progress } from "./progress.ts";
import { proveWorking, verifySettled } from "./proofs.ts";
import { Resource } from "./resource.ts";
import { Users } from "./users.ts";

/** The parameters of a run. */
export interface ChaosOptions {
  readonly seed: string;
  readonly over: Over;
  /** The run ends after the phase in which this time passes, in milliseconds, or after `phases` phases. */
  readonly duration?: number;
  readonly phases?: number;
  /** The `sessionTtl` of all nodes, in milliseconds; the faults scale with it. Default: 1,000. */
  readonly sessionTtl?: number;
  /** Whether the members change: the first one is alone at the beginning. Default: `false`. */
  readonly changes?: boolean;
  /** Breaks every node in these ways, on purpose. */
  readonly broken?: readonly Breakage[];
  /** Whether the resource checks tokens. Default: `true`. */
  readonly fenced?: boolean;
  /** The folder for logs. */
  readonly folder: string;
  /** Called with a line for each phase and other event. */
  readonly print: (line: string) => void;
}

/** The result of a run. */
export interface ChaosResult {
  /** The broken guarantees; empty if there is none. */
  readonly violations: readonly string[];
  /** Duration of the faults, in milliseconds. */
  readonly time: number;
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly sizes: Book["sizes"];
  readonly visits: { readonly accepted: number; readonly refused: number };
  /** Number of values that were acknowledged for ever, and verified. */
  readonly verified: number;
  readonly longestGap: Gap | null;
  readonly longestLastingGap: Gap | null;
  readonly longestAfterKill: Gap | null;
  readonly afterKills: readonly number[];
  readonly slowestReturn: number;
  readonly slowestHealing: number;
  /** Greatest uncertainty of the offset of a process's clock, in milliseconds. */
  readonly uncertainty: number;
}

/** The nodes and their runtimes. */
const MEMBERS = { m1: "node", m2: "deno", m3: "bun", m4: "node", m5: "deno" } as const;
const CLIENTS = { c1: "bun" } as const;

/** The shortest `sessionTtl` that works with this number of processes on a small machine, in milliseconds. */
const SESSION_TTL = 1_000;

/** Longest time without a finished operation for a healthy node, in milliseconds. */
const LONGEST_GAP = 2_000;

/** Limit for operations to end after the last fault, in milliseconds. */
const PATIENCE = 30_000;

/** Limit for a process to end by itself after it has closed, in milliseconds. */
const LEAVING = 10_000;

/** Violations that are reported at most; further ones add no information. */
const MAX_VIOLATIONS = 50;

/** Starts a cluster, runs users and faults, and returns the violations. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  await installModules();
  const run = new Run(options);
  try {
    return await run.live();
  } finally {
    await run.close();
  }
}

class Run {
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #sessionTtl: number;
  readonly #violations: string[] = [];
  readonly #book = new Book();
  readonly #progress = new Progress({ waited: (id) => this.#cluster.waited(id) });
  readonly #resource: Resource;
  readonly #cluster: Cluster;
  readonly #operations: Operations;
  readonly #users: Users;
  readonly #nemesis: Nemesis;
  #uncertainty = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#sessionTtl = options.sessionTtl ?? SESSION_TTL;
    this.#resource = Resource.start(options.fenced ?? true);
    this.#cluster = new Cluster({
      members: MEMBERS,
      clients: CLIENTS,
      ...options.changes && { list: Object.keys(MEMBERS).slice(0, 1) },
      over: options.over,
      sessionTtl: this.#sessionTtl,
      broken: () => options.broken ?? [],
      resource: this.#resource.url,
      folder: options.folder,
      onEvent: (event, clock) => this.#book.event(event, clock),
    });
    const [cluster, book, progress] = [this.#cluster, this.#book, this.#progress];
    const report = (violation: string) => this.#report(violation);
    this.#operations = new Operations(book, progress, report);
    const operations = this.#operations;
    this.#users = new Users(cluster, book, operations, this.#random.fork("users"));
    const note = (what: string) => this.#note(what);
    this.#nemesis = new Nemesis({ cluster, book, progress, operations, note, report });
  }

  async live(): Promise<ChaosResult> {
    const cluster = this.#cluster;
    const progress = this.#progress;
    await Promise.all(cluster.stations.map((station) => cluster.start(station)));
    const missing = await cluster.isWhole(cluster.stations, PATIENCE);
    if (missing !== null) throw new Error(`the cluster does not start: ${missing}`);
    this.#note("all processes are up");
    const begun = performance.now();
    for (const { id } of cluster.stations) progress.heal(id);
    this.#users.start();
    const whole = await this.#attack(begun);
    const time = performance.now() - begun;
    await this.#end(whole);
    this.#judge();
    return {
      violations: this.#violations,
      time,
      outcomes: this.#operations.counts,
      faults: this.#nemesis.counts,
      sizes: this.#book.sizes,
      visits: { accepted: this.#resource.visits.length, refused: this.#resource.refused },
      verified: this.#nemesis.verified,
      longestGap: progress.longest,
      longestLastingGap: progress.longestLasting,
      longestAfterKill: progress.longestAfterKill,
      afterKills: progress.afterKills,
      slowestReturn: this.#nemesis.slowestReturn,
      slowestHealing: this.#nemesis.slowestHealing,
      uncertainty: this.#uncertainty,
    };
  }

  /** Runs the phases; resolves to false if the cluster did not become whole again. */
  async #attack(begun: number): Promise<boolean> {
    const { duration = Infinity, phases = Infinity } = this.#options;
    const [members, clients] = [Object.keys(MEMBERS), Object.keys(CLIENTS)];
    const cast = { members, clients, sessionTtl: this.#sessionTtl };
    let count = 0;
    const draw = this.#options.changes ? drawChanges : drawPhases;
    for (const phase of draw(cast, this.#random.fork("nemesis"))) {
      if (count++ >= phases || performance.now() - begun >= duration) break;
      if (!await this.#nemesis.run(phase)) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#progress.close();
    await this.#cluster.close();
    await this.#resource.close();
  }

  /** Checks that all operations end, all nodes work, no value is lost, and every node can leave. */
  async #end(whole: boolean): Promise<void> {
    const cluster = this.#cluster;
    this.#progress.close();
    const stopped = this.#users.stop();
    const late = await Promise.race([stopped.then(() => false), turn(PATIENCE).then(() => true)]);
    if (late) {
      for (const label of this.#operations.pending) this.#report(`never completed: ${label}`);
      return;
    }
    if (!whole) return;
    this.#note("users have stopped");
    const missing = await cluster.isWhole(cluster.stations, PATIENCE);
    if (missing !== null) return this.#report(`not whole at the end: ${missing}`);
    const [book, operations] = [this.#book, this.#operations];
    for (const station of cluster.stations) {
      for (const failure of await proveWorking(station, book, operations)) this.#report(failure);
    }
    const { read, lost } = await verifySettled(cluster, book, operations);
    this.#nemesis.verified += read;
    for (const loss of lost) this.#report(loss);
    await Promise.all(cluster.stations.map(async ({ id, remote }) => {
      if (remote === null) return;
      await remote.tell({ do: "close" });
      await remote.hangUp();
      const left = await Promise.race([remote.exited, turn(LEAVING)]);
      if (left === undefined) this.#report(`${id} has closed, but its process does not end`);
      else if (left.code !== 0) this.#report(`the process of ${id} ended with code ${left.code}`);
      this.#uncertainty = Math.max(this.#uncertainty, remote.clock.uncertainty);
    }));
    this.#note("all processes have left");
  }

  #judge(): void {
    const { longest, longestAfterKill } = this.#progress;
    for (const gap of new Set([longest, longestAfterKill])) {
      if (gap === null || gap.time <= LONGEST_GAP) continue;
      const { node, time, after } = gap;
      this.#report(`${node} finished nothing for ${time.toFixed(0)} ms of its own after ${after}`);
    }
    try {
      for (const violation of this.#book.check(this.#resource.visits)) this.#report(violation);
    } catch (error) {
      this.#report(`the histories cannot be judged: ${error}`);
    }
  }

  #note(what: string): void {
    this.#options.print(`${new Date().toISOString().slice(11)}  ${what}`);
  }

  #report(violation: string): void {
    this.#note(`VIOLATION: ${violation}`);
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(violation);
  }
}
