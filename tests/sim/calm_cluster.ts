import { assert } from "@std/assert";
import { Cluster, type Station } from "./simulated_cluster.ts";
import { CALM, SimulatedNetwork } from "../../testing/network.ts";
import { drawScenario } from "./scenario.ts";
import { Simulation } from "../../testing/simulation.ts";

/** The round trip between any two nodes, in milliseconds of virtual time. */
export const ROUND_TRIP = 2;

/** Three members and a client on a network whose delay is constant, unless there is a `jitter`, a share of it; their clocks are up to 5 % apart. */
export class CalmCluster {
  readonly simulation: Simulation;
  readonly cluster: Cluster;

  constructor(seed: string, sessionTtl: number, jitter = 0) {
    this.simulation = new Simulation(seed);
    const { random } = this.simulation;
    const network = new SimulatedNetwork(this.simulation, random.fork("network"));
    const delay = ROUND_TRIP / 2;
    network.profile = { ...CALM, delay: [delay * (1 - jitter), delay * (1 + jitter)] };
    const scenario = {
      ...drawScenario(random, { workload: "locks", changes: false, guests: false }),
      members: ["m1", "m2", "m3"],
      clients: ["c1"],
      sessionTtl,
      timeout: 2_000,
      stall: { chance: 0, longest: 0 },
      clockStep: 0,
    };
    this.cluster = new Cluster(this.simulation, network, scenario, (violation) => {
      throw new Error(violation);
    });
  }

  /** Starts all nodes; returns the members, then the client, when all are ready. */
  async start(): Promise<Station[]> {
    this.cluster.start();
    const { stations } = this.cluster;
    const ready = () => stations.length === 4 && stations.every(({ ready }) => ready);
    assert(await this.simulation.run(10_000, ready));
    return [...stations].sort((one, other) => Number(other.isMember) - Number(one.isMember));
  }

  /** The result of `promise`, and its duration in virtual milliseconds. */
  async measure<T>(promise: Promise<T>): Promise<{ value: T; took: number }> {
    const start = this.simulation.time;
    let result: { value: T } | undefined;
    promise.then((value) => result = { value });
    assert(await this.simulation.run(start + 60_000, () => result !== undefined));
    return { value: result!.value, took: this.simulation.time - start };
  }

  /** Lets `duration` milliseconds pass. */
  async pass(duration: number): Promise<void> {
    await this.simulation.run(this.simulation.time + duration);
  }
}
