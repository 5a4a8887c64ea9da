// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.

import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents, nextEvent, within } from "../support/wait.ts";
import { type Lives, startLives } from "./support/lives.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;
const NO_QUORUM = { ok: false, error: "no_quorum" } as const;

/** Crashes the latest lives of these nodes at once, and starts the next ones. */
async function restart(cluster: Lives, ...ids: string[]): Promise<ClusterNode[]> {
  cluster.crash(...ids);
  return await Promise.all(ids.map((id) => cluster.start(id)));
}

describe("the loss of a majority's memory", () => {
  for (const lost of [["n2", "n3"], ["n1", "n3"], ["n1", "n2"]]) {
    it(`of ${lost.join(" and ")}: the cluster restarts without help`, async () => {
      await using cluster = await startLives(3, { sessionTtl: 500 });
      const left = cluster.nodes.find(({ id }) => !lost.includes(id))!;
      const before = valueOf(await left.kv.claim("k", "before"));
      const process = left.spawn();
      const owned = valueOf(await left.kv.claim("owned", "before", { pid: process }));
      const restarted = nextEvent(left, "restart");
      const nodes = [left, ...await restart(cluster, ...lost)];
      assertNotEquals((await restarted).detail.genesis, undefined);
      assertEquals(process.signal.aborted, true);
      await within(Promise.all(nodes.map((node) => node.ready)), "the new start");

      assertEquals(await nodes[1].kv.get("k", { noQuorum: "retry" }), NOT_FOUND);
      const after = valueOf(await left.kv.claim("k", "after", { noQuorum: "retry" }));
      assertEquals([after.value, after.mine], ["after", true]);
      assertGreater(after.token, before.token);
      const next = valueOf(await nodes[2].kv.claim("owned", "after", { noQuorum: "retry" }));
      assertGreater(next.token, owned.token);
      for (const node of nodes) assertEquals(valueOf(await node.kv.get("k")), "after");
    });
  }

  it("of three of five: the cluster restarts empty; of two it recovers", async () => {
    await using cluster = await startLives(5, { sessionTtl: 500 });
    const [first] = cluster.nodes;
    const restarts = collectEvents(first, "restart");
    const { token } = valueOf(await first.kv.claim("k", 1));
    await Promise.all((await restart(cluster, "n2", "n4")).map((node) => node.ready));
    assertEquals([await cluster.node("n2").kv.get("k"), restarts.length], [
      { ok: true, value: 1 },
      0,
    ]);
    const restarted = nextEvent(first, "restart");
    await restart(cluster, "n3", "n4", "n5");
    await restarted;
    await within(Promise.all(cluster.nodes.map((node) => node.ready)), "the new start");
    assertEquals(await cluster.node("n5").kv.get("k", { noQuorum: "retry" }), NOT_FOUND);
    assertGreater(valueOf(await first.kv.claim("k", 2, { noQuorum: "retry" })).token, token);
    assertEquals(restarts.length, 1);
  });

  it("ends operations under way with no_quorum; those that wait for a quorum go on in the new cluster", async () => {
    await using cluster = await startLives(3, { sessionTtl: 500, timeout: 60_000 });
    const [first] = cluster.nodes;
    cluster.crash("n2", "n3");
    const returned = first.kv.put("returned", 1);
    const thrown = assertCode(first.kv.get("thrown", { noQuorum: "fail" }), "no_quorum");
    const retried = first.kv.get("retried", { noQuorum: "retry" });
    const process = first.spawn();
    await Promise.all(["n2", "n3"].map((id) => cluster.start(id)));
    assertEquals(await returned, NO_QUORUM);
    await thrown;
    assertEquals(await retried, NOT_FOUND);
    assertEquals((await process.exited).reason instanceof Error, true);
    // A node that leaves before the others are ready would try for the time limit of an operation.
    await Promise.all(cluster.nodes.map((node) => node.ready));
  });

  it('leaves the cluster waiting with afterMajorityLoss "wait"', async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, afterMajorityLoss: "wait" });
    const [first] = cluster.nodes;
    const restarts = collectEvents(first, "restart");
    const { life } = first;
    await restart(cluster, "n2", "n3");
    await time.pass(3_600_000);
    assertEquals(await time.until(first.kv.get("k")), NO_QUORUM);
    assertEquals([restarts.length, first.life], [0, life]);
    const { waitingFor, members, hasQuorum } = await time.until(first.status());
    assertEquals([waitingFor, hasQuorum], [["n2", "n3"], false]);
    assertEquals(members.map(({ state }) => state), ["operational", "recovering", "recovering"]);
    // The operator restarts the last member.
    await restart(cluster, "n1");
    await time.until(Promise.all(cluster.nodes.map((node) => node.ready)));
    assertEquals(await time.until(cluster.node("n2").kv.put("k", 1)), { ok: true, value: 1 });
  });

  it("does not count while the other members are only unreachable", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const [first] = cluster.nodes;
    const restarts = collectEvents(first, "restart");
    const { token } = valueOf(await time.until(first.kv.claim("k", 1)));
    // One member has lost its memory; the other one still has it, but is unreachable.
    cluster.network.partition(["n3"]);
    const [second] = await restart(cluster, "n2");
    await time.pass(3_600_000);
    assertEquals(await time.until(second.kv.get("k")), NO_QUORUM);
    assertEquals((await time.until(second.status())).waitingFor, ["n2", "n3"]);
    cluster.network.heal();
    await time.until(second.ready);
    assertEquals(await time.until(second.kv.token("k")), { ok: true, value: token });
    assertEquals(restarts, []);
  });

  it("of all members at once: the cluster restarts, and tokens keep growing", async () => {
    await using cluster = await startLives(3);
    const tokens: number[] = [];
    for (let round = 0; round < 4; round++) {
      if (round > 0) await restart(cluster, ...cluster.members);
      const nodes = cluster.nodes;
      await within(Promise.all(nodes.map((node) => node.ready)), `start ${round}`);
      assertEquals(await nodes[round % 3].kv.get("k"), NOT_FOUND);
      tokens.push(valueOf(await nodes[round % 3].kv.claim("k", round)).token);
      // A complete start takes far less time than a session, so there is nothing to wait for.
      tokens.push((await nodes[0].lock("lock")).token);
    }
    assertEquals(tokens, [...tokens].sort((a, b) => a - b));
    assertEquals(new Set(tokens).size, tokens.length);
  });

  it("may happen again while the cluster restarts", async () => {
    await using cluster = await startLives(3, { sessionTtl: 500 });
    const [first] = cluster.nodes;
    await restart(cluster, "n2", "n3");
    await restart(cluster, "n3");
    await nextEvent(first, "restart");
    await restart(cluster, "n1", "n3");
    await within(Promise.all(cluster.nodes.map((node) => node.ready)), "the last start");
    const results = await Promise.all(
      cluster.nodes.map((node) => node.kv.put("k", node.id, { noQuorum: "retry" })),
    );
    assertEquals(results, Array(3).fill(results[0]));
    assert(results[0].ok);
  });
});
