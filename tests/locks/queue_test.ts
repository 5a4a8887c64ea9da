// Runs in Deno alone: virtual time, and long.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** The requests that the queue takes. */
const ROOM = 4_096;

/** Those of them that ask for the lock alone, the last ones: each of them writes the rest of the queue again. */
const EXCLUSIVE = 96;

describe("the queue of a lock", () => {
  it("takes 4,096 requests and serves them all; the next one is queue_full", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 60_000, timeout: 60_000 });
    const { time, nodes } = cluster;
    const [first, second, third] = nodes;
    const held = await time.until(first.lock("k"));
    const served: number[] = [];
    const tokens: number[] = [];
    const alone = new Set<number>();
    const waiting = Array.from({ length: ROOM }, async (_, index) => {
      const mode = index < ROOM - EXCLUSIVE ? "shared" : "exclusive";
      const lock = await nodes[index % 3].lock("k", { mode });
      assert(lock.held);
      served.push(index);
      tokens.push(lock.token);
      if (mode === "exclusive") alone.add(lock.token);
      await lock.release();
    });
    for (const request of waiting) request.catch(() => {});
    for (let queued = 0; queued < ROOM;) {
      await cluster.pass(100);
      queued = (await time.until(first.locks.query())).pending.length;
    }
    for (const node of nodes) {
      await time.until(assertCode(node.lock("k"), "queue_full"));
      await time.until(assertCode(node.lock("k", { mode: "shared" }), "queue_full"));
      await time.until(assertCode(node.locks.request("k", () => {}), "queue_full"));
    }
    const process = second.spawn();
    await time.until(assertCode(process.lock("k"), "queue_full"));
    // Requests with `ifAvailable` are answered as usual, and other locks have their own queues.
    assertEquals(await time.until(third.lock("k", { ifAvailable: true })), null);
    assert((await time.until(third.lock("another"))).held);

    await time.until(held.release());
    await time.until(Promise.all(waiting));
    // The requests of each node are served in order, with a greater token for each that has the lock alone.
    for (const node of [0, 1, 2]) {
      const own = served.filter((index) => index % 3 === node);
      assertEquals(own, own.toSorted((a, b) => a - b));
    }
    assertEquals(new Set(served).size, ROOM);
    assertEquals(tokens, tokens.toSorted((a, b) => a - b));
    assertEquals(alone.size, EXCLUSIVE);
  });
});
