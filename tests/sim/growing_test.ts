import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { type ClusterNode, partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame } from "../../lib/codec.ts";
import { SimulatedNetwork } from "../../testing/network.ts";
import { Observer, observeVotes } from "./observer.ts";
import { drawScenario } from "./scenario.ts";
import { Cluster, type Station } from "./simulated_cluster.ts";
import { Simulation } from "../../testing/simulation.ts";
import { sleep } from "./users.ts";
import { World } from "./world.ts";

/** Seeds: each has its own clocks, delays and losses, and crashes at other moments. */
const SEEDS = 1;

const SESSION_TTL = 500;

/** A cluster that begins with one member, on a network that loses and reorders frames; all nodes put, get and lock. */
class GrowingCluster {
  readonly simulation: Simulation;
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly violations: string[] = [];
  /** The values that were acknowledged. */
  readonly stored = new Map<string, string>();
  /** The tokens of the lock that all want, in the order of the grants. */
  readonly tokens: number[] = [];
  operations = 0;
  #over = false;

  constructor(seed: string, storage: boolean) {
    this.simulation = new Simulation(seed);
    const { random } = this.simulation;
    const network = new SimulatedNetwork(this.simulation, random.fork("network"));
    network.profile = { loss: 0.02, duplicate: 0.02, delay: [0.5, 5], tail: 0.01, slowLinks: 0 };
    const scenario = {
      ...drawScenario(random, { workload: "kv", guests: false, storage }),
      ...{ members: ["w1"], spares: ["w2", "w3", "w4", "w5"], changes: 1, clients: ["c1"] },
      ...{ sessionTtl: SESSION_TTL, timeout: 4_000, clockStep: 0, restart: true },
      stall: { chance: 0, longest: 0 },
    };
    const report = (violation: string) => void this.violations.push(violation);
    this.cluster = new Cluster(this.simulation, network, scenario, report);
    const world = new World(this.simulation, () => this.cluster.stations);
    this.observer = new Observer(world, this.cluster.lists, report);
    network.listen((_from, _to, frame, time) => {
      const decoded = decodeFrame(frame);
      if (decoded.ok) this.observer.frame(decoded.frame, time);
    });
    this.cluster.onStart((station) => {
      for (const user of [1, 2]) void this.#work(station, `${station.name}.${user}`);
    });
  }

  /** Lets time pass until `promise` is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    promise.then(() => isSettled = true, () => isSettled = true);
    assert(await this.simulation.run(this.simulation.time + 60_000, () => isSettled), "it lasts");
    return await promise;
  }

  async pass(duration: number): Promise<void> {
    await this.simulation.run(this.simulation.time + duration);
  }

  /** The latest process of a node, ready. */
  async node(id: string): Promise<ClusterNode> {
    const station = () => this.cluster.up.findLast((one) => one.id === id && one.ready);
    const isReady = () => station() !== undefined;
    assert(await this.simulation.run(this.simulation.time + 60_000, isReady), `${id} is not ready`);
    return station()!.node!;
  }

  /** Ends a process, and starts the node again after a while: until it is ready, or waits to be added. */
  async restart(id: string): Promise<void> {
    this.cluster.crash(this.cluster.up.findLast((one) => one.id === id)!);
    await this.pass(200);
    this.cluster.boot(id);
    const isThere = () =>
      this.waits(id) || this.cluster.up.some((one) => one.id === id && one.ready);
    assert(await this.simulation.run(this.simulation.time + 60_000, isThere), `${id} is not back`);
  }

  /** Whether a node was started with a list that names it, and knows that it is no member. */
  waits(id: string): boolean {
    const station = this.cluster.up.find((one) => one.id === id);
    if (station === undefined || !this.cluster.waits(station)) return false;
    return partsOf(station.node!).engine.place?.standing === "outside";
  }

  /** The users end what they do. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.pass(10_000);
  }

  async #work(station: Station, name: string): Promise<void> {
    const node = station.node!;
    await node.ready;
    for (let i = 0; !this.#over; i++) {
      const key = `${name}.${i}`;
      const put = await node.kv.put(key, key);
      if (put.ok) this.stored.set(key, key);
      else this.violations.push(`${key}: put ended as ${put.error}`);
      const got = await node.kv.get(key);
      if (!got.ok || got.value !== key) {
        this.violations.push(`${key}: get ended as ${JSON.stringify(got)}`);
      }
      const request = node.locks.request("lock", (lock) => void this.tokens.push(lock!.token));
      await request.catch((error) => this.violations.push(`${key}: the lock ended as ${error}`));
      this.operations += 3;
      await sleep(station.machine, 20);
    }
  }
}

describe("a cluster that grows and shrinks in the simulator, under load (section 11)", () => {
  for (const storage of [false, true]) {
    const what = storage ? ", with disks" : "";
    it(`from one member to three, five, the last two, and five again: all that has a majority succeeds${what}`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const world = new GrowingCluster(`growing ${seed}`, storage);
        const { cluster, observer, violations, stored, tokens } = world;
        const unobserve = observeVotes(observer);
        try {
          cluster.start();
          const client = await world.node("c1");
          for (const id of cluster.candidates) await world.node(id);
          await world.until(client.changeMembers(["w1", "w2", "w3"]));
          await world.restart("w2");
          const all = ["w1", "w2", "w3", "w4", "w5"];
          await world.until((await world.node("w2")).changeMembers(all));
          // The machines that are about to leave come and go while they do.
          const shrunk = (await world.node("w5")).changeMembers(["w4", "w5"]);
          await world.pass(2 * SESSION_TTL);
          await world.restart("w1");
          await world.until(shrunk);
          assertEquals([...cluster.lists.members], ["w4", "w5"], `seed ${seed}`);
          // Started with a list that names it, it is no client: operators are told to give it the new one.
          while (world.waits("w1")) await world.restart("w1");
          await world.restart("w4");
          await world.until((await world.node("w1")).changeMembers(all));
          for (const id of ["w4", "w5"]) await world.restart(id);
          await world.stop();
          assertEquals(violations, [], `seed ${seed}`);
          for (const station of cluster.up) {
            for (const [key, value] of stored) {
              if (!key.endsWith("0")) continue;
              const got = await world.until(station.node!.kv.get(key));
              assertEquals(got, { ok: true, value }, `seed ${seed}: ${station.name} gets ${key}`);
            }
          }
          for (let i = 1; i < tokens.length; i++) assertGreater(tokens[i], tokens[i - 1]);
          assertGreater(world.operations, 500);
          for (const station of cluster.up) cluster.close(station);
          await world.pass(10_000);
          observer.finish();
          assertEquals(violations, [], `seed ${seed}`);
        } finally {
          unobserve();
        }
      }
    });
  }
});
