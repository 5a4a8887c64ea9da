import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import { SynodError } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";
import { startLives } from "./support/lives.ts";

const HOUR = 3_600_000;

/** The same runtime with a shifted wall clock. */
function shifted(runtime: Runtime, shift: number): Runtime {
  return { ...runtime, wallNow: () => runtime.wallNow() + shift };
}

describe("a member whose wall clock went back", () => {
  it("recovers in a life above all its earlier ones, and votes", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const [first, second] = cluster.nodes;
    const { token } = valueOf(await time.until(first.kv.claim("k", 1)));
    const lives = [cluster.node("n3").life];
    for (let round = 1; round <= 3; round++) {
      cluster.crash("n3");
      // The wall clock goes further back each time.
      const node = await cluster.start("n3", {}, shifted(time.runtime, -HOUR * round));
      await time.until(node.ready);
      assertGreater(node.life.localeCompare(lives.at(-1)!) > 0 ? 1 : 0, 0);
      assert(node.life > lives.at(-1)!, `${node.life} is not above ${lives.at(-1)}`);
      lives.push(node.life);
      const { members } = await time.until(first.status());
      assertEquals(members[2].incarnation, node.life);
      assertEquals(await time.until(node.kv.token("k")), { ok: true, value: token });
    }
    // Its vote counts: with it, the cluster survives the loss of another member.
    cluster.crash("n1");
    assertEquals(await time.until(second.kv.put("k2", 2)), { ok: true, value: 2 });
    assertGreater(valueOf(await time.until(cluster.node("n3").kv.claim("k3", 3))).token, token);
  });

  it("takes another life for that; processes of the previous life end and leave nothing behind", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    cluster.crash("n3");
    const node = await cluster.start("n3", {}, shifted(time.runtime, -HOUR));
    const { life } = node;
    const process = node.spawn();
    assertEquals([process.pid.session, process.signal.aborted], [`n3/${life}/1`, false]);
    await time.until(node.ready);
    assert(node.life > life, "it has its first life still");
    const { reason } = await time.until(process.exited);
    assertInstanceOf(reason, SynodError);
    assertEquals([process.signal.aborted, reason.code], [true, "session_lost"]);
    assertEquals((await time.until(node.status())).owned.processes, 0);
    // A process of the present life is unaffected.
    const next = node.spawn();
    assertEquals([next.pid.session, next.signal.aborted], [`n3/${node.life}/1`, false]);
    await time.until(node.kv.put("k", 1, { pid: next }));
    assertEquals(await time.until(cluster.node("n1").kv.get("k")), { ok: true, value: 1 });
  });

  it("recovers also after a life that was far ahead", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    cluster.crash("n2");
    const ahead = await cluster.start("n2", {}, shifted(time.runtime, 1_000 * HOUR));
    await time.until(ahead.ready);
    const { token } = valueOf(await time.until(ahead.kv.claim("k", 1)));
    cluster.crash("n2");
    const node = await cluster.start("n2");
    await time.until(node.ready);
    assert(node.life > ahead.life);
    assertEquals(await time.until(node.kv.token("k")), { ok: true, value: token });
  });

  it("opens sessions that are known to be newer than those of its earlier lives", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const before = (await time.until(cluster.node("n1").status())).session!.id;
    cluster.crash("n1");
    const node = await cluster.start("n1", {}, shifted(time.runtime, -HOUR));
    await time.until(node.ready);
    const lost = collectEvents(node, "sessionlost");
    await time.pass(10_000);
    // A value that others bind to the node's present session.
    const claim = cluster.node("n2").kv.claim("k", 1, { node: "n1" });
    assertEquals(valueOf(await time.until(claim)).mine, true);
    assertEquals(await time.until(node.kv.node("k")), { ok: true, value: "n1" });
    assertEquals((await time.until(node.status())).session!.id === before, false);
    assertEquals(lost, []);
  });

  it("keeps the tokens of a new start above the earlier ones, if the others' clocks did not go back", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const { token } = valueOf(await time.until(cluster.node("n1").kv.claim("k", 1)));
    cluster.crash(...cluster.members);
    await time.pass(1_000);
    await cluster.start("n1", {}, shifted(time.runtime, -HOUR));
    await cluster.start("n2");
    await cluster.start("n3");
    const claim = cluster.node("n1").kv.claim("k", 2, { noQuorum: "retry" });
    assertGreater(valueOf(await time.until(claim)).token, token);
  });
});
