import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid, valueOf } from "../support/expect.ts";

describe("claim", () => {
  it("reports that it set the value, and the token", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    const claim = valueOf(await kv.claim("k", "a"));
    assertEquals(claim.value, "a");
    assertEquals(claim.mine, true);
    assertEquals(valueOf(await kv.token("k")), claim.token);
  });

  it("reports that another node has set the value, and the token", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const won = valueOf(await first.kv.claim("k", "a"));
    assertEquals(valueOf(await second.kv.claim("k", "b")), { ...won, mine: false });
  });

  it("is not mine when the same node claims the same value again", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    const won = valueOf(await kv.claim("k", "a"));
    assertEquals(valueOf(await kv.claim("k", "a")), { ...won, mine: false });
  });

  it("is mine for exactly one of many concurrent claims, and all agree", async () => {
    await using cluster = await startCluster(5);
    const claims = await Promise.all(
      cluster.nodes.flatMap((node) =>
        Array.from({ length: 8 }, async (_, i) => valueOf(await node.kv.claim("k", [node.id, i])))
      ),
    );
    assertEquals(claims.filter(({ mine }) => mine).length, 1);
    for (const { value, token } of claims) {
      assertEquals(value, claims[0].value);
      assertEquals(token, claims[0].token);
    }
  });

  it("is mine for one of many claims on each of many keys", async () => {
    await using cluster = await startCluster(3);
    const keys = Array.from({ length: 50 }, (_, i) => i);
    const winners = await Promise.all(keys.map(async (key) => {
      const claims = await Promise.all(
        cluster.nodes.map(async (node) => valueOf(await node.kv.claim(key, node.id))),
      );
      assertEquals(new Set(claims.map(({ value }) => value)).size, 1);
      return claims.filter(({ mine }) => mine).length;
    }));
    assertEquals(winners, keys.map(() => 1));
  });

  it("has a token that is a safe integer, above the milliseconds since 1970", async () => {
    await using cluster = await startCluster(3);
    const { token } = valueOf(await cluster.nodes[0].kv.claim("k", 1));
    assert(Number.isSafeInteger(token));
    assertGreater(token, Date.now());
  });

  it("has a greater token for each next owner of a key", async () => {
    await using cluster = await startCluster(3);
    let last = 0;
    for (let round = 0; round < 6; round++) {
      const node = cluster.nodes[round % 3];
      await using process = node.spawn();
      const claim = valueOf(await node.kv.claim("k", round, { pid: process }));
      assertEquals(claim.mine, true);
      assertGreater(claim.token, last);
      last = claim.token;
    }
  });

  it("returns invalid_value and no_quorum as put does", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertInvalid(await kv.claim("k", () => 1), "value: a function cannot be stored");
    cluster.isolate("n2", "n3");
    assertEquals(await kv.claim("k", 1, { timeout: 50 }), { ok: false, error: "no_quorum" });
  });
});

describe("token", () => {
  it("is not_found for a key without a value, or the default", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertEquals(await kv.token("k"), { ok: false, error: "not_found" });
    assertEquals(await kv.token("k", { default: 0 }), { ok: true, value: 0 });
  });

  it("is the same from every node, and stays", async () => {
    await using cluster = await startCluster(3);
    const { token } = valueOf(await cluster.nodes[0].kv.claim("k", 1));
    for (const node of cluster.nodes) {
      assertEquals(valueOf(await node.kv.token("k")), token);
      await node.kv.put("k", 2);
      assertEquals(valueOf(await node.kv.token("k")), token);
    }
  });

  it("is not_found once the value is released", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("k", 1, { pid: process });
    await process.exit();
    assertEquals(await second.kv.token("k"), { ok: false, error: "not_found" });
  });
});
