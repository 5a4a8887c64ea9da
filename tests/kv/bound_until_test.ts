import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid, valueOf } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

describe("a value bound to a time", () => {
  it("is present before that time, and gone after it, on every node", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const until = first.kv.now() + 300;
    assertEquals(await first.kv.put("k", 1, { until }), { ok: true, value: 1 });
    assertEquals(await second.kv.get("k"), { ok: true, value: 1 });
    await eventually(async () => !(await second.kv.get("k")).ok, "the end of the key");
    assertGreaterOrEqual(Date.now(), until);
    for (const node of [first, third]) assertEquals(await node.kv.get("k"), NOT_FOUND);
  });

  it("is replaced after that time by a put, with a greater token", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const until = first.kv.now() + 1_000;
    const before = valueOf(await first.kv.claim("k", "old", { until }));
    assertEquals(await second.kv.put("k", "new"), { ok: true, value: "old" });
    let claim = valueOf(await second.kv.claim("k", "new"));
    await eventually(async () => {
      claim = valueOf(await second.kv.claim("k", "new"));
      return claim.value === "new";
    }, "the end of the key");
    assertGreaterOrEqual(Date.now(), until);
    assertEquals(claim.mine, true);
    assertGreaterOrEqual(claim.token, before.token + 1);
  });

  it("is invalid for a time that is past", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    for (const until of [kv.now() - 1, kv.now()]) {
      const time = new Date(until).toISOString();
      assertInvalid(await kv.put("k", 1, { until }), `until is in the past (${time})`);
    }
    const unlikely = [
      [1_792_000_000, "1970-01-21T17:46:40.000Z"], // seconds instead of milliseconds
      [0, "1970-01-01T00:00:00.000Z"],
      [-1, "1969-12-31T23:59:59.999Z"],
      [-Infinity, "-Infinity"],
      [-1e300, "-1e+300"],
    ] as const;
    for (const [until, shown] of unlikely) {
      assertInvalid(await kv.put("k", 1, { until }), `until is in the past (${shown})`);
    }
    assertEquals(await kv.get("k"), NOT_FOUND);
  });

  it("may be a fraction of a millisecond, far away, or never", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const times = [first.kv.now() + 60_000.25, 8.64e15, Number.MAX_VALUE, Infinity];
    for (const until of times) {
      assertEquals(await first.kv.put(until, 1, { until, timeout: 500 }), { ok: true, value: 1 });
      assertEquals(await second.kv.get(until), { ok: true, value: 1 });
    }
  });
});
