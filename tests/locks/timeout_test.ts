/** The error at the end of a caller's time: always a `TimeoutError`, even if something else ends at that moment. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { ClusterNode } from "../../mod.ts";
import { BlockedLoop, TimedCluster } from "./support/timed_cluster.ts";

/** Longer than any request of these tests may wait, in milliseconds. */
const LONG = 10_000;

/** How a request ended, in one word. */
async function endOf(cluster: TimedCluster, request: Promise<unknown>): Promise<string> {
  try {
    await cluster.until(request);
    return "granted";
  } catch (error) {
    if (error instanceof DOMException) return error.name;
    assertInstanceOf(error, Error);
    return (error as { code?: string }).code ?? error.name;
  }
}

/** The ways to request a lock that take a `timeout`. */
const WAYS: Readonly<Record<string, (node: ClusterNode, timeout: number) => Promise<unknown>>> = {
  "node.lock": (node, timeout) => node.lock("k", { timeout }),
  "node.lock, shared": (node, timeout) => node.lock("k", { timeout, mode: "shared" }),
  "node.lock, ifAvailable": (node, timeout) => node.lock("k", { timeout, ifAvailable: true }),
  "node.lock, steal": (node, timeout) => node.lock("k", { timeout, steal: true }),
  "process.lock": (node, timeout) => node.spawn().lock("k", { timeout }),
  "process.lock, ifAvailable": (node, timeout) =>
    node.spawn().lock("k", { timeout, ifAvailable: true }),
  "process.lock, behind one ifAvailable": (node, timeout) => {
    const process = node.spawn();
    process.lock("k", { timeout: LONG, ifAvailable: true }).catch(() => {});
    return process.lock("k", { timeout });
  },
};

describe("the timeout of a lock request", () => {
  for (const [way, ask] of Object.entries(WAYS)) {
    const waits = !way.includes("ifAvailable") && !way.includes("steal");
    // A request that does not wait for others never gets an answer; one that waits is in the queue, or on its
    // way there.
    for (const isCut of waits ? [true, false] : [true]) {
      const state = isCut ? "cut off" : "queued";
      it(`is a TimeoutError if the event loop was blocked past it and past the session: ${way}, ${state}`, async () => {
        const loop = new BlockedLoop();
        const options = { sessionTtl: 1_000 };
        await using cluster = await TimedCluster.start(3, options, loop.runtimes);
        const [first, second] = cluster.nodes;
        await cluster.until(second.lock("k"));
        if (isCut) cluster.isolate("n1");
        const ended = endOf(cluster, ask(first, 300));
        await cluster.time.pass(100);
        loop.block(LONG);
        // The first check of the session finds that it is over, before any timer fires.
        first.spawn();
        assertEquals(await ended, "TimeoutError");
      });
    }

    if (way.startsWith("process") || !waits) continue;
    it(`is a TimeoutError for any microsecond in which its session is lost: ${way}`, async () => {
      const loop = new BlockedLoop(0.01);
      await using cluster = await TimedCluster.start(3, { sessionTtl: 1_000 }, loop.runtimes);
      const [first, second] = cluster.nodes;
      await cluster.until(second.lock("k"));
      // Deadlines that are close to each other, so that some lie between two reads of the clock.
      const now = () => cluster.now + loop.ahead;
      const before = now();
      const asked = Array.from({ length: 200 }, (_, i) => ask(first, LONG + i / 20));
      const settled = Promise.allSettled(asked);
      const middle = (before + now()) / 2 + LONG + 5;
      await cluster.time.pass(100);
      cluster.isolate("n1");
      loop.block(middle - now());
      first.spawn();
      const counts = new Map<string, number>();
      await cluster.until(settled);
      for (const request of asked) {
        const end = await endOf(cluster, request);
        counts.set(end, (counts.get(end) ?? 0) + 1);
      }
      assertEquals(Object.fromEntries(counts), { TimeoutError: 200 });
    });
  }

  for (const [way, ask] of Object.entries(WAYS)) {
    it(`is a TimeoutError for any microsecond in which it ends without a quorum: ${way}`, async () => {
      // Time passes while the program runs, and timers of the platform may fire a little early.
      let reads = 0;
      const runtimes = (id: string, { runtime }: { runtime: Runtime }): Runtime =>
        id !== "n1" ? runtime : {
          ...runtime,
          now: () => runtime.now() + ++reads * 1e-5,
          setTimer: (callback, delay) => runtime.setTimer(callback, delay - 0.001),
        };
      await using cluster = await TimedCluster.start(3, { sessionTtl: 600_000 }, runtimes);
      const [first] = cluster.nodes;
      cluster.isolate("n1");
      const ends = new Map<string, number>();
      for (let i = 0; i < 200; i++) {
        const end = await endOf(cluster, ask(first, 5 + i / 1000));
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      assertEquals(Object.fromEntries(ends), { TimeoutError: 200 });
    });
  }
});
