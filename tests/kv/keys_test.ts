import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Key } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

/** Keys that are prone to encoding errors. */
const KEYS: readonly Key[] = [
  "",
  "plain",
  "with/slash and space",
  "\u0000",
  "Zürich 東京 🦕",
  "\ud800",
  "\udc00\ud800",
  0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  NaN,
  Infinity,
  2n ** 80n,
  true,
  false,
  null,
  new Uint8Array([0, 255]),
  new Date(0),
  [],
  ["orders", 42],
  [["orders"], [42]],
  {},
  { bucket: "b", key: "k" },
  { a: 1, b: [2, { c: 3 }] },
  new Map<Key, Key>([[1, "a"], ["b", 2]]),
  new Set<Key>([1, "a"]),
  [undefined],
];

describe("a key", () => {
  it("may be of any kind, and each has its own value", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await Promise.all(KEYS.map((key, index) => first.kv.put(key, index)));
    for (const [index, key] of KEYS.entries()) {
      assertEquals(await second.kv.get(key), { ok: true, value: index });
    }
  });

  it("equals another key if both have the same encoding", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const same: [Key, Key][] = [
      [{ a: 1, b: 2 }, { b: 2, a: 1 }],
      [1n, 1],
      [-0, 0],
      [new Set([1, 2]), new Set([2, 1])],
      [new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]])],
    ];
    for (const [index, [one, other]] of same.entries()) {
      assertEquals(await kv.put(one, index), { ok: true, value: index });
      assertEquals(await kv.put<unknown>(other, "another"), { ok: true, value: index });
    }
  });

  it("differs from a key of another kind", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const different: Key[] = [1, "1", true, [1], new Uint8Array([1]), new Date(1)];
    for (const [index, key] of different.entries()) {
      assertEquals(await kv.put(key, index), { ok: true, value: index });
    }
  });

  it("that cannot be encoded is a TypeError, in every call", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const refused = [undefined, () => 1, Symbol("s"), new Error("no"), cycle, [() => 1]];
    for (const bad of refused as Key[]) {
      await assertRejects(() => kv.put(bad, 1), TypeError, "key");
      await assertRejects(() => kv.claim(bad, 1), TypeError, "key");
      await assertRejects(() => kv.get(bad), TypeError, "key");
      await assertRejects(() => kv.node(bad), TypeError, "key");
      await assertRejects(() => kv.pid(bad), TypeError, "key");
      await assertRejects(() => kv.token(bad), TypeError, "key");
      await assertRejects(
        async () => {
          for await (const _ of kv.watch(bad)) break;
        },
        TypeError,
        "key",
      );
    }
    for (const bad of refused.slice(1) as Key[]) {
      await assertRejects(() => kv.put("k", 1, { key: bad }), TypeError, "key");
      await assertRejects(
        () => kv.put("k", 1, { key: { bucket: "b", key: bad } }),
        TypeError,
        "key",
      );
    }
  });

  it("that is too long is a TypeError", async () => {
    await using cluster = await startCluster(1);
    await assertRejects(() => cluster.nodes[0].kv.get("x".repeat(100_000)), TypeError, "key");
  });
});

describe("a bucket", () => {
  it("has its own keys; the default bucket has no name", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const buckets = [undefined, "", "undefined", "a", "a/b", "A", "\ud800", "ä"];
    for (const [index, bucket] of buckets.entries()) {
      assertEquals(await first.kv.put("k", index, { bucket }), { ok: true, value: index });
    }
    for (const [index, bucket] of buckets.entries()) {
      assertEquals(await second.kv.get("k", { bucket }), { ok: true, value: index });
      assertEquals(await second.kv.keys(bucket), ["k"]);
    }
  });

  it("is separate from buckets with a longer or shorter name", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    await kv.put("k", 1, { bucket: "orders" });
    await kv.put("orders", 1);
    assertEquals(await kv.keys("order"), []);
    assertEquals(await kv.keys("orders2"), []);
    assertEquals(await kv.keys("orders"), ["k"]);
    assertEquals(await kv.keys(), ["orders"]);
  });

  it("applies to node, pid, token and watch, too", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    await using process = node.spawn();
    const { token } = valueOf(await node.kv.claim("k", "v", { bucket: "b", pid: process }));
    assertEquals(valueOf(await node.kv.node("k", { bucket: "b" })), nameOf("n1"));
    assertEquals(valueOf(await node.kv.pid("k", { bucket: "b" })), process.pid);
    assertEquals(valueOf(await node.kv.token("k", { bucket: "b" })), token);
    for await (const change of node.kv.watch("k", { bucket: "b" })) {
      assertEquals(change, { present: true, value: "v", token });
      break;
    }
    for await (const change of node.kv.watch("k")) {
      assertEquals(change, { present: false });
      break;
    }
  });
});

describe("keys", () => {
  it("returns keys of every kind unchanged", async () => {
    await using cluster = await startCluster(3);
    const [first, , third] = cluster.nodes;
    await Promise.all(KEYS.map((key) => first.kv.put(key, true)));
    const listed = await third.kv.keys();
    assertEquals(listed.length, KEYS.length);
    // Each result works as a key of the KV, so it is a faithful copy.
    for (const [index, key] of listed.entries()) {
      assertEquals(await first.kv.put([index, key], 1), { ok: true, value: 1 });
      assertEquals(await first.kv.get(key), { ok: true, value: true });
    }
    for (const key of KEYS) assertEquals(listed.filter((other) => isSame(other, key)).length, 1);
  });

  it("lists bound keys while they last, and no released ones", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await using other = first.spawn();
    await first.kv.put("unbound", 1);
    await first.kv.put("by node", 1, { node: nameOf("n2") });
    await first.kv.put("by pid", 1, { pid: process });
    await first.kv.put("by another pid", 1, { pid: other });
    await first.kv.put("by key", 1, { key: "by pid" });
    await first.kv.put("by time", 1, { until: first.kv.now() + 60_000 });
    const all = ["by another pid", "by key", "by node", "by pid", "by time", "unbound"];
    assertEquals((await second.kv.keys()).sort(), all as Key[]);
    await process.exit();
    const left = all.filter((key) => key !== "by pid" && key !== "by key");
    assertEquals((await second.kv.keys()).sort(), left as Key[]);
  });

  it("omits a key whose time has passed, even without a read", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("stays", 1);
    await first.kv.put("goes", 1, { until: first.kv.now() + 50 });
    await eventually(async () => (await second.kv.keys()).length === 1, "the end of the key");
    assertEquals(await second.kv.keys(), ["stays"]);
  });

  it("omits a key that was only read", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.get("k");
    await kv.token("k");
    assertEquals(await kv.keys(), []);
  });

  it("lists a key that was released and put again", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    const process = cluster.nodes[0].spawn();
    await kv.put("k", 1, { pid: process });
    await process.exit();
    assertEquals(await kv.keys(), []);
    await kv.put("k", 2);
    assertEquals(await kv.keys(), ["k"]);
  });

  it("lists more keys than fit into one page, each once", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const keys = Array.from({ length: 2_500 }, (_, index) => index);
    await Promise.all(keys.map((key) => first.kv.put(key, key, { timeout: 60_000 })));
    const listed = await second.kv.keys(undefined, { timeout: 60_000 }) as number[];
    assertEquals(listed.toSorted((a, b) => a - b), keys);
  });

  it("lists the keys of a majority when one member is lost", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    cluster.isolate("n3");
    await kv.put("while n3 was away", 1);
    cluster.isolate("n2");
    await eventually(async () => (await kv.keys()).length === 1, "the list of n1 and n3");
    assertEquals(await kv.keys(), ["while n3 was away"]);
  });

  it("without a quorum returns no keys, or fails, as noQuorum says", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("k", 1);
    cluster.isolate("n2", "n3");
    assertEquals(await kv.keys(undefined, { timeout: 50 }), []);
    assertEquals(await kv.keys(undefined, { timeout: 50, noQuorum: "return" }), []);
    await assertCode(kv.keys(undefined, { timeout: 50, noQuorum: "fail" }), "no_quorum");
    const patient = kv.keys(undefined, { timeout: 50, noQuorum: "retry" });
    assertEquals(await kv.keys(undefined, { timeout: 100 }), []);
    cluster.heal();
    assertEquals(await patient, ["k"]);
  });
});

/** Whether both keys are deeply equal. */
function isSame(a: Key, b: Key): boolean {
  try {
    assertEquals<Key>(a, b);
    return true;
  } catch {
    return false;
  }
}
