// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.

import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode, Lock } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Asks for the lock; a node that closes refuses the request. */
async function lockOf(node: ClusterNode): Promise<Lock | null> {
  try {
    return await node.lock("k");
  } catch {
    return null;
  }
}

describe("a lock whose queue has requests of a node that closes (section 9)", () => {
  it("passes to the next requests of other nodes within a few round trips", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 20_000 });
    const [one, two, three] = cluster.nodes;
    const { runtime } = cluster.time;
    // The session of n1 is watched from its first turn on, so that nothing asks about it again.
    const first = await cluster.time.until(one.lock("k"));
    const second = lockOf(two);
    const third = lockOf(three);
    await cluster.pass(20);
    const again = lockOf(one);
    await cluster.pass(20);
    const last = lockOf(three);
    await cluster.pass(20);
    void first.release();
    const held = await cluster.time.until(second);
    const closed = one.close();
    await cluster.time.until(closed);
    assertEquals(await again, null);
    const before = runtime.now();
    await cluster.time.until(held!.release());
    await cluster.time.until((await cluster.time.until(third))!.release());
    await cluster.time.until((await cluster.time.until(last))!.release());
    assertLess(runtime.now() - before, 20);
  });
});
