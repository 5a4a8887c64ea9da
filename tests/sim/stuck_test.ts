import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { Random } from "../../testing/random.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { Lives } from "../recovery/support/lives.ts";

/** The number of histories per kind of cluster. */
const SEEDS = 10;

/** Waits between two faults, in milliseconds: they fall into every kind of round. */
const WAITS = [0, 1, 2, 3, 5, 8, 15, 30, 60, 120, 400, 1_500];

/** The time until all nodes must have a quorum with all members up and connected, in milliseconds. */
const PATIENCE = 20_000;

/** A cluster whose members crash and start again, alone or together, and are partitioned. */
class History {
  readonly time = new VirtualTime();
  readonly cluster: Lives;
  readonly log: string[] = [];
  readonly #random: Random;
  readonly #up = new Set<string>();

  constructor(size: number, clients: boolean, seed: number) {
    this.#random = new Random(`stuck ${size} ${clients} ${seed}`);
    const sessionTtl = this.#random.pick([200, 1_000, 3_000]);
    const maxSessionTtl = 2 * sessionTtl;
    const { time } = this;
    this.cluster = new Lives(size, { time, clients, sessionTtl, maxSessionTtl, timeout: 1_000 });
  }

  async run(): Promise<void> {
    const { members } = this.cluster;
    for (const id of members) if (this.#random.chance(0.9)) await this.#start(id);
    for (let faults = this.#random.integer(3, 12); faults > 0; faults--) {
      await this.time.pass(this.#random.pick(WAITS));
      await this.#fault();
    }
    this.cluster.network.heal();
    for (const id of members) if (!this.#up.has(id)) await this.#start(id);
    this.log.push(`${this.#now} all are up`);
  }

  /** Lets time pass until every node has a quorum; returns false if that does not happen in time. */
  async comesTogether(clients: readonly ClusterNode[]): Promise<boolean> {
    const end = this.time.runtime.now() + PATIENCE;
    const nodes = [...this.cluster.nodes, ...clients];
    while (!nodes.every((node) => node.hasQuorum)) {
      if (this.time.runtime.now() > end) return false;
      await this.time.pass(100);
    }
    return true;
  }

  async #fault(): Promise<void> {
    const { members, network } = this.cluster;
    const some = members.filter(() => this.#random.chance(0.5));
    switch (this.#random.integer(0, 4)) {
      case 0:
      case 1:
        return await this.#restart([this.#random.pick(members)]);
      case 2:
        return await this.#restart(some);
      case 3:
        this.log.push(`${this.#now} ${some.join(" ")} lose sight of the others`);
        return network.partition([...some], members.filter((id) => !some.includes(id)));
      default:
        this.log.push(`${this.#now} all see each other`);
        return network.heal();
    }
  }

  async #restart(ids: readonly string[]): Promise<void> {
    const up = ids.filter((id) => this.#up.delete(id));
    this.log.push(`${this.#now} crash of ${up.join(" ")}`);
    this.cluster.crash(...up);
    await this.time.pass(this.#random.pick([0, 3, 30]));
    for (const id of ids) if (this.#random.chance(0.8)) await this.#start(id);
  }

  async #start(id: string): Promise<void> {
    this.log.push(`${this.#now} ${id} starts`);
    this.#up.add(id);
    await this.cluster.start(id);
  }

  get #now(): string {
    return this.time.runtime.now().toFixed(0);
  }
}

describe("after the last fault, with all members up and connected (section 12)", () => {
  for (const size of [1, 2, 3, 4, 5]) {
    for (const clients of [false, true]) {
      const kind = `a cluster of ${size}, ${clients ? "with" : "without"} clients,`;
      it(`${kind} has a quorum again after any history`, async () => {
        for (let seed = 0; seed < SEEDS; seed++) {
          const history = new History(size, clients, seed);
          const { cluster, time, log } = history;
          const client = clients ? [await cluster.start("client")] : [];
          await history.run();
          const what = `seed ${seed}:\n${log.join("\n")}`;
          assert(await history.comesTogether(client), what);
          const [first] = cluster.nodes;
          const last = client[0] ?? cluster.nodes.at(-1);
          valueOf(await time.until(first.kv.put("k", 1)));
          valueOf(await time.until(last.kv.get("k")));
          const lock = await time.until(last.lock("lock", { timeout: 10_000 }));
          await time.until(lock.release());
          await cluster[Symbol.asyncDispose]();
        }
      });
    }
  }
});
