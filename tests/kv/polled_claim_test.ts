// Runs in Deno alone: virtual time.
import { assert, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** In milliseconds. */
const SESSION_TTL = 5_000;
const POLL = 20;

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
