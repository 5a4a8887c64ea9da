import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Lives } from "../recovery/support/lives.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";

/** Round trips and the time to live of sessions, in milliseconds. */
const NETWORKS = [
  { roundTrip: 3_000, sessionTtl: 5_000 },
  { roundTrip: 3_000, sessionTtl: 30_000 },
  { roundTrip: 16_000, sessionTtl: 30_000 },
  // The slowest frames take a fifth longer: a round trip of 20 s.
  { roundTrip: 16_600, sessionTtl: 60_000 },
];

const counter = {
  id: "counter",
  start() {
    let sum = 0;
    return { add: (n: number) => sum += n };
  },
};

/** A cluster of three on such a network; resolves when all members are ready. */
async function startSlow({ roundTrip, sessionTtl }: typeof NETWORKS[number]) {
  const time = new VirtualTime();
  time.latency = roundTrip / 2;
  const cluster = new Lives(3, {
    time,
    sessionTtl,
    timeout: 10 * roundTrip,
    callTimeout: 20 * roundTrip,
  });
  // Only one node can run it, so no other one takes over when that one is slow.
  const nodes = await Promise.all(
    ["n1", "n2", "n3"].map((id) => cluster.start(id, { hosts: id === "n1" ? [counter] : [] })),
  );
  await time.until(Promise.all(nodes.map((node) => node.ready)));
  return { time, cluster, nodes };
}

describe("on a slow network", () => {
  for (const network of NETWORKS) {
    const { roundTrip, sessionTtl } = network;
    const kind = `round trips of ${roundTrip / 1_000} s, sessions of ${sessionTtl / 1_000} s`;

    it(`${kind}: sessions live on, and everything works`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      const lost = nodes.map((node) => collectEvents(node, "sessionlost"));
      await time.pass(20 * roundTrip + 5 * sessionTtl);
      assertEquals(await time.until(nodes[0].kv.put("k", 1)), { ok: true, value: 1 });
      assertEquals(await time.until(nodes[1].kv.get("k")), { ok: true, value: 1 });
      const lock = await time.until(nodes[2].lock("lock"));
      assertEquals(lock.held, true);
      await time.until(lock.release());
      const { members } = await time.until(nodes[0].status());
      assertEquals(members.map(({ state }) => state), Array(3).fill("operational"));
      assertEquals(lost.flat(), []);
    });

    it(`${kind}: a vanished node's values are free after its session and a few round trips`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      await time.until(nodes[2].lock("lock"));
      await time.until(nodes[2].kv.put("k", 1, { node: "n3" }));
      const died = time.runtime.now();
      cluster.crash("n3");
      const lock = await time.until(nodes[0].lock("lock"));
      assert(lock.held);
      // The end has to be detected and checked, and the session fenced, before the value is taken.
      const took = time.runtime.now() - died;
      assertLess(took, 2 * sessionTtl + 12 * roundTrip);
      const gone = await time.until(nodes[1].kv.get("k", { default: "gone" }));
      assertEquals(gone, { ok: true, value: "gone" });
    });

    it(`${kind}: two contenders both succeed in the end`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      const puts = nodes.map((node) => node.kv.put("k", node.id));
      const values = await time.until(Promise.all(puts));
      assertEquals(new Set(values.map(valueOf)).size, 1);
    });

    it(`${kind}: released values are forgotten`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      for (const node of nodes) await time.until((await time.until(node.lock("l"))).release());
      await time.pass(20 * roundTrip + 120_000);
      for (const node of nodes) assertEquals((await time.until(node.status())).entries, 0);
    });

    it(`${kind}: a singleton starts once, and is called from everywhere`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      const sums = [];
      for (const node of nodes.toReversed()) {
        sums.push(await time.until(node.name("one", counter).add(1)));
      }
      assertEquals(sums, [1, 2, 3]);
    });

    it(`${kind}: two members that lost their memory restart the cluster with the third one`, async () => {
      const { time, cluster } = await startSlow(network);
      await using _closed = cluster;
      cluster.crash("n2", "n3");
      const again = await Promise.all(["n2", "n3"].map((id) => cluster.start(id)));
      await time.until(Promise.all(again.map((node) => node.ready)));
      assertEquals(await time.until(cluster.node("n1").kv.put("k", 1)), { ok: true, value: 1 });
    });

    it(`${kind}: a member that lost its memory comes back`, async () => {
      const { time, cluster, nodes } = await startSlow(network);
      await using _closed = cluster;
      await time.until(nodes[0].kv.put("k", 1));
      cluster.crash("n3");
      const again = await cluster.start("n3");
      await time.until(again.ready);
      cluster.crash("n1");
      assertEquals(await time.until(again.kv.get("k")), { ok: true, value: 1 });
    });
  }
});
