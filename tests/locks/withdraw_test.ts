import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Watches } from "../../lib/node/quorum/watches.ts";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { eventually, within } from "../support/wait.ts";
import { untilQueued } from "./support/queue.ts";

/** Calls `callback` on the first call only. */
function once(callback: () => void): () => void {
  let called = false;
  return () => {
    if (!called) callback();
    called = true;
  };
}

describe("a signal", () => {
  it("that is aborted already rejects with its reason, and nothing is requested", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const reason = new Error("no need any more");
    const { sent } = (await first.status()).frames;
    const error = await reasonOf(first.lock("k", { signal: AbortSignal.abort(reason) }));
    assertStrictEquals(error, reason);
    assertEquals((await first.locks.query()).held, []);
    assert((await first.status()).frames.sent - sent < 20);
  });

  it("takes the request out of the queue, rejects with its reason, and the queue moves on", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const lock = await first.lock("k");
    const aborter = new AbortController();
    const aborted = reasonOf(second.lock("k", { signal: aborter.signal }));
    await untilQueued(first, "k", 1);
    const behind = third.lock("k");
    await untilQueued(first, "k", 2);
    const reason = { code: 17 };
    aborter.abort(reason);
    assertStrictEquals(await aborted, reason);
    await untilQueued(first, "k", 1);
    await lock.release();
    assert((await within(behind, "the request behind it")).held);
  });

  it("aborted in the turn in which the request is queued leaves no watch behind", async () => {
    const { watch } = Watches.prototype;
    let open = 0;
    Watches.prototype.watch = function (...what) {
      const stop = watch.apply(this, what);
      open++;
      return once(() => {
        open--;
        stop();
      });
    };
    using _ = { [Symbol.dispose]: () => void (Watches.prototype.watch = watch) };
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const lock = await node.lock("k");
    for (let microtasks = 0; microtasks < 100; microtasks++) {
      const aborter = new AbortController();
      const waiting = reasonOf(node.lock("k", { signal: aborter.signal }));
      for (let i = 0; i < microtasks; i++) await null;
      aborter.abort(new Error("changed my mind"));
      await waiting;
    }
    await lock.release();
    assertEquals(open, 0);
  });

  it("aborted in the turn of the request leaves nothing behind", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    for (let delay = 0; delay < 30; delay++) {
      const aborter = new AbortController();
      const aborted = first.lock("k", { signal: aborter.signal }).catch((reason) => reason);
      // At each point of its way: some requests are granted by then.
      for (let i = 0; i < delay; i++) await (i % 2 === 0 ? Promise.resolve() : nextTask());
      aborter.abort("enough");
      const outcome = await aborted;
      if (outcome !== "enough") await outcome.release();
      const next = await within(second.lock("k"), `the next one, after ${delay} steps`);
      await next.release();
    }
    await eventually(async () => valueOf(await first.holders("k")).length === 0, "a free lock");
  });

  it("has no effect any more once the lock is granted", async () => {
    await using cluster = await startCluster(3);
    const aborter = new AbortController();
    const lock = await cluster.nodes[0].lock("k", { signal: aborter.signal });
    aborter.abort();
    assertEquals([lock.held, lock.signal.aborted], [true, false]);
  });
});

describe("a timeout", () => {
  it("takes the request out of the queue, and rejects with a TimeoutError", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const lock = await first.lock("k");
    const started = cluster.clock.now;
    const late = reasonOf(second.lock("k", { timeout: 150 }));
    await untilQueued(first, "k", 1);
    const behind = third.lock("k");
    const error = await late;
    const took = cluster.clock.now - started;
    assertInstanceOf(error, DOMException);
    assertStrictEquals(error.name, "TimeoutError");
    assert(took > 140 && took < 2_000, `${took} ms`);
    await untilQueued(first, "k", 1);
    await lock.release();
    assert((await within(behind, "the request behind it")).held);
  });

  it("of 0 does not wait, and leaves nothing behind", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const lock = await first.lock("k");
    const error = await reasonOf(second.lock("k", { timeout: 0 }));
    assertStrictEquals((error as DOMException).name, "TimeoutError");
    await lock.release();
    assert((await within(third.lock("k"), "the next one")).held);
  });

  it("has no effect any more once the lock is granted", async () => {
    await using cluster = await startCluster(3);
    const lock = await cluster.nodes[0].lock("k", { timeout: 200 });
    await cluster.clock.pass(250);
    assertEquals([lock.held, lock.signal.aborted], [true, false]);
  });

  it("may be Infinity, or longer than any timer", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k", { timeout: Infinity });
    const waiting = [
      second.lock("k", { timeout: 2 ** 40 }),
      second.lock("k", { timeout: Infinity }),
    ];
    await untilQueued(first, "k", 2);
    await lock.release();
    await (await within(waiting[0], "the first one")).release();
    await (await within(waiting[1], "the other one")).release();
  });
});

/** Lets one task of the event loop run. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
