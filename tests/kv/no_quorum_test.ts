import { itOfMembers } from "../support/node_kind.ts";
import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import type { ClusterNode, KeyOptions } from "../../mod.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

const NO_QUORUM = { ok: false, error: "no_quorum" } as const;

/** All operations on a key that need a quorum. */
const OPERATIONS: Readonly<
  Record<string, (node: ClusterNode, key: string, options: KeyOptions) => Promise<unknown>>
> = {
  put: (node, key, options) => node.kv.put(key, 1, options),
  "put bound to a pid": (node, key, options) => {
    const pid = node.spawn().pid;
    return node.kv.put(key, 1, { ...options, pid });
  },
  "put bound to a node": (node, key, options) => node.kv.put(key, 1, { ...options, node: node.id }),
  "put bound to a key": (node, key, options) => node.kv.put(key, 1, { ...options, key: "there" }),
  claim: (node, key, options) => node.kv.claim(key, 1, options),
  get: (node, key, options) => node.kv.get(key, options),
  "get with a default": (node, key, options) => node.kv.get(key, { ...options, default: 1 }),
  node: (node, key, options) => node.kv.node(key, options),
  pid: (node, key, options) => node.kv.pid(key, options),
  token: (node, key, options) => node.kv.token(key, options),
};

describe("without a quorum", () => {
  let cluster: Cluster;
  let node: ClusterNode;

  beforeAll(async () => {
    cluster = await startCluster(3, { timeout: 50 });
    [node] = cluster.nodes;
    await node.kv.put("there", 1, { noQuorum: "retry" });
  });
  beforeEach(() => cluster.isolate("n2", "n3"));
  afterEach(() => cluster.heal());
  afterAll(() => cluster[Symbol.asyncDispose]());

  for (const [name, run] of Object.entries(OPERATIONS)) {
    it(`${name} returns no_quorum by default and with "return", and throws it with "fail"`, async () => {
      const [byDefault, withReturn, error] = await Promise.all([
        run(node, "a", {}),
        run(node, "b", { noQuorum: "return" }),
        assertCode(run(node, "c", { noQuorum: "fail" }), "no_quorum"),
      ]);
      assertEquals(byDefault, NO_QUORUM);
      assertEquals(withReturn, NO_QUORUM);
      const { reason } = byDefault as { reason?: string };
      assert(reason === error.message, `${reason}`);
    });

    it(`${name} with "retry" continues when the quorum comes back, with any timeout`, async () => {
      let settled = false;
      const pending = run(node, name, { noQuorum: "retry", timeout: 1 });
      pending.finally(() => settled = true);
      assertEquals(await node.kv.get("other", { timeout: 30 }), NO_QUORUM);
      assertEquals(settled, false);
      cluster.heal();
      const result = await pending as { ok: boolean; error?: string };
      assertEquals(result.error ?? "none", result.ok ? "none" : "not_found");
    });
  }
});

describe("noQuorum", () => {
  it("`return`: takes as long as `timeout`, and not much longer", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    cluster.isolate("n2", "n3");
    for (const timeout of [0, 50, 300]) {
      const before = cluster.clock.now;
      assertEquals(await kv.put(timeout, 1, { timeout }), NO_QUORUM);
      const took = cluster.clock.now - before;
      // Timers have a resolution of whole milliseconds.
      assertGreaterOrEqual(took, timeout - 2);
      assertLess(took, timeout + 1_000);
    }
  });

  it("`retry`: a put takes effect once, with one token", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const pending = first.kv.claim("k", "v", { noQuorum: "retry" });
    assertEquals(await first.kv.get("other", { timeout: 200 }), NO_QUORUM);
    cluster.heal();
    const claim = valueOf(await pending);
    assertEquals(claim.mine, true);
    assertEquals(await second.kv.token("k"), { ok: true, value: claim.token });
  });

  it("`retry`: returns the value that another node has put in the meantime", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    cluster.isolate("n1");
    const pending = first.kv.claim("k", "first", { noQuorum: "retry" });
    const { token } = valueOf(await second.kv.claim("k", "second"));
    cluster.heal();
    assertEquals(valueOf(await pending), { value: "second", token, mine: false });
  });

  it("`retry`: also waits for the first quorum", async () => {
    await using cluster = await startCluster(1);
    const late = await cluster.join("late", { members: ["late", "later"] });
    const pending = late.kv.put("k", 1, { noQuorum: "retry", timeout: 1 });
    assertEquals(await late.kv.get("k", { timeout: 50 }), NO_QUORUM);
    await cluster.join("later", { members: ["late", "later"] });
    assertEquals(await pending, { ok: true, value: 1 });
  });

  it("`retry`: an aborted signal ends it with its reason", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    cluster.isolate("n2", "n3");
    const controller = new AbortController();
    const { signal } = controller;
    const pending = [
      kv.put("k", 1, { noQuorum: "retry", signal }),
      kv.get("k", { noQuorum: "retry", signal }),
      kv.keys("b", { noQuorum: "retry", signal }),
    ].map(reasonOf);
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await Promise.all(pending), [reason, reason, reason]);
  });

  it("`retry`: closing the node ends it with closed", async () => {
    await using cluster = await startCluster(3, { timeout: 200 });
    const [node] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const pending = node.kv.put("k", 1, { noQuorum: "retry" });
    const rejected = assertCode(pending, "closed");
    await node.close();
    await rejected;
  });

  it("`return`: the put may still take effect, and its value is released when its owner ends", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    cluster.isolate("n1");
    assertEquals(await first.kv.put("k", 1, { pid: process, timeout: 50 }), NO_QUORUM);
    cluster.heal();
    await process.exit();
    assertEquals(await second.kv.get("k"), { ok: false, error: "not_found" });
  });

  it("is no_quorum in the minority, while the majority works", async () => {
    await using cluster = await startCluster(5);
    const [first, , , fourth] = cluster.nodes;
    cluster.partition(["n1", "n2", "n3"], ["n4", "n5"]);
    // A guest whose gateway is on the other side takes another one first.
    const written = await first.kv.put("k", "majority", { timeout: 30_000 });
    assertEquals(written, { ok: true, value: "majority" });
    assertEquals(await fourth.kv.put("k", "minority", { timeout: 100 }), NO_QUORUM);
    assertEquals(await fourth.kv.get("k", { timeout: 100 }), NO_QUORUM);
    cluster.heal();
    const retried = fourth.kv.put("k", "minority", { noQuorum: "retry" });
    assertEquals(await retried, { ok: true, value: "majority" });
  });

  const cut =
    "the gateway of a guest may be cut off from it, and a connection that loses a frame is broken";
  itOfMembers("comes and goes with the quorum, repeatedly", cut, async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    for (let round = 0; round < 5; round++) {
      cluster.isolate("n2", "n3");
      assertEquals(await kv.put(round, 1, { timeout: 20 }), NO_QUORUM);
      cluster.heal();
      assertEquals(await kv.put(round, 1), { ok: true, value: 1 });
    }
    await eventually(async () => (await kv.keys()).length === 5, "all keys");
  });
});
