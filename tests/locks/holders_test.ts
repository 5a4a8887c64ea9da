import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { valueOf } from "../support/expect.ts";
import { untilQueued } from "./support/queue.ts";
import { TimedCluster } from "./support/timed_cluster.ts";

describe("node.holders", () => {
  it("is empty for a lock that has no owner, or never had one", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    assertEquals(await second.holders("k"), { ok: true, value: [] });
    const lock = await first.lock("k");
    await lock.release();
    assertEquals(await second.holders("k"), { ok: true, value: [] });
  });

  it("lists the owner with pid, mode and token, from every node, without waiting requests", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const lock = await process.lock(["k", 1]);
    second.lock(["k", 1]).catch(() => {});
    for (const node of cluster.nodes) {
      assertEquals(await node.holders(["k", 1]), {
        ok: true,
        value: [{ pid: process.pid, mode: "exclusive", token: lock.token }],
      });
    }
  });

  it("shows the beginning of a label, at most 64 bytes of it, and none if there is none", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await first.lock("a", { label: `import ${"ä".repeat(100)}` });
    await process.lock("b", { label: "export" });
    await second.lock("c", { label: "" });
    second.lock("a", { label: "next" }).catch(() => {});
    await untilQueued(second, "a", 1);
    const labels = async (key: string) =>
      valueOf(await second.holders(key)).map((holder) => holder.label);
    assertEquals(await labels("a"), [`import ${"ä".repeat(28)}`]);
    assertEquals(await labels("b"), ["export"]);
    assertEquals("label" in valueOf(await second.holders("c"))[0], false);
    const { held, pending } = await first.locks.query();
    assertEquals(held.map(({ label }) => label), [`import ${"ä".repeat(28)}`, "export", undefined]);
    assertEquals(pending.map(({ label }) => label), ["next"]);
  });

  it("shows a separate owner for each node.lock", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    await first.lock("a");
    await first.lock("b");
    const pids = [...valueOf(await first.holders("a")), ...valueOf(await first.holders("b"))]
      .map(({ pid }) => pid);
    assertEquals(pids.map(({ node }) => node), [nameOf("n1"), nameOf("n1")]);
    assertEquals(new Set(pids.map(({ seq }) => seq)).size, 2);
  });

  it("does not list an owner whose session is over, even if no request waits", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000 });
    const [first, second] = cluster.nodes;
    await cluster.until(first.lock("k"));
    cluster.isolate("n1");
    await cluster.time.pass(1_000);
    assertEquals(await cluster.until(second.holders("k")), { ok: true, value: [] });
  });

  it("does not list it either if the members have different states of the lock", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000 });
    const [first, second, third] = cluster.nodes;
    await cluster.until(first.lock("k"));
    // Only the first two members receive its request.
    cluster.isolate("n3");
    const timeout = 10_000;
    const waiting = second.spawn().lock("k", { timeout });
    const lost = assertRejects(() => waiting, SynodError, "lost its session");
    await cluster.time.pass(50);
    cluster.isolate("n1", "n2");
    await cluster.time.pass(1_000);
    await lost;
    // The first one does not come back.
    cluster.isolate("n1");
    await cluster.time.pass(2_000);
    assertEquals(await cluster.until(second.holders("k")), { ok: true, value: [] });
    assertEquals(third.hasQuorum, true);
  });
});

describe("status().owned.locks", () => {
  it("counts the locks that this node holds", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const owned = async () => (await first.status()).owned.locks;
    assertEquals(await owned(), 0);
    await using process = first.spawn();
    const locks = [
      await first.lock("a"),
      await first.lock("b", { mode: "shared" }),
      await process.lock("c"),
      await process.lock("c"), // a handle of the same lock
    ];
    await second.lock("d");
    first.lock("d").catch(() => {}); // waits
    await untilQueued(second, "d", 1);
    assertEquals(await owned(), 3);
    await locks[0].release();
    await locks[2].release();
    assertEquals(await owned(), 2);
    await process.exit();
    assertEquals(await owned(), 1);
    await locks[1].release();
    assertEquals(await owned(), 0);
  });

  it("does not count lost or stolen locks", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000 });
    const [first, second] = cluster.nodes;
    await cluster.until(first.lock("a"));
    await cluster.until(first.lock("b"));
    const owned = async () => (await first.status()).owned.locks;
    assertEquals(await cluster.until(owned()), 2);
    await cluster.until(second.lock("a", { steal: true }));
    await cluster.time.pass(200);
    assertEquals(await cluster.until(owned()), 1);
    cluster.isolate("n1");
    await cluster.time.pass(1_000);
    assertEquals(await cluster.until(owned()), 0);
  });
});
