import { assertLess, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/**
 * Counters for each second of the wall clock in the floor of a genesis. Tokens of a cluster that uses more
 * than this throughout its life could be above the floor of the next genesis.
 */
const PER_SECOND = 1_000_000;

/** Attempts in a second; far more than a cluster of this library makes, which is about 30,000. */
const ATTEMPTS_PER_SECOND = 50_000;

/** Operations of each kind. */
const MANY = 100;

describe("tokens grow no faster than the wall clock from which the next genesis takes its floor", () => {
  /** The growth of tokens during `work`, for each of its `operations`. */
  async function growth(
    operations: number,
    work: (cluster: VirtualCluster) => Promise<unknown>,
  ): Promise<number> {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    const token = async (key: string) =>
      valueOf(await cluster.time.until(first.kv.claim(key, 1))).token;
    const before = await token("before");
    await cluster.time.until(work(cluster));
    return (await token("after") - before) / operations;
  }

  it("a put takes a few counters", async () => {
    // One of the two puts by which it is measured counts, too.
    const each = await growth(MANY + 1, async ({ nodes }) => {
      for (let i = 0; i < MANY; i++) await nodes[i % 3].kv.put(["key", i], i);
    });
    assertLessOrEqual(each, 2);
  });

  it("a lock and its release, with all guesses after a silence, stay far below the wall clock", async () => {
    const each = await growth(2 * MANY, async ({ nodes, time }) => {
      for (let i = 0; i < MANY; i++) {
        const lock = await nodes[i % 3].lock(["lock", i % 10]);
        // Long enough that the holder no longer knows which counters others have used.
        const woken = new Promise<void>((wake) => void time.runtime.setTimer(wake, 100));
        await woken;
        await lock.release();
      }
    });
    assertLess(each * ATTEMPTS_PER_SECOND, PER_SECOND);
  });

  it("contenders for one lock stay far below it too", async () => {
    const each = await growth(2 * 3 * MANY, ({ nodes }) =>
      Promise.all(nodes.map(async (node) => {
        for (let i = 0; i < MANY; i++) await (await node.lock("lock")).release();
      })));
    assertLess(each * ATTEMPTS_PER_SECOND, PER_SECOND);
  });
});
