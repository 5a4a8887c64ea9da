import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";
import { collectEvents } from "../support/wait.ts";

/**
 * No operation may take longer than this when members are lost, in milliseconds. It takes a round trip
 * or two: with no leader to elect, nothing waits for the lost ones. A loaded machine is allowed for, a
 * wait for a resend that is repeated, for a session or for a timeout is not.
 */
const LONGEST = 1_000;

/** Puts and reads some keys; returns how long the slowest operation took. */
async function work(node: ClusterNode, name: string): Promise<number> {
  let slowest = 0;
  const timed = async <T>(operation: Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await operation;
    slowest = Math.max(slowest, performance.now() - started);
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
      await using cluster = await startCluster(size);
      const lost = cluster.nodes.map((node) => collectEvents(node, "sessionlost"));
      for (const cut of choices(cluster.members, losses)) {
        cluster.isolate(...cut);
        const left = cluster.nodes.filter(({ id }) => !cut.includes(id));
        const slowest = await Promise.all(left.map((node) => work(node, cut.join())));
        assertLess(Math.max(...slowest), LONGEST);
        cluster.heal();
      }
      assertEquals(lost.flat(), []);
    });

    it(`of ${size} goes on without a pause when any ${losses} of them close`, async () => {
      for (const gone of choices(Array.from({ length: size }, (_, i) => `n${i + 1}`), losses)) {
        await using cluster = await startCluster(size);
        const left = cluster.nodes.filter(({ id }) => !gone.includes(id));
        const leaving = cluster.nodes.filter(({ id }) => gone.includes(id));
        const closed = Promise.all(leaving.map((node) => node.close()));
        const slowest = await Promise.all(left.map((node) => work(node, gone.join())));
        assertLess(Math.max(...slowest), LONGEST);
        await closed;
      }
    });
  }

  it("of 3 keeps what was agreed on, whichever member is lost", async () => {
    await using cluster = await startCluster(3);
    const tokens = new Map<string, number>();
    for (const node of cluster.nodes) {
      const claim = await node.kv.claim(node.id, node.id);
      tokens.set(node.id, claim.ok ? claim.value.token : 0);
    }
    for (const cut of cluster.members) {
      cluster.isolate(cut);
      for (const node of cluster.nodes.filter(({ id }) => id !== cut)) {
        for (const key of cluster.members) {
          assertEquals(await node.kv.get(key), { ok: true, value: key });
          assertEquals(await node.kv.token(key), { ok: true, value: tokens.get(key)! });
        }
      }
      cluster.heal();
    }
  });

  it("of 3 goes on when members are lost in turn, one at a time", async () => {
    await using cluster = await startCluster(3);
    for (let round = 0; round < 12; round++) {
      cluster.isolate(cluster.members[round % 3]);
      const node = cluster.nodes[(round + 1) % 3];
      assertLess(await work(node, `round ${round}`), LONGEST);
    }
    cluster.heal();
    const keys = await Promise.all(cluster.nodes.map((node) => node.kv.keys()));
    assertEquals(keys.map((list) => list.length), [60, 60, 60]);
  });

  it("of 1 needs nobody else, not even a network", async () => {
    await using cluster = await startCluster(1);
    cluster.isolate("n1");
    assertLess(await work(cluster.nodes[0], "alone"), LONGEST);
  });

  it("of 2 needs both, and goes on when both are there again", async () => {
    await using cluster = await startCluster(2);
    const [first, second] = cluster.nodes;
    assertLess(await work(first, "both"), LONGEST);
    cluster.isolate("n2");
    const noQuorum = { ok: false, error: "no_quorum" } as const;
    assertEquals(await first.kv.put("k", 1, { timeout: 100 }), noQuorum);
    assertEquals(await second.kv.get("k", { timeout: 100 }), noQuorum);
    cluster.heal();
    assertEquals((await first.kv.put("k", 1)).ok, true);
    assertEquals(await second.kv.get("k"), { ok: true, value: 1 });
  });

  it("of 4 survives the loss of one, not of two", async () => {
    await using cluster = await startCluster(4);
    cluster.isolate("n4");
    assertLess(await work(cluster.nodes[0], "three of four"), LONGEST);
    cluster.isolate("n3", "n4");
    assertEquals(await cluster.nodes[0].kv.put("k", 1, { timeout: 100 }), {
      ok: false,
      error: "no_quorum",
    });
  });
});
