import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { heapUsed } from "../support/heap.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { eventually } from "../support/wait.ts";

/** Once that many is enough: how the cluster forgets does not depend on the runtime. */
const MANY = "Deno" in globalThis ? 50_000 : 10_000;

/** So many names are locked at the same time. */
const AT_ONCE = 200;

/** Locks and releases `count` names that nobody has used before. */
async function lockAndRelease(
  cluster: Cluster,
  names: Iterator<number>,
  count: number,
): Promise<void> {
  let left = count;
  const user = async (_: unknown, index: number) => {
    const node = cluster.nodes[index % cluster.nodes.length];
    while (left-- > 0) {
      const lock = await node.lock(`order ${names.next().value}`);
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, user));
}

/** How many registers the members have entries for, once those of released locks are gone. */
async function entries(cluster: Cluster): Promise<number[]> {
  let found: number[] = [];
  await eventually(async () => {
    const all = await Promise.all(cluster.nodes.map((node) => node.status()));
    found = all.map(({ entries }) => entries);
    return found.every((count) => count === 0);
  }, "that all are forgotten").catch(() => {});
  return found;
}

describe("locks on ever-new names", () => {
  it("leave nothing behind: tens of thousands are no more than a thousand", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 30_000 });
    const names = Array(1_000 + MANY).keys();
    await lockAndRelease(cluster, names, 1_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
    const before = await heapUsed();
    await lockAndRelease(cluster, names, MANY);
    assertEquals(await entries(cluster), [0, 0, 0]);
    const growth = await heapUsed() - before;
    // An entry alone is several times that.
    assertLess(growth, 5_000_000);
  });
});
