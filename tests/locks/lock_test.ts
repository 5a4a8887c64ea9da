import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { startCluster } from "../support/real_cluster.ts";
import { TimedCluster } from "./support/timed_cluster.ts";

describe("lock.release", () => {
  it("frees the lock once it has resolved", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    await lock.release();
    const next = await second.lock("k", { ifAvailable: true });
    assertGreater(next!.token, lock.token);
  });

  it("has one signal, which is the same whether it is read before or after the end", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const released = (signal: AbortSignal) => {
      assert(signal.aborted);
      assertInstanceOf(signal.reason, SynodError);
      assertStrictEquals(signal.reason.code, "released");
    };
    const early = await node.lock("early");
    const { signal } = early;
    assertEquals(signal.aborted, false);
    let aborted = 0;
    signal.addEventListener("abort", () => aborted++);
    const late = await node.lock("late");
    await Promise.all([early.release(), late.release()]);
    assertEquals(aborted, 1);
    assertStrictEquals(early.signal, signal);
    released(signal);
    released(late.signal);
    assertStrictEquals(late.signal, late.signal);
  });

  it("ends held and aborts the signal at once, before the next owner can have the lock", async () => {
    await using cluster = await startCluster(3);
    const lock = await cluster.nodes[0].lock("k");
    const released = lock.release();
    assertEquals([lock.held, lock.signal.aborted], [false, true]);
    assertInstanceOf(lock.signal.reason, SynodError);
    assertStrictEquals(lock.signal.reason.code, "released");
    await released;
  });

  it("may be called twice, and then does not free the lock of the next owner", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    const releases = [lock.release(), lock.release()];
    await Promise.all(releases);
    const next = await second.lock("k");
    await lock.release();
    assert(next.held);
    assertEquals(valueOf(await first.holders("k")).map(({ token }) => token), [next.token]);
  });

  it("is called by await using", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    await lock[Symbol.asyncDispose]();
    assertEquals(lock.held, false);
    assert(await second.lock("k", { ifAvailable: true }));
  });

  it("never rejects, even without a quorum, and the lock is not held meanwhile", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000, timeout: 200 });
    const [first, second] = cluster.nodes;
    const lock = await cluster.until(first.lock("k"));
    cluster.isolate("n1");
    const released = lock.release();
    assertEquals(lock.held, false);
    // Once the session is over, its locks are free.
    await cluster.until(released);
    assert((await cluster.until(second.lock("k"))).held);
  });
});
