import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode } from "../support/expect.ts";
import { within } from "../support/wait.ts";
import { untilQueued } from "./support/queue.ts";

const PATIENCE = 60_000;

describe("the queue of a lock", () => {
  it("takes 4,096 requests and serves them all; the next one is queue_full", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 60_000, timeout: 60_000 });
    const [first, second, third] = cluster.nodes;
    const held = await first.lock("k");
    const served: number[] = [];
    const tokens: number[] = [];
    const waiting = Array.from({ length: 4_096 }, async (_, index) => {
      const lock = await cluster.nodes[index % 3].lock("k");
      assert(lock.held);
      served.push(index);
      tokens.push(lock.token);
      await lock.release();
    });
    for (const request of waiting) request.catch(() => {});
    await untilQueued(first, "k", 4_096, PATIENCE);
    for (const node of cluster.nodes) {
      await assertCode(node.lock("k"), "queue_full");
      await assertCode(node.lock("k", { mode: "shared" }), "queue_full");
      await assertCode(node.locks.request("k", () => {}), "queue_full");
    }
    await using process = second.spawn();
    await assertCode(process.lock("k"), "queue_full");
    // Requests with `ifAvailable` are answered as usual, and other locks have their own queues.
    assertEquals(await third.lock("k", { ifAvailable: true }), null);
    assert((await third.lock("another")).held);

    await held.release();
    await within(Promise.all(waiting), "all waiting requests", PATIENCE);
    // The requests of each node are served in order, with a greater token for each.
    for (const node of [0, 1, 2]) {
      const own = served.filter((index) => index % 3 === node);
      assertEquals(own, own.toSorted((a, b) => a - b));
    }
    assertEquals(new Set(served).size, 4_096);
    assertEquals(tokens, tokens.toSorted((a, b) => a - b));
    assertEquals(new Set(tokens).size, 4_096);
  });
});
