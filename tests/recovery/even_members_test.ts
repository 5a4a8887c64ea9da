import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";
import { startLives } from "./support/lives.ts";

describe("an even number of members (section 7)", () => {
  it("of two: each one helps the other to recover after any absence", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(2, { time, sessionTtl: 1_000 });
    const token = valueOf(await time.until(cluster.node("n1").kv.claim("k", "kept"))).token;
    for (const away of [0, 60_000]) {
      for (const [id, other] of [["n1", "n2"], ["n2", "n1"]]) {
        const restarts = collectEvents(cluster.node(other), "restart");
        cluster.crash(id);
        await time.pass(away);
        const node = await cluster.start(id);
        await time.until(node.ready);
        assertEquals(await time.until(node.kv.get("k")), { ok: true, value: "kept" });
        assertEquals(await time.until(node.kv.token("k")), { ok: true, value: token });
        assertEquals(restarts, []);
      }
    }
  });

  it("of two that both restart: they restart the cluster empty", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(2, { time, sessionTtl: 1_000 });
    await time.until(cluster.node("n1").kv.put("k", "lost"));
    cluster.crash("n1", "n2");
    const nodes = await cluster.startAll();
    await time.until(Promise.all(nodes.map((node) => node.ready)));
    assertEquals(await time.until(nodes[0].kv.get("k")), { ok: false, error: "not_found" });
  });

  it("of four: two that restart at the same time recover with the help of the other two", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(4, { time, sessionTtl: 1_000 });
    for (const ids of [["n1", "n2"], ["n3", "n4"], ["n2", "n4"]]) {
      await time.until(cluster.node(ids[0]).kv.put(ids.join(), "kept"));
      cluster.crash(...ids);
      await time.pass(5_000);
      const nodes = await Promise.all(ids.map((id) => cluster.start(id)));
      await time.until(Promise.all(nodes.map((node) => node.ready)));
      for (const node of nodes) {
        assertEquals(await time.until(node.kv.get(ids.join())), { ok: true, value: "kept" });
      }
    }
  });

  it("of four: three that restart leave too few, so they restart the cluster empty", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(4, { time, sessionTtl: 1_000 });
    const survivor = cluster.node("n4");
    const restarts = collectEvents(survivor, "restart");
    cluster.crash("n1", "n2", "n3");
    const nodes = await Promise.all(["n1", "n2", "n3"].map((id) => cluster.start(id)));
    await time.until(Promise.all(nodes.map((node) => node.ready)));
    await time.pass(5_000);
    assertEquals([restarts.length, survivor.hasQuorum], [1, true]);
  });
});
