import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { putAndRelease } from "../names/remains.ts";
import { PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { type Lives, startLives } from "./support/lives.ts";

/** The number of registers of which each member keeps state. */
async function entries(cluster: Lives): Promise<number[]> {
  const statuses = cluster.nodes.map((node) => node.status());
  return (await cluster.until(Promise.all(statuses))).map(({ entries }) => entries);
}

/** Puts values under `count` unused names, and releases them; returns their highest token. */
function useNames(node: ClusterNode, prefix: string, count: number): Promise<number> {
  return putAndRelease(node, Array.from({ length: count }, (_, index) => `${prefix} ${index}`));
}

describe("released names", () => {
  it("get greater tokens when they are used again, after any restarts", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    let last = 0;
    for (let round = 0; round < 6; round++) {
      const node = cluster.nodes[round % 3];
      const process = node.spawn();
      const claim = valueOf(await time.until(node.kv.claim("k", round, { pid: process })));
      assertGreater(claim.token, last);
      last = claim.token;
      await time.until(process.exit());
      await time.pass(2_000);
      assertEquals(await entries(cluster), [0, 0, 0]);
      const id = cluster.members[(round + 1) % 3];
      cluster.crash(id);
      await time.until((await cluster.start(id)).ready);
    }
    // Only the floor is left of them, also at members that never saw them.
    assertEquals(await time.until(cluster.node("n1").kv.get("k")), {
      ok: false,
      error: "not_found",
    });
  });

  it("a lower token never arrives late: an old write fails because of the floor", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, timeout: 500 });
    const [first, second, third] = cluster.nodes;
    // Written at n1 only: it is open whether the write will be chosen.
    cluster.network.partition(["n1"]);
    const late = first.kv.claim("k", "late", { noQuorum: "retry" });
    const token = await time.until(useNames(second, "other", 10));
    const process = second.spawn();
    const before = valueOf(await time.until(second.kv.claim("k", "before", { pid: process })));
    await time.until(process.exit());
    cluster.network.heal();
    const claim = valueOf(await time.until(late));
    assertEquals(claim.mine, true);
    assertGreater(claim.token, Math.max(before.token, token));
    assertEquals(await time.until(third.kv.token("k")), { ok: true, value: claim.token });
  });

  it("are forgotten also when a member was away meanwhile, some time after it is back", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    cluster.network.partition(["n3"]);
    await time.until(useNames(cluster.node("n1"), "away", 100));
    await time.pass(120_000);
    // The entries wait for the missing member.
    assertEquals(await entries(cluster), [100, 100, 0]);
    cluster.network.heal();
    await time.pass(120_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("are forgotten also when a member has lost its memory meanwhile", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    cluster.crash("n3");
    const token = await time.until(useNames(cluster.node("n1"), "crashed", 100));
    await time.pass(10_000);
    const node = await cluster.start("n3");
    await time.until(node.ready);
    // It has copied them, which is not a vote: they stay until it has accepted them.
    assertEquals(await entries(cluster), [100, 100, 100]);
    await time.pass(120_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
    const again = valueOf(await time.until(node.kv.claim("crashed 0", 1)));
    assertGreater(again.token, token);
  });

  it("are forgotten if the releasing node crashed before it could report the release", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, clients: true, sessionTtl: 1_000 });
    const client = await cluster.start("client");
    await time.until(client.ready);
    const process = client.spawn();
    await time.until(client.kv.put("k", 1, { pid: process }));
    assertEquals(await entries(cluster), [1, 1, 1]);
    cluster.crash("client");
    // No operation reads them: the members find them by themselves.
    await time.pass(10_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
    assertEquals(await time.until(cluster.node("n1").kv.get("k")), {
      ok: false,
      error: "not_found",
    });
  });

  it("do not come back as values from the memory of a member that missed their release", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const [first] = cluster.nodes;
    const process = first.spawn();
    await time.until(first.kv.claim("k", "old", { pid: process }));
    await time.pass(1_000);
    cluster.network.partition(["n3"]);
    await time.until(process.exit());
    cluster.network.heal();
    // n3 holds the value, the others the tombstone; now one of them loses its memory.
    cluster.crash("n1");
    const node = await cluster.start("n1");
    await time.until(node.ready);
    const gone = { ok: false, error: "not_found" } as const;
    for (const reader of cluster.nodes) {
      assertEquals(await time.until(reader.kv.get<string>("k")), gone);
    }
    await time.pass(120_000);
    cluster.crash("n2");
    await time.until((await cluster.start("n2")).ready);
    for (const reader of cluster.nodes) {
      assertEquals(await time.until(reader.kv.get<string>("k")), gone);
    }
  });

  it("promises without a write are dropped too", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, timeout: 500 });
    const [first] = cluster.nodes;
    cluster.network.partition(["n1"]);
    // It finds out that no other member answers, and its value may still be chosen.
    await time.until(first.kv.put("unsure", 1));
    // Promised by n1 only, and given up.
    await time.until(
      Promise.all(Array.from({ length: 50 }, (_, index) => first.kv.put(`vain ${index}`, 1))),
    );
    cluster.network.heal();
    assertEquals(await entries(cluster), [51, 0, 0]);
    await time.pass(1.5 * PROMISE_TTL);
    await time.until(first.kv.put("k", 1));
    assertEquals(await entries(cluster), [2, 1, 1]);
  });
});
