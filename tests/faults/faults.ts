import { Cluster, type Station } from "../chaos/process_cluster.ts";
import type { Over } from "../chaos/orders.ts";
import type { Runtime } from "../../tasks/suites.ts";
import { Load, type Window } from "./load.ts";

/** The faults, one at a time, of one of three members. */
export const FAULTS = ["SIGKILL", "SIGSTOP", "cut", "restart"] as const;
export type Fault = typeof FAULTS[number];

/** The duration of a fault, and the time that is observed before and after it, in milliseconds. */
const DURATION = 2_000;
const AROUND = 1_000;

/** The limit for the cluster to be whole again, in milliseconds. */
const PATIENCE = 30_000;

/** What the other two members did around one fault. */
export interface Observed {
  readonly before: Window;
  /** From the beginning of the fault until it ends. */
  readonly during: Window;
  /** From its end until the cluster was whole, and a while longer. */
  readonly after: Window;
  /** From the end of the fault until the cluster was whole, in milliseconds. */
  readonly healing: number;
}

/** The parameters of a run. */
export interface FaultsOptions {
  readonly over: Over;
  readonly runtime: Runtime;
  /** The folder for the logs of the processes. */
  readonly folder: string;
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

/** Three members, each in its own process, with default times, under a steady load. */
export class FaultyCluster {
  readonly #cluster: Cluster;
  readonly #load: Load;
  #next = 0;

  private constructor(cluster: Cluster, load: Load) {
    this.#cluster = cluster;
    this.#load = load;
  }

  /** Starts the processes and the load. */
  static async start({ over, runtime, folder }: FaultsOptions): Promise<FaultyCluster> {
    const cluster = new Cluster({
      members: { a: runtime, b: runtime, c: runtime },
      clients: {},
      over,
      sessionTtl: 5_000,
      broken: () => [],
      resource: "http://127.0.0.1:1",
      folder,
      onEvent: () => {},
    });
    await Promise.all(cluster.stations.map((station) => cluster.start(station)));
    const missing = await cluster.isWhole(cluster.members, PATIENCE);
    if (missing !== null) throw new Error(`the cluster does not start: ${missing}`);
    const load = new Load(cluster.stations);
    load.start();
    await pause(2 * AROUND);
    return new FaultyCluster(cluster, load);
  }

  /** Has one fault happen to the members in turn; observes the others. */
  async suffer(fault: Fault): Promise<Observed> {
    const stations = this.#cluster.stations;
    const victim = stations[this.#next++ % stations.length];
    const rest = stations.filter((station) => station !== victim).map(({ id }) => id);
    const start = performance.now();
    await pause(AROUND);
    const begun = performance.now();
    await this.#begin(fault, victim);
    await pause(Math.max(0, begun + DURATION - performance.now()));
    const ended = performance.now();
    await this.#end(fault, victim);
    const missing = await this.#cluster.isWhole(this.#cluster.members, PATIENCE);
    if (missing !== null) throw new Error(`not whole after ${fault}: ${missing}`);
    const healed = performance.now();
    await pause(AROUND);
    return {
      before: this.#load.window(rest, start, start, begun),
      during: this.#load.window(rest, start, begun, ended),
      after: this.#load.window(rest, start, ended, performance.now()),
      healing: healed - ended,
    };
  }

  /** Ends the load and the processes. */
  async close(): Promise<void> {
    this.#load.stop();
    await this.#cluster.close();
  }

  async #begin(fault: Fault, victim: Station): Promise<void> {
    switch (fault) {
      case "SIGKILL":
        return await this.#cluster.kill(victim);
      case "SIGSTOP":
        return victim.remote?.stop();
      case "cut":
        for (const { id } of this.#cluster.stations) {
          if (id === victim.id) continue;
          this.#cluster.network.cut(id, victim.id);
          this.#cluster.network.cut(victim.id, id);
        }
        return;
      case "restart":
        await victim.remote?.tell({ do: "close" });
        return await this.#cluster.kill(victim);
    }
  }

  async #end(fault: Fault, victim: Station): Promise<void> {
    switch (fault) {
      case "SIGKILL":
      case "restart":
        return await this.#cluster.start(victim);
      case "SIGSTOP":
        return victim.remote?.go();
      case "cut":
        return this.#cluster.network.heal();
    }
  }
}
