import { assert, assertEquals, assertLess, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf } from "../support/expect.ts";
import { untilQueued } from "./support/queue.ts";
import { TimedCluster } from "./support/timed_cluster.ts";

const AVAILABLE = { ifAvailable: true } as const;

describe("ifAvailable", () => {
  it("returns the lock if it is free", async () => {
    await using cluster = await startCluster(3);
    const lock = await cluster.nodes[0].lock("k", AVAILABLE);
    assert(lock?.held);
  });

  it("returns null if any node holds it, and leaves nothing in the queue", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using _lock = await first.lock("k");
    assertStrictEquals(await first.lock("k", AVAILABLE), null);
    assertStrictEquals(await second.lock("k", AVAILABLE), null);
    assertEquals((await first.locks.query()).pending, []);
  });

  it("shares a shared lock, but does not overtake waiting requests", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using _reader = await first.lock("k", { mode: "shared" });
    const options = { mode: "shared", ...AVAILABLE } as const;
    assert(await second.lock("k", options));
    second.lock("k").catch(() => {});
    await untilQueued(first, "k", 1);
    assertStrictEquals(await third.lock("k", options), null);
  });

  it("gets the lock of a vanished owner once its session is over", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000 });
    const [first, second] = cluster.nodes;
    await cluster.until(first.lock("k"));
    cluster.isolate("n1");
    assertStrictEquals(await cluster.until(second.lock("k", AVAILABLE)), null);
    await cluster.time.pass(1_050);
    assert((await cluster.until(second.lock("k", AVAILABLE)))?.held);
  });

  it("rejects within the caller's own timeout if that is shorter than the node's", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000, timeout: 60_000 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    const asked = first.lock("k", { ifAvailable: true, timeout: 50 });
    assertLess((await cluster.measure(reasonOf(asked))).took, 100);
  });
});
