// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode, Key } from "../../mod.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const NO_QUORUM = { ok: false, error: "no_quorum" } as const;
const NOT_FOUND = { ok: false, error: "not_found" } as const;
const TTL = 5_000;

/** What `promise` has become without any time, and so without any message. */
async function atOnce(promise: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = "pending";
  promise.then((value) => outcome = value, (reason) => outcome = reason);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return outcome;
}

/** The ways in which a node comes to know a value that another node has put. */
const WAYS: Readonly<Record<string, (node: ClusterNode, key: string) => Promise<unknown>>> = {
  "get": (node, key) => node.kv.get(key),
  "get with options": (node, key) => node.kv.get(key, { default: 2, timeout: 1_000 }),
  "token": (node, key) => node.kv.token(key),
  "put": (node, key) => node.kv.put(key, "another"),
  "claim": (node, key) => node.kv.claim(key, "another"),
  "entries": (node) => node.kv.entries(),
  "a value bound to it": (node, key) => node.kv.put("bound", 1, { key }),
};

describe("get of a settled value", () => {
  for (const [way, learn] of Object.entries(WAYS)) {
    it(`takes no message once the node knows it by ${way}, and gives each caller its own`, async () => {
      await using cluster = await VirtualCluster.start(3);
      const { time, nodes: [first, second] } = cluster;
      const put = async (key: string, value: unknown) => {
        await time.until(first.kv.put(key, value));
        await time.until(learn(second, key));
      };
      await put("text", "value");
      await put("object", { list: [1] });
      cluster.isolate("n2");
      for (let call = 0; call < 3; call++) {
        assertEquals(await atOnce(second.kv.get("text")), { ok: true, value: "value" });
        const got = await atOnce(second.kv.get("object"));
        assertEquals(got, { ok: true, value: { list: [1] } });
        (got as { value: { list: number[] } }).value.list.push(2);
      }
    });
  }

  it("rejects with the reason of a signal that is already aborted, as of any other value", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [{ kv }] } = cluster;
    await time.until(kv.put("k", 1));
    const reason = new Error("no longer wanted");
    const signal = AbortSignal.abort(reason);
    for (const key of ["k", "another"]) {
      for (const call of ["get", "node", "pid", "token"] as const) {
        assertStrictEquals(await time.until(reasonOf(kv[call](key, { signal }))), reason);
      }
      for (const call of ["put", "claim"] as const) {
        assertStrictEquals(await time.until(reasonOf(kv[call](key, 2, { signal }))), reason);
      }
    }
  });

  it("gives each caller its own result", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [{ kv }] } = cluster;
    await time.until(kv.put("k", 1));
    for (let call = 0; call < 3; call++) {
      const result = await time.until(kv.get<number>("k"));
      assertEquals(result, { ok: true, value: 1 });
      Object.assign(result, { ok: false, value: 2 });
    }
  });

  it("keeps no value that can end, and none of another key or bucket", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, second] } = cluster;
    const get = (key: Key, bucket?: string) =>
      time.until(bucket === undefined ? second.kv.get(key) : second.kv.get(key, { bucket }));
    const process = first.spawn();
    await time.until(first.kv.put("k", "bound", { pid: process }));
    for (let call = 0; call < 3; call++) {
      assertEquals(await get("k"), { ok: true, value: "bound" });
    }
    await time.until(process.exit());
    assertEquals(await get("k"), NOT_FOUND);
    await time.until(first.kv.put("k", "settled"));
    await time.until(first.kv.put("k", "b", { bucket: "b" }));
    await time.until(first.kv.put("1", "text"));
    await time.until(first.kv.put(1, "number"));
    for (let call = 0; call < 3; call++) {
      assertEquals(await get("k"), { ok: true, value: "settled" });
      assertEquals(await get("k", "b"), { ok: true, value: "b" });
      assertEquals(await get("k", "c"), NOT_FOUND);
      assertEquals(await get("1"), { ok: true, value: "text" });
      assertEquals(await get(1), { ok: true, value: "number" });
    }
    const key = ["a"];
    await time.until(first.kv.put(["a"], "a"));
    await time.until(first.kv.put(["b"], "b"));
    assertEquals(await get(key), { ok: true, value: "a" });
    key[0] = "b";
    assertEquals(await get(key), { ok: true, value: "b" });
  });

  it("needs a quorum, at the instant of the call", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: TTL, timeout: 500 });
    const { time, nodes: [node] } = cluster;
    const keys = ["text", "object"];
    await time.until(node.kv.put("text", "value"));
    await time.until(node.kv.put("object", [1]));
    const get = () => Promise.all(keys.map((key) => atOnce(node.kv.get(key))));
    const known = [{ ok: true, value: "value" }, { ok: true, value: [1] }];
    for (let time = 0; time < 2; time++) assertEquals(await get(), known);
    cluster.isolate("n1");
    // As if one task took that long: no timer has ended the session yet.
    time.stall(0.95 * TTL);
    assertEquals(await get(), ["pending", "pending"]);
    assertEquals(await time.until(node.kv.get("text")), NO_QUORUM);
    await assertCode(time.until(node.kv.get("text", { noQuorum: "fail" })), "no_quorum");
    cluster.heal();
    await time.until((async () => {
      while (!node.hasQuorum) await time.pass(100);
    })());
    assertEquals(await get(), known);
  });

  it("rejects as soon as the node closes, also in what that calls", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [node] } = cluster;
    await time.until(node.kv.put("k", 1));
    assertEquals(await atOnce(node.kv.get("k")), { ok: true, value: 1 });
    const process = node.spawn();
    const during = new Promise((resolve, reject) => {
      process.signal.addEventListener("abort", () => node.kv.get("k").then(resolve, reject));
    });
    const closed = node.close();
    await assertCode(time.until(during), "closed");
    await assertCode(time.until(node.kv.get("k")), "closed");
    await time.until(closed);
    await assertCode(time.until(node.kv.get("k")), "closed");
    await assertCode(time.until(process.kv.get("k")), "closed");
  });

  it("rejects what is no key or option, as it does for other keys", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [{ kv }] } = cluster;
    await time.until(kv.put("k", 1));
    assertEquals(await atOnce(kv.get("k")), { ok: true, value: 1 });
    const message = async (key: unknown, options?: unknown) => {
      const error = await reasonOf(time.until(kv.get(key as Key, options as { timeout: number })));
      assertInstanceOf(error, TypeError);
      return error.message;
    };
    assertEquals(await message(undefined), "undefined cannot be a key");
    assertEquals(
      await message("x".repeat(5_000)),
      "a string of 5000 characters cannot be a key, or part of one",
    );
    for (const key of ["k", "other"]) {
      assertEquals(await message(key, null), "get: options must be an object, received null");
      assertEquals(
        await message(key, { tiemout: 1 }),
        "get: unknown option tiemout; did you mean timeout?",
      );
      assertEquals(await message(key, { bucket: 1 }), "get: bucket must be a string, received 1");
    }
    assertEquals(await time.until(kv.get("k", undefined)), { ok: true, value: 1 });
    assertEquals(await time.until(kv.get("k", {})), { ok: true, value: 1 });
    await assertRejects(() => time.until(kv.keys("b", null as unknown as undefined)), TypeError);
  });
});
