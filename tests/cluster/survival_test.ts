import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { collectEvents } from "../support/wait.ts";

/**
 * Longest operation while members are lost, in milliseconds of virtual time. An operation takes a few round
 * trips of 1 ms: with no leader to elect, nothing waits for the lost members. The limit allows for one
 * message that is sent again, and for nodes that refuse each other a few times while they list their keys at
 * the same time and complete what some have missed. It does not allow for a wait for a session or a timeout.
 */
const LONGEST = 250;

/** Puts and reads some keys, each node separately; returns the duration of the slowest operation. */
function work(
  { time }: VirtualCluster,
  nodes: readonly ClusterNode[],
  name: string,
): Promise<number> {
  const slowest = Promise.all(nodes.map((node) => workOf(node, name, time.runtime)));
  return time.until(slowest.then((each) => Math.max(...each)));
}

async function workOf(node: ClusterNode, name: string, runtime: Runtime): Promise<number> {
  let slowest = 0;
  const timed = async <T>(operation: Promise<T>): Promise<T> => {
    const started = runtime.now();
    const result = await operation;
    slowest = Math.max(slowest, runtime.now() - started);
    return result;
  };
  for (let i = 0; i < 5; i++) {
    const key = [name, node.id, i];
    assertEquals(await timed(node.kv.put(key, i)), { ok: true, value: i });
    assertEquals(await timed(node.kv.get(key)), { ok: true, value: i });
    await using process = node.spawn();
    await timed(node.kv.put([...key, "bound"], i, { pid: process }));
    await timed(process.exit());
    assertEquals(await timed(node.kv.get([...key, "bound"], { default: "gone" })), {
      ok: true,
      value: "gone",
    });
  }
  await timed(node.kv.keys());
  return slowest;
}

/** Every way to choose `count` of `items`. */
function choices<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), count - 1).map((rest) => [item, ...rest])
  );
}

describe("a cluster", () => {
  for (const [size, losses] of [[3, 1], [5, 2]]) {
    it(`of ${size} goes on without a pause when any ${losses} of them are cut off`, async () => {
      await using cluster = await VirtualCluster.start(size);
      const lost = cluster.nodes.map((node) => collectEvents(node, "sessionlost"));
      for (const cut of choices(cluster.members, losses)) {
        cluster.isolate(...cut);
        const left = cluster.nodes.filter(({ id }) => !cut.includes(id));
        assertLess(await work(cluster, left, cut.join()), LONGEST);
        cluster.heal();
      }
      assertEquals(lost.flat(), []);
    });

    it(`of ${size} goes on without a pause when any ${losses} of them close`, async () => {
      for (const gone of choices(Array.from({ length: size }, (_, i) => `n${i + 1}`), losses)) {
        await using cluster = await VirtualCluster.start(size);
        const left = cluster.nodes.filter(({ id }) => !gone.includes(id));
        const leaving = cluster.nodes.filter(({ id }) => gone.includes(id));
        const closed = Promise.all(leaving.map((node) => node.close()));
        assertLess(await work(cluster, left, gone.join()), LONGEST);
        await cluster.time.until(closed);
      }
    });
  }

  it("of 3 keeps its values with any member lost", async () => {
    await using cluster = await VirtualCluster.start(3);
    const tokens = new Map<string, number>();
    for (const node of cluster.nodes) {
      const claim = await cluster.time.until(node.kv.claim(node.id, node.id));
      tokens.set(node.id, claim.ok ? claim.value.token : 0);
    }
    for (const cut of cluster.members) {
      cluster.isolate(cut);
      for (const node of cluster.nodes.filter(({ id }) => id !== cut)) {
        for (const key of cluster.members) {
          const { time } = cluster;
          assertEquals(await time.until(node.kv.get<string>(key)), { ok: true, value: key });
          const token = await time.until(node.kv.token(key));
          assertEquals(token, { ok: true, value: tokens.get(key)! });
        }
      }
      cluster.heal();
    }
  });

  it("of 3 goes on when members are lost in turn, one at a time", async () => {
    await using cluster = await VirtualCluster.start(3);
    for (let round = 0; round < 12; round++) {
      cluster.isolate(cluster.members[round % 3]);
      const node = cluster.nodes[(round + 1) % 3];
      assertLess(await work(cluster, [node], `round ${round}`), LONGEST);
    }
    cluster.heal();
    const keys = await cluster.time.until(
      Promise.all(cluster.nodes.map((node) => node.kv.keys())),
    );
    assertEquals(keys.map((list) => list.length), [60, 60, 60]);
  });

  it("of 1 needs no other node and no network", async () => {
    await using cluster = await VirtualCluster.start(1);
    cluster.isolate("n1");
    assertLess(await work(cluster, cluster.nodes, "alone"), LONGEST);
  });

  it("of 2 needs both members, and goes on when both are there again", async () => {
    await using cluster = await VirtualCluster.start(2);
    const { time, nodes: [first, second] } = cluster;
    assertLess(await work(cluster, [first], "both"), LONGEST);
    cluster.isolate("n2");
    const noQuorum = { ok: false, error: "no_quorum" } as const;
    assertEquals(await time.until(first.kv.put("k", 1, { timeout: 100 })), noQuorum);
    assertEquals(await time.until(second.kv.get<number>("k", { timeout: 100 })), noQuorum);
    cluster.heal();
    assertEquals((await time.until(first.kv.put("k", 1))).ok, true);
    assertEquals(await time.until(second.kv.get<number>("k")), { ok: true, value: 1 });
  });

  it("of 4 survives the loss of one member, but not of two", async () => {
    await using cluster = await VirtualCluster.start(4);
    cluster.isolate("n4");
    assertLess(await work(cluster, [cluster.nodes[0]], "three of four"), LONGEST);
    cluster.isolate("n3", "n4");
    const put = cluster.nodes[0].kv.put("k", 1, { timeout: 100 });
    assertEquals(await cluster.time.until(put), { ok: false, error: "no_quorum" });
  });
});
