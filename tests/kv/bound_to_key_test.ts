import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Key } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

describe("a value bound to another key", () => {
  it("is gone with the value of that key", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("leader", 1, { pid: process });
    await second.kv.put("k", 1, { key: "leader" });
    assertEquals(await third.kv.get("k"), { ok: true, value: 1 });
    await process.exit();
    assertEquals(await third.kv.get("k"), NOT_FOUND);
  });

  it("stays as long as that key has its value", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("base", 1);
    await first.kv.put("k", 1, { key: "base" });
    await first.kv.put("base", 2);
    await first.close();
    assertEquals(await second.kv.get("k"), { ok: true, value: 1 });
  });

  it("is also gone when that key has another value by now", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("leader", 1, { pid: process });
    await first.kv.put("k", 1, { key: "leader" });
    await process.exit();
    await second.kv.put("leader", 1);
    assertEquals(await second.kv.get("k"), NOT_FOUND);
  });

  it("is gone at the end of a chain, through any number of keys", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put(0, "v", { pid: process });
    for (let i = 1; i <= 20; i++) await first.kv.put(i, "v", { key: i - 1 });
    assertEquals((await second.kv.keys()).length, 21);
    await process.exit();
    assertEquals(await second.kv.get(20), NOT_FOUND);
    assertEquals(await second.kv.keys(), []);
  });

  it("is gone when a time ends the first key of a chain", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("a", 1, { until: kv.now() + 1_000 });
    await kv.put("b", 1, { key: "a" });
    await kv.put("c", 1, { key: "b" });
    assertEquals(await kv.get("c"), { ok: true, value: 1 });
    await eventually(async () => !(await kv.get("c")).ok, "the end of the chain");
    assertEquals(await kv.get("a"), NOT_FOUND);
  });

  it("is invalid when that key is absent", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertInvalid(await kv.put("k", 1, { key: "absent" }), 'key "absent" is absent');
    assertInvalid(await kv.put("k", 1, { key: "k" }), 'key "k" is absent');
    assertEquals(await kv.get("k"), NOT_FOUND);
  });

  it("is invalid when that key was released, even before a read finds out", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("leader", 1, { node: nameOf("n1") });
    await first.close();
    assertInvalid(await second.kv.put("k", 1, { key: "leader" }), 'key "leader" is absent');
  });

  it("means a key of the same bucket", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("base", 1, { bucket: "b" });
    assertInvalid(await kv.put("k", 1, { key: "base" }), 'key "base" is absent');
    assertInvalid(
      await kv.put("k", 1, { key: "base", bucket: "c" }),
      'key "base" in bucket "c" is absent',
    );
    assertEquals(await kv.put("k", 1, { key: "base", bucket: "b" }), { ok: true, value: 1 });
  });

  it("means a key of another bucket with `{ bucket, key }`", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    const process = cluster.nodes[0].spawn();
    await kv.put("base", 1, { bucket: "b", pid: process });
    await kv.put("plain", 1);
    const toB = { key: { bucket: "b", key: "base" } };
    assertEquals(await kv.put("k", 1, toB), { ok: true, value: 1 });
    assertEquals(await kv.put("k", 1, { ...toB, bucket: "c" }), { ok: true, value: 1 });
    const toDefault = { bucket: "c", key: { bucket: undefined, key: "plain" } as Key };
    assertEquals(await kv.put("other", 1, toDefault), { ok: true, value: 1 });
    await process.exit();
    assertEquals(await kv.get("k"), NOT_FOUND);
    assertEquals(await kv.get("k", { bucket: "c" }), NOT_FOUND);
    assertEquals(await kv.get("other", { bucket: "c" }), { ok: true, value: 1 });
  });

  it("reaches a key that is an object with `bucket` and `key` itself, inside `{ bucket, key }`", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const unusual = { bucket: "b", key: "k" };
    await kv.put(unusual, 1);
    assertInvalid(await kv.put("k", 1, { key: unusual }), 'key "k" in bucket "b" is absent');
    const wrapped = { bucket: undefined, key: unusual } as Key;
    assertEquals(await kv.put("k", 1, { key: wrapped }), { ok: true, value: 1 });
  });

  it("may be an object, an array or anything else that a key may be", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const keys: Key[] = [["orders", 42], { key: "only" }, { key: 1, bucket: 2 }, null, 0, ""];
    for (const [index, key] of keys.entries()) {
      await kv.put(key, 1);
      assertEquals(await kv.put(`bound ${index}`, 1, { key }), { ok: true, value: 1 });
    }
  });
});
