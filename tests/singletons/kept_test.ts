import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memoryStorage } from "../../lib/storage/memory.ts";
import type { ChildContext, ChildSpec, KeptInstance, Restart } from "../../mod.ts";
import { hostOf } from "../support/node_kind.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { nextEvent } from "../support/wait.ts";
import { keyFor } from "./support/keys.ts";

/** Time to live of sessions, in milliseconds. */
const SESSION_TTL = 1_000;

/** Time for the end of a session and two checks, in milliseconds. */
const SOON = 3 * SESSION_TTL;

/** A few round trips on the virtual network, in milliseconds. */
const FEW_ROUND_TRIPS = 100;

interface Leader {
  args(): unknown[];
  exit(): void;
}

/** A spec of leaders, with a record of its instances on all nodes. */
class Leaders {
  readonly contexts: ChildContext[] = [];
  readonly args: unknown[][] = [];
  /** The times at which instances were started. */
  readonly times: number[] = [];
  /** The instances that still had an open signal when another one was started. */
  doubles = 0;
  fails = false;
  now: () => number = () => 0;
  readonly spec: ChildSpec<Leader, unknown[]>;

  constructor(restart?: Restart) {
    this.spec = {
      id: "leader",
      restart,
      start: (context, ...args) => {
        this.doubles += this.running.length;
        this.times.push(this.now());
        this.contexts.push(context);
        this.args.push(args);
        if (this.fails) throw new Error("no");
        return { args: () => args, exit: () => void context.exit() };
      },
    };
  }

  /** An entry for `hosts`. */
  kept(key = "k", ...args: unknown[]): KeptInstance {
    return { spec: this.spec, key, args };
  }

  /** The nodes with an instance that runs. */
  get running(): string[] {
    return this.contexts.filter(({ signal }) => !signal.aborted).map(({ node }) => node);
  }
}

async function startWith(leaders: Leaders, key = "k", size = 3): Promise<VirtualCluster> {
  const hosts = [leaders.kept(key, 7)];
  const options = { hosts, sessionTtl: SESSION_TTL, clients: true };
  const starting = VirtualCluster.start(size, options);
  const cluster = await starting;
  leaders.now = () => cluster.time.runtime.now();
  return cluster;
}

describe("an instance in hosts", () => {
  it("starts once when the cluster has a quorum, with its arguments, without a call", async () => {
    const leaders = new Leaders();
    await using cluster = await startWith(leaders);
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(leaders.args, [[7]]);
    await cluster.pass(SOON);
    assertEquals(leaders.contexts.length, 1);
    const [node] = cluster.nodes;
    assertEquals(await cluster.time.until(node.name("k", leaders.spec).args()), [7]);
  });

  for (const restart of [undefined, "temporary", "transient", "permanent"] as const) {
    it(`starts again elsewhere when its host is lost, with restart: ${restart}`, async () => {
      const leaders = new Leaders(restart);
      const key = keyFor("leader", ["n2", "n3", "n1"]);
      await using cluster = await startWith(leaders, key);
      await cluster.pass(FEW_ROUND_TRIPS);
      cluster.isolate("n2");
      await cluster.pass(SOON);
      assertEquals(leaders.contexts.map(({ node }) => node), ["n2", "n3"].map(hostOf));
      assertEquals([leaders.running, leaders.doubles], [[hostOf("n3")], 0]);
    });

    it(`starts again when it has ended by itself, with restart: ${restart}`, async () => {
      const leaders = new Leaders(restart);
      await using cluster = await startWith(leaders);
      await cluster.pass(5_000);
      const [node] = cluster.nodes;
      await cluster.time.until(node.name("k", leaders.spec).exit());
      await cluster.pass(FEW_ROUND_TRIPS);
      assertEquals([leaders.contexts.length, leaders.running.length], [2, 1]);
      assertEquals(leaders.args, [[7], [7]]);
    });
  }

  it("does not wait for the start of another one: 32 are started side by side", async () => {
    let started = 0;
    const slow: ChildSpec<object, []> = {
      id: "slow",
      start: () => {
        started++;
        return new Promise<object>(() => {});
      },
    };
    const hosts = Array.from({ length: 40 }, (_, key) => ({ spec: slow, key, args: [] as [] }));
    await using cluster = await VirtualCluster.start(1, { hosts, sessionTtl: SESSION_TTL });
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(started, 32);
    // The node's time limit.
    await cluster.pass(2_000);
    assertEquals(started, 40);
  });

  it("starts again after a majority has lost its memory", async () => {
    const leaders = new Leaders();
    await using cluster = await startWith(leaders);
    await cluster.pass(FEW_ROUND_TRIPS);
    const restarted = nextEvent(cluster.nodes[0], "restart");
    for (const id of ["n2", "n3"]) cluster.crashHost(id);
    for (const id of ["n2", "n3"]) await cluster.join(id);
    await cluster.time.until(restarted);
    await cluster.pass(10_000);
    assertEquals([leaders.running.length, leaders.doubles], [1, 0]);
  });

  it("runs all the time while one node after the other restarts: one start for each hand-over", async () => {
    const leaders = new Leaders();
    await using cluster = await startWith(leaders);
    await cluster.pass(FEW_ROUND_TRIPS);
    for (const id of cluster.members) {
      await cluster.pass(SOON);
      const before = leaders.contexts.length;
      const [host] = leaders.running;
      await cluster.time.until(cluster.host(id).close());
      assertEquals(leaders.contexts.length, before + (host === hostOf(id) ? 1 : 0));
      assertEquals(leaders.running.length, 1);
      cluster.crashHost(id);
      await cluster.time.until((await cluster.join(id)).ready);
    }
    await cluster.pass(SOON);
    assertLessOrEqual(leaders.contexts.length, 4);
    assertEquals([leaders.running.length, leaders.doubles], [1, 0]);
  });

  it("does not start again and again if it fails: all nodes together double their wait", async () => {
    const leaders = new Leaders();
    leaders.fails = true;
    await using cluster = await startWith(leaders, "k", 5);
    await cluster.pass(60_000);
    for (const [index, time] of leaders.times.slice(1).entries()) {
      const wait = time - leaders.times[index];
      // The first start comes before all nodes are ready.
      assert(index === 0 || wait >= 1_000 * 2 ** index, `wait ${index} took ${wait} ms`);
    }
    assert(leaders.times.length >= 5 && leaders.times.length <= 6, `${leaders.times}`);
  });

  it("gets the arguments of the node that runs it, also after others gave it different ones", async () => {
    const leaders = new Leaders();
    const key = keyFor("leader", ["n2", "n3", "n1"]);
    await using cluster = await startWith(leaders, key);
    await cluster.pass(FEW_ROUND_TRIPS);
    await cluster.time.until(cluster.host("n3").close());
    cluster.crashHost("n3");
    const newer = { hosts: [leaders.kept(key, "new")] };
    await cluster.time.until((await cluster.join("n3", newer)).ready);
    await cluster.pass(SOON);
    await cluster.time.until(cluster.host("n2").close());
    assertEquals(leaders.args, [[7], ["new"]]);
  });

  it("runs on any node that can host its spec, and is kept running by those that list it", async () => {
    const leaders = new Leaders();
    const key = keyFor("leader", ["n2", "n3", "n1"]);
    const options = { hosts: [leaders.spec], sessionTtl: SESSION_TTL, clients: true };
    await using cluster = await VirtualCluster.start(3, options);
    await cluster.time.until((await cluster.join("c", { hosts: [leaders.kept(key, 7)] })).ready);
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(leaders.args, [[7]]);
    const [host] = leaders.running;
    await cluster.pass(SOON);
    const ids = [...cluster.members, "c"];
    await cluster.time.until(cluster.host(ids.find((id) => hostOf(id) === host)!).close());
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals([leaders.contexts.length, leaders.running.length], [2, 1]);
    await cluster.time.until(cluster.node("c").close());
  });

  it("starts again after all nodes were stopped, whose storage has it", async () => {
    const leaders = new Leaders();
    const disks = new Map<string, ReturnType<typeof memoryStorage>>();
    const diskOf = (id: string) => {
      const disk = disks.get(id) ?? memoryStorage();
      disks.set(id, disk);
      return { storage: disk };
    };
    const hosts = [leaders.kept("k", 7)];
    await using cluster = await VirtualCluster.start(1, {
      hosts,
      sessionTtl: SESSION_TTL,
      ...diskOf("n1"),
    });
    await cluster.pass(FEW_ROUND_TRIPS);
    cluster.crashHost("n1");
    await cluster.time.until(cluster.host("n1").close());
    await cluster.time.until((await cluster.join("n1")).ready);
    await cluster.pass(SOON);
    assertEquals([leaders.contexts.length, leaders.running.length], [2, 1]);
  });
});
