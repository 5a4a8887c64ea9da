// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.

import { assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode, valueOf } from "../support/expect.ts";
import { eventually, within } from "../support/wait.ts";
import { startLives } from "./support/lives.ts";
import { Load } from "./support/load.ts";

/** Operations before and after each crash; far more than are under way at a time. */
const BETWEEN = 100;

/** Time limits far above a pause of a loaded machine: no operation may fail, and no session be lost. */
const PATIENT = { timeout: 10_000, sessionTtl: 3_000 };

describe("a rolling restart", () => {
  for (
    const { size, atOnce } of [{ size: 3, atOnce: 1 }, { size: 5, atOnce: 1 }, {
      size: 5,
      atOnce: 2,
    }]
  ) {
    it(`of ${size} members, ${atOnce} at a time, fails no operation and loses nothing`, async () => {
      await using cluster = await startLives(size, { ...PATIENT, clients: true });
      const client = await cluster.start("client");
      await using load = new Load();
      for (const node of [...cluster.nodes, client]) load.begin(node);
      await load.progress(BETWEEN);

      for (let first = 0; first < size; first += atOnce) {
        const ids = cluster.members.slice(first, first + atOnce);
        for (const id of ids) load.abandon(cluster.node(id));
        cluster.crash(...ids);
        await load.progress(BETWEEN);
        for (const id of ids) load.begin(await cluster.start(id));
        await within(
          Promise.all(ids.map((id) => cluster.node(id).ready)),
          `${ids} with its memory back`,
        );
        await load.progress(BETWEEN);
      }
      await load.stop();
      assertEquals(load.failures, []);
      // A node that has seen nothing of it, and all members, which have nothing left of their first memory.
      for (const node of [await cluster.start("late"), ...cluster.nodes]) {
        assertGreater(await load.verify(node), BETWEEN);
      }
    });
  }

  it("does not affect locks and claims of surviving nodes", async () => {
    await using cluster = await startLives(3, { ...PATIENT, clients: true });
    const client = await cluster.start("client");
    const lock = await client.lock("lock");
    const process = client.spawn();
    const { token } = valueOf(await client.kv.claim("mine", "client", { pid: process }));

    for (const id of cluster.members) {
      cluster.crash(id);
      const node = await cluster.start(id);
      await node.ready;
      for (const other of cluster.nodes) {
        assertStrictEquals(await other.lock("lock", { ifAvailable: true }), null);
        assertEquals(valueOf(await other.kv.claim("mine", id)), {
          value: "client",
          token,
          mine: false,
        });
      }
    }
    assertEquals([lock.held, process.signal.aborted], [true, false]);
    await lock.release();
    await process.exit();
    const [first, , third] = cluster.nodes;
    const next = await third.lock("lock");
    assertGreater(next.token, lock.token);
    assertGreater(valueOf(await first.kv.claim("mine", "n1")).token, token);
  });

  it("frees the values of crashed lives, and not too soon", async () => {
    await using cluster = await startLives(3, { timeout: 10_000, sessionTtl: 1_000 });
    const first = cluster.node("n1");
    const process = first.spawn();
    const { token } = valueOf(await first.kv.claim("k", "first life", { pid: process }));
    const lock = await first.lock("lock");
    cluster.crash("n1");
    const second = await cluster.start("n1");
    await second.ready;
    await eventually(async () => {
      const claim = valueOf(await second.kv.claim("k", "second life"));
      // The first life may rely on its session until its deadline; until then no other node owns the key.
      if (claim.mine) assertEquals(process.signal.aborted, true);
      else assertEquals(claim, { value: "first life", token, mine: false });
      return claim.mine;
    }, "the end of the first life's session");
    const next = await second.lock("lock");
    assertEquals([lock.held, next.held], [false, true]);
    assertGreater(next.token, lock.token);
    assertGreater(valueOf(await second.kv.token("k")), token);
  });

  it("of one life after the other leaves the cluster unchanged", async () => {
    await using cluster = await startLives(3, PATIENT);
    await cluster.node("n1").kv.put("k", "kept");
    for (let round = 0; round < 10; round++) {
      const id = cluster.members[round % 3];
      cluster.crash(id);
      const node = await cluster.start(id);
      await within(node.ready, `life ${round} of ${id}`);
      assertEquals(valueOf(await node.kv.get("k")), "kept");
      assertEquals(valueOf(await node.kv.put(round, id)), id);
    }
    const { members } = await cluster.node("n2").status();
    assertEquals(
      members.map(({ id, incarnation }) => [id, incarnation]),
      cluster.nodes.map(({ id, life }) => [id, life]),
    );
  });

  it("without answers of the others waits: a single member has no quorum to recover with", async () => {
    await using cluster = await startLives(3, { sessionTtl: 500, afterMajorityLoss: "wait" });
    cluster.crash("n1", "n2", "n3");
    const node = await cluster.start("n1");
    assertEquals(await node.kv.get("k", { timeout: 300 }), { ok: false, error: "no_quorum" });
    assertEquals((await node.status()).waitingFor, ["n2", "n3"]);
    await assertCode(node.kv.get("k", { timeout: 50, noQuorum: "fail" }), "no_quorum");
  });
});
