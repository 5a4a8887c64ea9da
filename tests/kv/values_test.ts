import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { assertCode, assertInvalid, valueOf } from "../support/expect.ts";

/** Values that can be stored, by description. */
const VALUES: Readonly<Record<string, unknown>> = {
  "the empty string": "",
  "a string beyond ASCII": "Zürich 東京 🦕",
  "zero": 0,
  "negative zero": -0,
  "a negative integer": -42,
  "the greatest safe integer": Number.MAX_SAFE_INTEGER,
  "a fraction": 0.1,
  "a very small number": 5e-324,
  "infinity": -Infinity,
  "NaN": NaN,
  "a small bigint": 1n,
  "a large negative bigint": -(2n ** 200n),
  "true": true,
  "false": false,
  "null": null,
  "no bytes": new Uint8Array(),
  "bytes": new Uint8Array([0, 1, 254, 255]),
  "a Date": new Date("2026-11-22T02:17:00.123Z"),
  "a Date before 1970": new Date(-1),
  "an empty array": [],
  "nested arrays": [1, [2, [3, []]]],
  "an empty object": {},
  "a nested object": { a: { b: { c: [1, { d: null }] } }, "": 0, "ä ö": "ü" },
  "undefined inside an array": [undefined, 1],
  "a Map with keys of any kind": new Map<unknown, unknown>([
    ["a", 1],
    [1, "a"],
    [new Uint8Array([1]), new Map()],
  ]),
  "a Set": new Set<unknown>(["a", 1, null]),
};

class Point {
  x = 1;
}

function transferred(): Uint8Array {
  const bytes = Uint8Array.of(1, 2, 3);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function cyclic(): unknown {
  const cycle: unknown[] = [];
  cycle.push([cycle]);
  return cycle;
}

/** Values that are refused, by description, with the reason. */
const REFUSED: Readonly<Record<string, readonly [make: () => unknown, reason: string]>> = {
  "undefined": [() => undefined, "value: undefined"],
  "a function": [() => () => 1, "value: a function"],
  "a function inside": [() => ({ a: [() => 1] }), "value.a[0]: a function"],
  "a symbol": [() => Symbol("s"), "value: a symbol"],
  "an instance of a class": [() => new Point(), "value: an instance of Point"],
  "an instance of a class inside": [() => [new Point()], "value[0]: an instance of Point"],
  "an Error": [() => new Error("no"), "value: an instance of Error"],
  "a RegExp": [() => /a/, "value: an instance of RegExp"],
  "a Promise": [() => Promise.resolve(1), "value: an instance of Promise"],
  "a WeakMap": [() => new WeakMap(), "value: an instance of WeakMap"],
  "a cycle": [cyclic, "value[0][0]: a cycle"],
  "a lone surrogate": [() => "a\ud800b", "value: a string with a lone surrogate"],
  "a lone surrogate inside": [() => ({ a: "\udc00" }), "value.a: a string with a lone surrogate"],
  "a lone surrogate in the name of a property": [
    () => ({ "\ud800": 1 }),
    'value["\\ud800"]: a string with a lone surrogate',
  ],
  "a Uint8Array whose buffer was transferred": [
    transferred,
    "value: a Uint8Array whose buffer was transferred or shrunk",
  ],
};

describe("values that can be stored", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(2);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  for (const [name, value] of Object.entries(VALUES)) {
    it(`come back unchanged: ${name}`, async () => {
      const [first, second] = cluster.nodes;
      assertEquals(await first.kv.put(name, value), { ok: true, value });
      assertEquals(await second.kv.put<unknown>(name, "another"), { ok: true, value });
      assertEquals(await first.kv.get(name), { ok: true, value });
      assertEquals(await second.kv.get(name), { ok: true, value });
    });
  }

  it("are copies: changes of a value after put or get have no effect", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const value = { list: [1] };
    const pending = kv.put("k", value);
    value.list.push(2); // encoded before the first await
    const put = valueOf(await pending);
    assertEquals(put, { list: [1] });
    assertNotStrictEquals(put, value);
    put.list.push(3);
    const got = valueOf(await kv.get<{ list: number[] }>("k"));
    assertEquals(got, { list: [1] });
    got.list.push(4);
    assertEquals(await kv.get("k"), { ok: true, value: { list: [1] } });
  });

  it("may have different types in the winning and in the losing put", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put<unknown>("k", new Map([[1, 2]]));
    assertEquals(await second.kv.put<unknown>("k", "text"), { ok: true, value: new Map([[1, 2]]) });
  });
});

describe("values that cannot be stored", () => {
  for (const [name, [make, reason]] of Object.entries(REFUSED)) {
    it(`are refused before anything is sent: ${name}`, async () => {
      await using cluster = await startCluster(1);
      const { kv } = cluster.nodes[0];
      const { entries } = await cluster.nodes[0].status();
      assertInvalid(await kv.put("k", make()), `${reason} cannot be stored`);
      assertEquals(await kv.get("k"), { ok: false, error: "not_found" });
      assertEquals((await cluster.nodes[0].status()).entries, entries);
    });
  }

  it("are refused also if the key has a value already", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    await kv.put("k", 1);
    assertInvalid(await kv.put<unknown>("k", Symbol("s")), "value: a symbol cannot be stored");
  });

  it("are refused before anything is sent: a remote", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const remote = node.name("k", { id: "counter", start: () => ({ inc: () => 1 }) });
    const reason = "value.counter: an object tagged Remote cannot be stored";
    assertInvalid(await node.kv.put<unknown>("k", { counter: remote }), reason);
    assertEquals(await node.kv.get("k"), { ok: false, error: "not_found" });
  });
});

describe("maxValueBytes", () => {
  it("is the exact size limit of a value", async () => {
    await using cluster = await startCluster(3, { maxValueBytes: 1_000 });
    const { kv } = cluster.nodes[0];
    // A string of that length has a head of three bytes.
    const most = "x".repeat(1_000 - 3);
    assertEquals(await kv.put("k", most), { ok: true, value: most });
    assertInvalid(
      await kv.put("other", `${most}x`),
      "value: at least 1001 bytes, more than 1000 bytes cannot be stored",
    );
  });

  it("is 1 MiB by default", async () => {
    await using cluster = await startCluster(3);
    const [first, , third] = cluster.nodes;
    const most = new Uint8Array(2 ** 20 - 5).fill(7);
    assertEquals((await first.kv.put("k", most)).ok, true);
    assertEquals(valueOf(await third.kv.get<Uint8Array>("k")).length, most.length);
    const more = new Uint8Array(2 ** 20 - 4);
    assertInvalid(
      await first.kv.put("more", more),
      "value: at least 1048577 bytes, more than 1048576 bytes cannot be stored",
    );
  });

  it("that are large bytes may be put many times in one turn", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const sizes = Array.from({ length: 24 }, (_, i) => 2 ** 20 - 5 - i);
    const puts = await Promise.all(
      sizes.map((size) => first.kv.put(`k${size}`, new Uint8Array(size))),
    );
    assert(puts.every(({ ok }) => ok));
    const gets = await Promise.all(sizes.map((size) => second.kv.get<Uint8Array>(`k${size}`)));
    assertEquals(gets.map((got) => valueOf(got).length), sizes);
  });
});

describe("maxKeys", () => {
  it("beyond it a put of a new key throws full, and existing keys still work", async () => {
    await using cluster = await startCluster(3, { maxKeys: 3 });
    const [first, second] = cluster.nodes;
    for (const key of [1, 2, 3]) await first.kv.put(key, key);
    await assertCode(first.kv.put(4, 4), "full");
    await assertCode(second.kv.claim(5, 5, { noQuorum: "fail" }), "full");
    assertEquals(await second.kv.put<unknown>(1, "again"), { ok: true, value: 1 });
    assertEquals(await second.kv.get(3), { ok: true, value: 3 });
    assertEquals(await second.kv.get(4), { ok: false, error: "not_found" });
  });
});
