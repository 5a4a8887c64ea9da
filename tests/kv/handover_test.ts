import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Random } from "../../testing/random.ts";
import { itOfMembers, nodeKind } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, assertInvalid, valueOf } from "../support/expect.ts";
import { eventually, knownToAll, within } from "../support/wait.ts";

describe("a put for a process of another node", () => {
  it("is mine for the caller, and bound to the process", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using process = first.spawn();
    const claim = valueOf(await second.kv.claim("k", "v", { pid: process.pid }));
    assertEquals(claim.mine, true);
    assertEquals(await third.kv.pid("k"), { ok: true, value: process.pid });
    assertEquals(await third.kv.token("k"), { ok: true, value: claim.token });
    await process.exit();
    assertEquals(await third.kv.get("k"), { ok: false, error: "not_found" });
  });

  it("returns a value that is already present", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using process = first.spawn();
    const { token } = valueOf(await third.kv.claim("k", "third"));
    assertEquals(valueOf(await second.kv.claim("k", "second", { pid: process.pid })), {
      value: "third",
      token,
      mine: false,
    });
  });

  it("reaches a process of a client, and comes from one", async () => {
    // With clients, sessions wait that long after the start; over guests that time is skipped.
    const sessionTtl = nodeKind.areGuests ? 5_000 : 200;
    await using cluster = await startCluster(3, { clients: true, sessionTtl });
    const client = await cluster.join("client");
    await client.ready;
    await using process = client.spawn();
    assertEquals(valueOf(await cluster.nodes[0].kv.claim("a", 1, { pid: process })).mine, true);
    assertEquals(await cluster.nodes[1].kv.pid("a"), { ok: true, value: process.pid });
    await using other = cluster.nodes[0].spawn();
    assertEquals(valueOf(await client.kv.claim("b", 1, { pid: other })).mine, true);
    assertEquals(await cluster.nodes[1].kv.pid("b"), { ok: true, value: other.pid });
  });

  const repeated = "a connection of a guest repeats no frame";
  itOfMembers("takes effect once, although each frame arrives three times", repeated, async () => {
    await using cluster = await startCluster(3, {
      schedule(deliver) {
        for (const delay of [0, 1, 7]) setTimeout(deliver, delay);
      },
    });
    const [first, second, third] = cluster.nodes;
    await using process = first.spawn();
    await using next = second.spawn();
    for (let round = 0; round < 10; round++) {
      const claim = valueOf(await second.kv.claim(["k", round], round, { pid: process.pid }));
      assertEquals(claim.mine, true);
      assertEquals(await third.kv.token(["k", round]), { ok: true, value: claim.token });
    }
    await process.exit();
    // None of the copies that are still in transit restores the value.
    for (let round = 0; round < 10; round++) {
      assertEquals(await third.kv.get(["k", round]), { ok: false, error: "not_found" });
      assertEquals(valueOf(await second.kv.claim(["k", round], "next", { pid: next })).mine, true);
    }
  });

  const broken = "a connection of a guest that loses a frame is broken";
  itOfMembers("succeeds although frames to and from the process are lost", broken, async () => {
    const random = new Random("handover");
    let lost = 0;
    await using cluster = await startCluster(3, {
      schedule(deliver, from, to) {
        if ([from, to].sort().join() === "n1,n2" && random.chance(0.3)) lost++;
        else setTimeout(deliver, 0);
      },
    });
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const claims = await Promise.all(
      [1, 2, 3].map((key) => second.kv.claim(key, key, { pid: process, noQuorum: "retry" })),
    );
    assertEquals(claims.map((claim) => valueOf(claim).mine), [true, true, true]);
    assertGreater(lost, 0);
  });

  it("is invalid_value at once when the node of the process has closed", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.close();
    const put = second.kv.put("k", 1, { pid: process.pid });
    assertInvalid(await within(put, "the put"), /^pid ~?n1\/.* has ended$/);
  });

  it("is no_quorum while the outcome is unknown, and invalid_value once its session has ended", async () => {
    await using cluster = await startCluster(3, { each: { n3: { sessionTtl: 600 } } });
    const [first, , third] = cluster.nodes;
    const process = third.spawn();
    await third.kv.put("bound", 1, { pid: process });
    await knownToAll(third);
    cluster.isolate("n3");
    assertEquals(await first.kv.put("k", 1, { pid: process.pid, timeout: 50 }), {
      ok: false,
      error: "no_quorum",
    });
    await eventually(async () => !(await first.kv.get("bound")).ok, "the end of the session");
    const before = cluster.clock.now;
    const put = await first.kv.put("k", 1, { pid: process.pid, timeout: 8_000 });
    assertInvalid(put, /^pid ~?n3\/.* has ended$/);
    assertLess(cluster.clock.now - before, 4_000);
  });

  it("with noQuorum `retry` throws outcome_unknown when the node vanishes during the put", async () => {
    await using cluster = await startCluster(3, { each: { n3: { sessionTtl: 400 } } });
    const [first, , third] = cluster.nodes;
    await using process = third.spawn();
    await knownToAll(third);
    cluster.isolate("n3");
    const put = first.kv.put("k", 1, { pid: process.pid, noQuorum: "retry" });
    await within(assertCode(put, "outcome_unknown"), "the put");
  });

  it("throws full when the members are full", async () => {
    await using cluster = await startCluster(3, { maxKeys: 1 });
    const [first, second] = cluster.nodes;
    await first.kv.put("only", 1);
    await using process = first.spawn();
    await assertCode(second.kv.put("k", 1, { pid: process.pid }), "full");
  });
});
