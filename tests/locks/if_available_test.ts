import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { eventually, within } from "../support/wait.ts";
import { untilQueued } from "./support/queue.ts";

const AVAILABLE = { ifAvailable: true } as const;

describe("ifAvailable", () => {
  it("gives the lock when nobody has it", async () => {
    await using cluster = await startCluster(3);
    const lock = await cluster.nodes[0].lock("k", AVAILABLE);
    assert(lock?.held);
  });

  it("gives null when somebody has it, on any node, and leaves nothing in the queue", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using _lock = await first.lock("k");
    assertStrictEquals(await first.lock("k", AVAILABLE), null);
    assertStrictEquals(await second.lock("k", AVAILABLE), null);
    assertEquals((await first.locks.query()).pending, []);
  });

  it("shares what is shared, but does not overtake who waits", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using _reader = await first.lock("k", { mode: "shared" });
    const options = { mode: "shared", ...AVAILABLE } as const;
    assert(await second.lock("k", options));
    second.lock("k").catch(() => {});
    await untilQueued(first, "k", 1);
    assertStrictEquals(await third.lock("k", options), null);
  });

  it("gets what an owner left behind that has vanished, once its session is over", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second] = cluster.nodes;
    await first.lock("k");
    cluster.isolate("n1");
    assertStrictEquals(await second.lock("k", AVAILABLE), null);
    await eventually(async () => await second.lock("k", AVAILABLE) !== null, "its own turn");
  });

  it("rejects with no_quorum after the node's timeout when there is none", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200, timeout: 300 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await eventually(() => !first.hasQuorum, "the end of the session");
    const started = performance.now();
    await assertCode(first.lock("k", AVAILABLE), "no_quorum");
    const took = performance.now() - started;
    assert(took > 250 && took < 2_000, `${took} ms`);
    await assertCode(first.locks.request("k", AVAILABLE, () => {}), "no_quorum");
  });

  it("rejects within the caller's own timeout when that is shorter", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200, timeout: 60_000 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await eventually(() => !first.hasQuorum, "the end of the session");
    await within(reasonOf(first.lock("k", { ifAvailable: true, timeout: 50 })), "the error");
  });
});
