import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Lock, LockOptions } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { startCluster } from "../support/real_cluster.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { within } from "../support/wait.ts";
import { isSettled, untilQueued } from "./support/queue.ts";

const TWO = { permits: 2 } as const;

describe("node.lock with permits (section 9)", () => {
  it("has as many owners as permits at most, on all nodes; the next one waits its turn", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const one = await first.lock("gpu", TWO);
    const other = await second.lock("gpu", TWO);
    assertEquals([one.mode, one.permits, one.held, other.held], ["shared", 2, true, true]);
    const late = third.lock("gpu", TWO);
    await untilQueued(first, "gpu", 1);
    const later = first.lock("gpu", TWO);
    await untilQueued(first, "gpu", 2);
    assertEquals(await isSettled(late), false);
    await other.release();
    const next = await within(late, "the one that waits");
    assertGreater(next.token, other.token);
    assertEquals(await isSettled(later), false);
    await one.release();
    assert((await within(later, "the last one")).held);
  });

  it("is shown with its permits by holders and query", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await first.lock("gpu", { permits: 1, label: "train" });
    await second.lock("gpu", TWO);
    const holders = valueOf(await third.holders("gpu"));
    assertEquals(
      holders.map(({ pid, mode, permits, label }) => ({ node: pid.node, mode, permits, label })),
      [
        { node: nameOf("n1"), mode: "shared", permits: 1, label: "train" },
        { node: nameOf("n2"), mode: "shared", permits: 2, label: undefined },
      ],
    );
  });

  it("excludes shared and exclusive owners", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const counted = await first.lock("k", TWO);
    assertEquals(await second.lock("k", { ifAvailable: true }), null);
    assertEquals(await second.lock("k", { ifAvailable: true, mode: "shared" }), null);
    const reading = second.lock("k", { mode: "shared" });
    await untilQueued(first, "k", 1);
    // It would fit, but the shared request is before it.
    assertEquals(await third.lock("k", { ifAvailable: true, permits: 2 }), null);
    await counted.release();
    const reader = await within(reading, "the shared one");
    assertEquals(await third.lock("k", { ifAvailable: true, permits: 2 }), null);
    await reader.release();
    assert((await within(third.lock("k", TWO), "the counted one")).held);
  });

  it("loses no permit in a crash", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, second, third] } = cluster;
    await time.until(first.lock("k", TWO));
    await time.until(second.lock("k", TWO));
    const waiting = third.lock("k", TWO);
    await cluster.pass(1_000);
    assertEquals(await isSettled(waiting), false);
    cluster.isolate("n1");
    assert((await time.until(waiting)).held);
    cluster.heal();
    const back = await time.until(first.lock("k", { permits: 3 }));
    assert(back.held);
  });

  it("never has more owners than permits under load", async () => {
    await using cluster = await startCluster(3);
    let owners = 0;
    let most = 0;
    await Promise.all(cluster.nodes.flatMap((node) =>
      [1, 2, 3].map(async () => {
        for (let round = 0; round < 3; round++) {
          const lock: Lock = await node.lock("k", { permits: 2 });
          most = Math.max(most, ++owners);
          await Promise.resolve();
          owners--;
          await lock.release();
        }
      })
    ));
    assert(most <= 2, `${most} owners`);
  });
});

describe("process.lock with permits", () => {
  it("is reentrant, and takes one permit", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const handles = [await process.lock("k", TWO), await process.lock("k", TWO)];
    assertEquals(handles[0].token, handles[1].token);
    const other = await within(second.lock("k", TWO), "the other permit");
    await handles[0].release();
    assertEquals(valueOf(await second.holders("k")).length, 2);
    await handles[1].release();
    assertEquals(valueOf(await second.holders("k")).length, 1);
    await other.release();
  });

  it("of another kind than the process has is a TypeError", async () => {
    await using cluster = await startCluster(1);
    const kinds: LockOptions[] = [TWO, { mode: "shared" }, {}];
    for (const [has, wanted] of [[0, 1], [0, 2], [1, 0], [2, 0]]) {
      await using process = cluster.nodes[0].spawn();
      const lock = await process.lock("k", kinds[has]);
      const error = await reasonOf(process.lock("k", kinds[wanted]));
      assertInstanceOf(error, TypeError);
      assert(error.message.includes("permits"), error.message);
      assert(lock?.held);
    }
  });
});

describe("node.locks.request with permits", () => {
  it("calls back while fewer own it, and says its permits", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const open = Promise.withResolvers<void>();
    const began = [first, second].map((node) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const done = node.locks.request("k", TWO, (lock) => {
        resolve([lock?.mode, lock?.permits]);
        return open.promise;
      });
      return { promise, done };
    });
    const both = await within(Promise.all(began.map(({ promise }) => promise)), "both callbacks");
    assertEquals(both, [["shared", 2], ["shared", 2]]);
    const { held } = await first.locks.query();
    assertEquals(held.map(({ mode, permits }) => [mode, permits]), [["shared", 2], ["shared", 2]]);
    assertEquals(
      await first.locks.request("k", { ...TWO, ifAvailable: true }, (lock) => lock),
      null,
    );
    open.resolve();
    await Promise.all(began.map(({ done }) => done));
  });
});
