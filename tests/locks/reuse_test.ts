import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";

/** Repetitions, each a little later after the release: meanwhile the members forget the name. */
const TIMES = 200;

async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await null;
}

describe("a name that is used again while its release is being forgotten", () => {
  it("can be stolen: a free lock is not taken for the work of another thief", async () => {
    await using cluster = await startCluster(3);
    const [node] = cluster.nodes;
    for (let time = 0; time < TIMES; time++) {
      await (await node.lock("k")).release();
      await microtasks(time % 50);
      const stolen = await node.lock("k", { steal: true });
      await stolen.release();
    }
  });

  it("can be put, bound to something that others may end: the put is not taken for one that came and went", async () => {
    await using cluster = await startCluster(3);
    const [node] = cluster.nodes;
    for (let time = 0; time < TIMES; time++) {
      const process = node.spawn();
      await node.kv.put("k", 1, { pid: process });
      await process.exit();
      await microtasks(time % 50);
      const next = node.spawn();
      const put = await node.kv.put("k", 2, { pid: next, until: Date.now() + 60_000 });
      assertEquals(put, { ok: true, value: 2 });
      await next.exit();
    }
  });
});
