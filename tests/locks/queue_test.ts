import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Lock } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";
import { assertCode } from "../support/expect.ts";
import { within } from "../support/wait.ts";
import { untilQueued } from "./support/queue.ts";

const PATIENCE = 60_000;

describe("the queue of a lock", () => {
  it("takes 4,096 and serves them all; the next is told queue_full", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 60_000, timeout: 60_000 });
    const [first, second, third] = cluster.nodes;
    const held = await first.lock("k");
    // They share it: to be served one after the other takes a while, and `hand_over_test` shows that.
    const waiting: Promise<Lock>[] = [];
    for (let index = 0; index < 4_096; index++) {
      waiting.push(cluster.nodes[index % 3].lock("k", { mode: "shared" }));
    }
    for (const request of waiting) request.catch(() => {});
    await untilQueued(first, "k", 4_096);
    for (const node of cluster.nodes) {
      await assertCode(node.lock("k"), "queue_full");
      await assertCode(node.lock("k", { mode: "shared" }), "queue_full");
      await assertCode(node.locks.request("k", () => {}), "queue_full");
    }
    await using process = second.spawn();
    await assertCode(process.lock("k"), "queue_full");
    // Who does not want to wait is answered as ever, and other locks have queues of their own.
    assertEquals(await third.lock("k", { ifAvailable: true }), null);
    assert((await third.lock("another")).held);

    await held.release();
    const locks = await within(Promise.all(waiting), "all who wait", PATIENCE);
    assert(locks.every((lock) => lock.held));
    assertEquals(new Set(locks.map(({ token }) => token)).size, 1);
  });
});
