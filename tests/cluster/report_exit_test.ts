import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Lock } from "../../mod.ts";
import { assertCode } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const sessionTtl = 5_000;

/** Milliseconds of virtual time until `promise` resolves. */
async function time(cluster: VirtualCluster, promise: Promise<unknown>): Promise<number> {
  const begun = cluster.time.runtime.now();
  await cluster.time.until(promise);
  return cluster.time.runtime.now() - begun;
}

/** Three members; the last one holds a lock that the first one waits for. */
async function start() {
  const cluster = await VirtualCluster.start(3, { sessionTtl, clients: true });
  await cluster.pass(sessionTtl + 1);
  const [first, second, third] = cluster.nodes;
  await cluster.time.until(third.lock("k"));
  const waiting = first.lock("k");
  await cluster.pass(1_000);
  return { cluster, first, second, third, waiting };
}

/** A round trip with the latency of `VirtualTime`, in milliseconds. */
const ROUND_TRIP = 2 * 1.2 * 0.5;

describe("reportExit()", () => {
  it("frees a lock within a few round trips, where the end of the session takes seconds", async () => {
    for (const reported of [true, false]) {
      const { cluster, second, third, waiting } = await start();
      await using _ = cluster;
      cluster.crash("n3");
      if (reported) {
        assertEquals(await cluster.time.until(second.reportExit(third.life)), {
          ok: true,
          value: undefined,
        });
      }
      const took = await time(cluster, waiting);
      if (reported) assertLess(took, 10 * ROUND_TRIP);
      else assertGreater(took, sessionTtl / 2);
      await cluster.time.until((await waiting as Lock).release());
    }
  });

  it("may be called by a client, and by several nodes", async () => {
    const { cluster, first, second, third, waiting } = await start();
    await using _ = cluster;
    const client = await cluster.join("parent");
    await cluster.time.until(client.ready);
    cluster.crash("n3");
    const reports = [client, first, second, client].map((node) => node.reportExit(third.life));
    assertLess(await time(cluster, waiting), 12 * ROUND_TRIP);
    for (const { ok } of await cluster.time.until(Promise.all(reports))) assert(ok);
  });

  it("does not touch the process that takes its place", async () => {
    const { cluster, first, third, waiting } = await start();
    await using _ = cluster;
    cluster.crash("n3");
    await cluster.time.until(first.reportExit(third.life));
    await cluster.time.until(waiting);
    const again = await cluster.join("n3");
    await cluster.time.until(again.ready);
    const lock = await cluster.time.until(again.lock("other"));
    await cluster.time.until(first.reportExit(third.life));
    await cluster.pass(3 * sessionTtl);
    assert(again.hasQuorum && lock.held);
  });

  it("frees the other things that the life owned", async () => {
    const cluster = await VirtualCluster.start(3, { sessionTtl });
    await using _ = cluster;
    const [first, , third] = cluster.nodes;
    const process = third.spawn();
    await cluster.time.until(first.kv.put("bound", 1, { node: "n3" }));
    await cluster.time.until(process.kv.put("owned", 1, { pid: process }));
    cluster.crash("n3");
    await cluster.time.until(first.reportExit(third.life));
    const gone = Promise.all(["bound", "owned"].map((key) => first.kv.get(key)));
    assertLess(await time(cluster, gone), 20 * ROUND_TRIP);
    assertEquals((await gone).map(({ ok }) => ok), [false, false]);
  });

  it("members that report nothing else clean up soon", async () => {
    const cluster = await VirtualCluster.start(3, { sessionTtl });
    await using _ = cluster;
    const [first, , third] = cluster.nodes;
    await cluster.time.until(first.kv.put("bound", 1, { node: "n3" }));
    const watch = first.kv.watch("bound")[Symbol.asyncIterator]();
    await cluster.time.until(watch.next());
    cluster.crash("n3");
    await cluster.time.until(first.reportExit(third.life));
    assertLess(await time(cluster, watch.next()), 200);
  });

  it("is `no_quorum` without a quorum", async () => {
    const { cluster, second, third, waiting } = await start();
    await using _ = cluster;
    waiting.catch(() => {});
    cluster.isolate("n2");
    const result = await cluster.time.until(second.reportExit(third.life));
    assertEquals(result, { ok: false, error: "no_quorum" });
  });

  it("refuses what is no life, and the node's own life", async () => {
    const cluster = await VirtualCluster.start(3, { sessionTtl });
    const [first] = cluster.nodes;
    for (const life of ["", "n2", 5, undefined, null, first.life + "x", "é".repeat(20)]) {
      const reported = () => cluster.time.until(first.reportExit(life as string));
      await assertRejects(reported, TypeError, "life");
    }
    await assertRejects(() => first.reportExit(first.life), TypeError, "this node itself");
    await cluster[Symbol.asyncDispose]();
    await assertCode(first.reportExit(cluster.nodes[1].life), "closed");
  });

  it("said of a node that runs, it costs this node its session, and no more", async () => {
    const { cluster, first, third, waiting } = await start();
    await using _ = cluster;
    await cluster.time.until(first.reportExit(third.life));
    await cluster.time.until(waiting);
    await cluster.pass(3 * sessionTtl);
    assert(third.hasQuorum);
    assert((await cluster.time.until(third.kv.put("k", 1))).ok);
  });
});

describe("the event `life`", () => {
  it("tells the new life of a member that began again, since too many lost their memory", async () => {
    const cluster = await VirtualCluster.start(3, { sessionTtl });
    await using _ = cluster;
    const [first] = cluster.nodes;
    const before = first.life;
    const lives: string[] = [];
    first.addEventListener("life", ({ detail }) => lives.push(detail.life));
    cluster.crash("n2");
    cluster.crash("n3");
    await cluster.join("n2");
    await cluster.join("n3");
    await cluster.pass(4 * sessionTtl);
    assert(first.life !== before);
    assertEquals(lives.at(-1), first.life);
  });
});
