import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../mod.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";
import { answers } from "./support/frames.ts";
import { Lives, startLives } from "./support/lives.ts";

describe("two lives under one id", () => {
  it("the older one closes with replaced, with any operations under way; the newer one goes on", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const older = cluster.node("n1");
    const process = older.spawn();
    const { token } = valueOf(await time.until(older.kv.claim("k", "older", { pid: process })));
    const lock = await time.until(older.lock("lock"));
    await time.until(cluster.node("n2").lock("busy"));
    const waiting = assertCode(older.lock("busy"), "replaced");
    const lost = collectEvents(older, "sessionlost");

    const newer = await cluster.start("n1");
    await time.until(newer.ready);
    await time.until(waiting);
    assertEquals([older.hasQuorum, lock.held, process.signal.aborted], [false, false, true]);
    assertInstanceOf(process.signal.reason, SynodError);
    assertEquals(process.signal.reason.code, "replaced");
    await older.ready;
    for (
      const refused of [
        older.kv.put("k", 1),
        older.kv.claim("k", 1),
        older.kv.get("k"),
        older.kv.keys(),
        older.lock("k"),
        older.holders("k"),
      ]
    ) await time.until(assertCode(refused, "replaced"));
    await time.until(older.close());
    assertEquals(lost.length, 1);

    // Its values are free at once: it ended its session when it closed.
    const claim = valueOf(await time.until(newer.kv.claim("k", "newer")));
    assertEquals([claim.value, claim.mine], ["newer", true]);
    assertGreater(claim.token, token);
    assertGreater((await time.until(newer.lock("lock"))).token, lock.token);
    await time.pass(60_000);
    assertEquals(newer.hasQuorum, true);
  });

  it("the older one closes when its cut-off ends", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const older = cluster.node("n1");
    cluster.line(older).isCut = true;
    const newer = await cluster.start("n1");
    await time.until(newer.ready);
    await time.pass(60_000);
    await time.until(assertCode(older.kv.get("k", { noQuorum: "fail" }), "no_quorum"));
    cluster.line(older).isCut = false;
    await time.pass(10_000);
    await time.until(assertCode(older.kv.get("k"), "replaced"));
    assertEquals(newer.hasQuorum, true);
    assertEquals(await time.until(newer.kv.put("k", 1)), { ok: true, value: 1 });
  });

  it("the older one closes if the cluster restarted while it was cut off", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const older = cluster.node("n1");
    await time.until(older.kv.put("k", "before"));
    cluster.line(older).isCut = true;
    cluster.crash("n2", "n3");
    const nodes = await Promise.all(["n1", "n2", "n3"].map((id) => cluster.start(id)));
    await time.until(Promise.all(nodes.map((node) => node.ready)));
    assertEquals(await time.until(nodes[0].kv.put("k", "after")), { ok: true, value: "after" });
    cluster.line(older).isCut = false;
    await time.pass(10_000);
    await time.until(assertCode(older.kv.get("k"), "replaced"));
    assertEquals(nodes.map((node) => node.hasQuorum), [true, true, true]);
    assertEquals(await time.until(nodes[2].kv.get("k")), { ok: true, value: "after" });
  });

  it("an older one that is still recovering closes, and its ready rejects with replaced", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    await time.until(cluster.node("n2").kv.put("k", 1));
    cluster.crash("n1");
    const older = await cluster.start("n1");
    // It is about to copy, but the copy is slow.
    let asked = 0;
    cluster.line(older).hears = (_, frame) => {
      if (answers(frame, "piece")) asked++;
      return !answers(frame, "piece");
    };
    while (asked < 2) await time.pass(10);
    const newer = await cluster.start("n1");
    await time.until(newer.ready);
    cluster.line(older).hears = () => true;
    await time.until(assertCode(older.ready, "replaced"));
    await time.until(assertCode(older.kv.get("k"), "replaced"));
    assertEquals(await time.until(newer.kv.get("k")), { ok: true, value: 1 });
    assertEquals(newer.hasQuorum, true);
  });

  it("of members[0], both blank: the cluster starts with one of them, and the other one closes", async () => {
    const time = new VirtualTime();
    await using cluster = new Lives(3, { time });
    const first = await cluster.start("n1");
    const second = await cluster.start("n1");
    await cluster.start("n2");
    await cluster.start("n3");
    await time.until(Promise.all(["n2", "n3"].map((id) => cluster.node(id).ready)));
    await time.pass(10_000);
    const [one, other] = first.hasQuorum ? [first, second] : [second, first];
    assert(one.hasQuorum);
    await time.until(assertCode(other.kv.get("k"), "replaced"));
    assertEquals(await time.until(one.kv.put("k", 1)), { ok: true, value: 1 });
    assertEquals(await time.until(cluster.node("n3").kv.get("k")), { ok: true, value: 1 });
  });

  it("of one member after the other, as in an overlapping deployment", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const before = cluster.nodes;
    const { token } = valueOf(await time.until(before[0].kv.claim("k", 1)));
    for (const older of before) {
      const newer = await cluster.start(older.id);
      await time.until(newer.ready);
      await time.until(assertCode(older.kv.get("k"), "replaced"));
      assertEquals(await time.until(newer.kv.token("k")), { ok: true, value: token });
    }
    assertEquals(cluster.nodes.map((node) => node.hasQuorum), [true, true, true]);
  });
});
