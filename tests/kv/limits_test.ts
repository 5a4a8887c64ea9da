import { assertEquals, assertLess, assertStrictEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { ClusterNode, KeyOptions } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { turn } from "../support/wait.ts";

const NO_QUORUM = { ok: false, error: "no_quorum" } as const;

/** All operations that take a signal. */
const OPERATIONS: Readonly<
  Record<string, (node: ClusterNode, options: KeyOptions) => Promise<unknown>>
> = {
  put: (node, options) => node.kv.put("k", 1, options),
  claim: (node, options) => node.kv.claim("k", 1, options),
  "put bound to its node": (node, options) => node.kv.put("k", 1, { ...options, node: node.id }),
  "put bound to another node": (node, options) =>
    node.kv.put("k", 1, { ...options, node: nameOf("n2") }),
  "put bound to a key": (node, options) => node.kv.put("k", 1, { ...options, key: "there" }),
  get: (node, options) => node.kv.get("k", options),
  node: (node, options) => node.kv.node("k", options),
  pid: (node, options) => node.kv.pid("k", options),
  token: (node, options) => node.kv.token("k", options),
  keys: (node, { bucket, ...options }) => node.kv.keys(bucket, options),
};

describe("an aborted signal", () => {
  let cluster: Cluster;
  let node: ClusterNode;

  beforeAll(async () => {
    cluster = await startCluster(3);
    [node] = cluster.nodes;
    await node.kv.put("there", 1);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  for (const [name, run] of Object.entries(OPERATIONS)) {
    it(`ends ${name} with its reason before anything is sent`, async () => {
      const reason = { any: "thing" };
      assertStrictEquals(await reasonOf(run(node, { signal: AbortSignal.abort(reason) })), reason);
      assertEquals(await node.kv.get("k"), { ok: false, error: "not_found" });
    });
  }

  for (const [name, run] of Object.entries(OPERATIONS)) {
    it(`ends ${name} with its reason, at once, while it waits for a quorum`, async () => {
      cluster.isolate("n2", "n3");
      const controller = new AbortController();
      const rejected = reasonOf(run(node, { signal: controller.signal, timeout: 60_000 }));
      await turn();
      const reason = new Error("never mind");
      const before = cluster.clock.now;
      controller.abort(reason);
      assertStrictEquals(await rejected, reason);
      assertLess(cluster.clock.now - before, 1_000);
      cluster.heal();
    });
  }
});

describe("signal", () => {
  it("without a reason rejects with an AbortError", async () => {
    await using cluster = await startCluster(1);
    const error = await reasonOf(cluster.nodes[0].kv.get("k", { signal: AbortSignal.abort() }));
    assertEquals((error as DOMException).name, "AbortError");
  });

  it("of AbortSignal.timeout rejects with a TimeoutError", async () => {
    await using cluster = await startCluster(3);
    cluster.isolate("n2", "n3");
    const signal = AbortSignal.timeout(30);
    const error = await reasonOf(cluster.nodes[0].kv.put("k", 1, { signal }));
    assertEquals((error as DOMException).name, "TimeoutError");
  });

  it("of one operation does not affect the others", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    cluster.isolate("n2", "n3");
    const controller = new AbortController();
    const aborted = reasonOf(kv.put("k", "aborted", { signal: controller.signal }));
    const others = [
      kv.put("k", "other", { noQuorum: "retry" }),
      kv.get("k", { noQuorum: "retry", default: "none" }),
    ];
    controller.abort(new Error("this one only"));
    assertEquals((await aborted as Error).message, "this one only");
    cluster.heal();
    assertEquals((await others[0]).ok, true);
    assertEquals((await others[1]).ok, true);
  });

  it("may serve any number of operations, which leave no listeners on it", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = function (...args: Parameters<typeof addEventListener>) {
      listeners++;
      return addEventListener.apply(this, args);
    };
    signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>) {
      listeners--;
      return removeEventListener.apply(this, args);
    };
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, key) => kv.claim(key, 1, { signal })),
    );
    assertEquals(claims.filter((claim) => valueOf(claim).mine).length, 50);
    await Promise.all(Array.from({ length: 50 }, (_, key) => kv.get(key, { signal })));
    assertEquals((await kv.keys(undefined, { signal })).length, 50);
    assertEquals(listeners, 0);
  });
});

describe("timeout", () => {
  it("is that of the node unless the call has its own", async () => {
    await using cluster = await startCluster(3, { timeout: 100 });
    const { kv } = cluster.nodes[0];
    cluster.isolate("n2", "n3");
    const before = cluster.clock.now;
    assertEquals(await kv.get("k"), NO_QUORUM);
    assertLess(cluster.clock.now - before, 1_500);
    let settled = false;
    const patient = kv.get("k", { timeout: 60_000 }).finally(() => settled = true);
    assertEquals(await kv.get("k"), NO_QUORUM);
    assertEquals(settled, false);
    cluster.heal();
    assertEquals(await patient, { ok: false, error: "not_found" });
  });

  for (const timeout of [2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, Infinity]) {
    it(`may be as long as ${timeout}`, async () => {
      await using cluster = await startCluster(3);
      const [first, second] = cluster.nodes;
      await using process = second.spawn();
      cluster.isolate("n2", "n3");
      let settled = false;
      const puts = [
        first.kv.put("unbound", 1, { timeout }),
        first.kv.put("own", 1, { node: nameOf("n1"), timeout }),
        first.kv.put("other", 1, { pid: process, timeout }),
      ];
      for (const put of puts) put.finally(() => settled = true);
      assertEquals(await first.kv.get("k", { timeout: 50 }), NO_QUORUM);
      assertEquals(settled, false);
      cluster.heal();
      for (const put of puts) assertEquals(await put, { ok: true, value: 1 });
    });
  }
});
