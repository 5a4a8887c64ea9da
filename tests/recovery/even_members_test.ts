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

  it("of four: each one that restarts recovers with the help of the other three", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(4, { time, sessionTtl: 1_000 });
    for (const id of cluster.members) {
      await time.until(cluster.node(id).kv.put(id, "kept"));
      cluster.crash(id);
      await time.pass(5_000);
      const node = await cluster.start(id);
      await time.until(node.ready);
      assertEquals(await time.until(node.kv.get(id)), { ok: true, value: "kept" });
    }
  });

  it("of four: one that restarts while another one is cut off waits for it", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(4, { time, sessionTtl: 1_000 });
    await time.until(cluster.node("n1").kv.put("k", "kept"));
    const line = cluster.line(cluster.node("n4"));
    line.isCut = true;
    cluster.crash("n1");
    const node = await cluster.start("n1");
    await time.pass(60_000);
    assertEquals(cluster.nodes.map(({ hasQuorum }) => hasQuorum), [false, false, false, false]);
    line.isCut = false;
    await time.until(node.ready);
    assertEquals(await time.until(node.kv.get("k")), { ok: true, value: "kept" });
  });

  for (const lost of [["n1", "n2"], ["n2", "n4"], ["n1", "n2", "n3"]]) {
    it(`of four: if ${lost.join(" and ")} restart, too few are left, so the cluster restarts empty`, async () => {
      const time = new VirtualTime();
      await using cluster = await startLives(4, { time, sessionTtl: 1_000 });
      const survivor = cluster.node(lost.includes("n4") ? "n3" : "n4");
      await time.until(survivor.kv.put("k", "lost"));
      const restarts = collectEvents(survivor, "restart");
      cluster.crash(...lost);
      const nodes = await Promise.all(lost.map((id) => cluster.start(id)));
      await time.until(Promise.all(nodes.map((node) => node.ready)));
      await time.pass(5_000);
      assertEquals([restarts.length, survivor.hasQuorum], [1, true]);
      assertEquals(await time.until(survivor.kv.get("k")), { ok: false, error: "not_found" });
    });
  }
});
