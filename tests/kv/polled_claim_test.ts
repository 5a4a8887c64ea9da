// Runs in Deno alone: virtual time.
import { assert, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** In milliseconds. */
const SESSION_TTL = 5_000;
const POLL = 20;

/** Longer than the time between two looks of the members themselves, in milliseconds. */
const LONG_TTL = 12_000;

/**
 * Three members, of which the third has crashed, and the others know it: they use no fast round. `before` is called
 * before the crash.
 */
async function start(before: (cluster: VirtualCluster) => Promise<unknown>) {
  const cluster = await VirtualCluster.start(3, { sessionTtl: SESSION_TTL });
  await cluster.time.until(before(cluster));
  cluster.crash("n3");
  for (let i = 0; i < 5; i++) {
    await cluster.time.until(cluster.node("n1").kv.put(`noticed ${i}`, 1));
  }
  return cluster;
}

/** Claims the key "a", bound to the node itself. */
async function claim(node: ClusterNode): Promise<boolean> {
  return valueOf(await node.kv.claim("a", node.id, { node: node.id })).mine;
}

/** Takes the lock "a" for ever, if it is free. */
function tryLock(node: ClusterNode): Promise<boolean> {
  return new Promise((resolve, reject) => {
    node.locks.request("a", { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    }).catch(reject);
  });
}

/** Tries again and again until it succeeds; returns how long that took, in milliseconds. */
async function poll(cluster: VirtualCluster, attempt: () => Promise<boolean>): Promise<number> {
  const { runtime } = cluster.time;
  const begun = runtime.now();
  while (!await cluster.time.until(attempt())) {
    if (runtime.now() - begun > 10 * SESSION_TTL) break;
    await cluster.pass(POLL);
  }
  return runtime.now() - begun;
}

describe("a node that tries again and again to take what a dead node owns", () => {
  const bindings = {
    "its process": (node: ClusterNode) => ({ pid: node.spawn() }),
    "itself": (node: ClusterNode) => ({ node: node.id }),
    "nothing": () => ({}),
  };
  for (const [name, binding] of Object.entries(bindings)) {
    it(`claims a key, bound to ${name}, once the session of its owner has ended`, async () => {
      await using cluster = await start(async ({ nodes: [, , n3] }) =>
        valueOf(await n3.kv.claim("a", 3, { node: "n3" }))
      );
      const [n1] = cluster.nodes;
      const options = binding(n1);
      const took = await poll(
        cluster,
        async () => valueOf(await n1.kv.claim("a", 1, options)).mine,
      );
      assertLess(took, SESSION_TTL + 10 * POLL);
    });
  }

  it("takes a lock with ifAvailable, once the session of its holder has ended", async () => {
    await using cluster = await start(({ nodes: [, , n3] }) => n3.lock("a"));
    const [n1] = cluster.nodes;
    const took = await poll(
      cluster,
      () => n1.locks.request("a", { ifAvailable: true }, (lock) => lock !== null),
    );
    assertLess(took, SESSION_TTL + 10 * POLL);
  });

  it("does so also as a client that has tried since long before, whenever the node died", async () => {
    for (const [phase, attempt] of [[700, claim], [1_400, tryLock]] as const) {
      await using cluster = await VirtualCluster.start(3, { sessionTtl: LONG_TTL, clients: true });
      const [poller, owner] = await Promise.all(["c1", "c2"].map((id) => cluster.join(id)));
      await cluster.time.until(Promise.all([poller.ready, owner.ready]));
      await cluster.pass(phase);
      await cluster.time.until(attempt(owner));
      const begun = cluster.time.runtime.now();
      // Longer than a node remembers that it has met something in a fast round.
      while (cluster.time.runtime.now() - begun < 12_000) {
        await cluster.time.until(attempt(poller));
        await cluster.pass(5 * POLL);
      }
      cluster.crash("c2");
      assertLess(await poll(cluster, () => attempt(poller)), LONG_TTL + 10 * POLL);
    }
  });

  it("takes a lock so also with two callers, one behind the other", async () => {
    for (const phase of [0, 1_400]) {
      await using cluster = await VirtualCluster.start(3, { sessionTtl: LONG_TTL, clients: true });
      const [poller, owner] = await Promise.all(["c1", "c2"].map((id) => cluster.join(id)));
      await cluster.time.until(Promise.all([poller.ready, owner.ready]));
      await cluster.pass(phase);
      await cluster.time.until(owner.lock("a"));
      cluster.crash("c2");
      const two = async () => {
        const first = tryLock(poller);
        await cluster.time.pass(1);
        return (await Promise.all([first, tryLock(poller)])).includes(true);
      };
      assertLess(await poll(cluster, two), LONG_TTL + 10 * POLL);
    }
  });

  it("has its own value released that is bound to the dead node, too", async () => {
    await using cluster = await start(async ({ nodes: [n1] }) =>
      valueOf(await n1.kv.put("a", 1, { pid: n1.spawn(), node: "n3" }))
    );
    const [n1] = cluster.nodes;
    const again = n1.spawn();
    const took = await poll(
      cluster,
      async () => valueOf(await n1.kv.claim("a", 2, { pid: again })).mine,
    );
    // Found by the members themselves, which look from time to time.
    assertLess(took, 3 * SESSION_TTL);
    assert(took >= SESSION_TTL / 2);
  });
});
