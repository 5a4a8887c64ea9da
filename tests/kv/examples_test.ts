/**
 * The documented examples of PaxosKV, the Elixir library that is the model of this KV
 * (`PaxosKV.put(:user_name, "Alice")` and so on), written with this library.
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

describe("the examples of PaxosKV", () => {
  it("put: sets a key, and returns the value", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertEquals(await kv.put("user_name", "Alice"), { ok: true, value: "Alice" });
    assertEquals(await kv.put("counter", 42), { ok: true, value: 42 });
  });

  it("put: a second value for the key returns the first, from any node", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    assertEquals(await first.kv.put("user_name", "Alice"), { ok: true, value: "Alice" });
    assertEquals(await first.kv.put("user_name", "Bob"), { ok: true, value: "Alice" });
    assertEquals(await second.kv.put("user_name", "Carol"), { ok: true, value: "Alice" });
    assertEquals(await third.kv.get("user_name"), { ok: true, value: "Alice" });
  });

  it("put with `bucket`: the same key has another value in another bucket", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("user_name", "Alice");
    assertEquals(await kv.put("user_name", "Bob", { bucket: "staff" }), { ok: true, value: "Bob" });
    assertEquals(await kv.get("user_name"), { ok: true, value: "Alice" });
    assertEquals(await kv.get("user_name", { bucket: "staff" }), { ok: true, value: "Bob" });
  });

  it("put with `pid`: the key lasts as long as the process", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    assertEquals(await first.kv.put("leader", "n1", { pid: process.pid }), {
      ok: true,
      value: "n1",
    });
    assertEquals(await second.kv.get("leader"), { ok: true, value: "n1" });
    await process.exit();
    assertEquals(await second.kv.get("leader"), { ok: false, error: "not_found" });
    assertEquals(await second.kv.put("leader", "n2"), { ok: true, value: "n2" });
  });

  it("put with `node`: the key lasts as long as the node is connected", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await second.kv.put("leader", "n1", { node: nameOf(first.id) });
    assertEquals(await third.kv.get("leader"), { ok: true, value: "n1" });
    await first.close();
    assertEquals(await third.kv.get("leader"), { ok: false, error: "not_found" });
  });

  it("put with `key`: the key lasts as long as the other key", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("leader", "n1", { pid: process });
    await second.kv.put("address", "10.0.0.1", { key: "leader" });
    assertEquals(await second.kv.get("address"), { ok: true, value: "10.0.0.1" });
    await process.exit();
    assertEquals(await second.kv.get("address"), { ok: false, error: "not_found" });
  });

  it("put with `until`: the key lasts until that time", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertEquals(await kv.put("session", "xyz", { until: kv.now() + 60_000 }), {
      ok: true,
      value: "xyz",
    });
    const until = kv.now() + 1_000;
    assertEquals(await kv.put("short", "xyz", { until }), { ok: true, value: "xyz" });
    await eventually(async () => !(await kv.get("short")).ok, "the end of the key");
    assertGreaterOrEqual(kv.now(), until);
    assertEquals(await kv.get("short"), { ok: false, error: "not_found" });
    assertEquals(await kv.get("session"), { ok: true, value: "xyz" });
  });

  it("put: `invalid_value` for a value that could not last", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const ended = first.spawn();
    await ended.exit();
    assertInvalid(await first.kv.put("k", 1, { pid: ended }), /^pid .* has ended$/);
    assertInvalid(await second.kv.put("k", 1, { pid: ended }), /^pid .* has ended, or its node/);
    assertInvalid(await first.kv.put("k", 1, { node: "n9" }), "node n9 has no session");
    assertInvalid(await first.kv.put("k", 1, { key: "absent" }), 'key "absent" is absent');
    assertInvalid(
      await first.kv.put("k", 1, { until: first.kv.now() - 1 }),
      /^until is in the past/,
    );
    assertEquals(await first.kv.get("k"), { ok: false, error: "not_found" });
  });

  it("put without a quorum: `no_quorum`", async () => {
    await using cluster = await startCluster(3);
    cluster.isolate("n2", "n3");
    assertEquals(await cluster.nodes[0].kv.put("user_name", "Alice", { timeout: 100 }), {
      ok: false,
      error: "no_quorum",
    });
  });

  it("get: `not_found` for a key that was never set, or the default", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    assertEquals(await kv.get("unknown"), { ok: false, error: "not_found" });
    assertEquals(await kv.get("unknown", { default: "guest" }), { ok: true, value: "guest" });
  });

  it("get: the default does not hide a value", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("user_name", "Alice");
    assertEquals(await kv.get("user_name", { default: "guest" }), { ok: true, value: "Alice" });
  });

  it("keys: the keys that are set, of one bucket", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("user_name", "Alice");
    await kv.put("counter", 42);
    await kv.put("elsewhere", true, { bucket: "staff" });
    assertEquals((await kv.keys()).sort(), ["counter", "user_name"]);
    assertEquals(await kv.keys("staff"), ["elsewhere"]);
    assertEquals(await kv.keys("nothing"), []);
  });

  it("node: the node that the key is bound to, `not_found`, or the default", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("leader", "n2", { node: nameOf("n2") });
    await first.kv.put("plain", 1);
    assertEquals(await second.kv.node("leader"), { ok: true, value: nameOf("n2") });
    assertEquals(await second.kv.node("plain"), { ok: false, error: "not_found" });
    assertEquals(await second.kv.node("unknown"), { ok: false, error: "not_found" });
    assertEquals(await second.kv.node("plain", { default: "none" }), { ok: true, value: "none" });
  });

  it("pid: the process that the key is bound to, `not_found`, or the default", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await using other = second.spawn();
    await first.kv.put("leader", "n1", { pid: process.pid });
    await first.kv.put("plain", 1);
    assertEquals(await second.kv.pid("leader"), { ok: true, value: process.pid });
    assertEquals(await second.kv.pid("plain"), { ok: false, error: "not_found" });
    assertEquals(await second.kv.pid("unknown"), { ok: false, error: "not_found" });
    assertEquals(await second.kv.pid("plain", { default: other.pid }), {
      ok: true,
      value: other.pid,
    });
  });

  it("now: the time in milliseconds, as a base for `until`", async () => {
    // On the clock of the system, as outside of tests.
    const transport = memoryNetwork().transport();
    await using node = await join({ id: "n1", members: ["n1"], transport });
    const before = Date.now();
    const now = node.kv.now();
    assert(Number.isInteger(now));
    assertGreaterOrEqual(now, before);
    assertLessOrEqual(now, Date.now());
  });
});
