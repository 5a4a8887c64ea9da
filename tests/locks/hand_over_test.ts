import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import type { Lock } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { ROUND_TRIP, TimedCluster } from "./support/timed_cluster.ts";

/** Long enough to influence nothing that is measured here, in milliseconds. */
const sessionTtl = 60_000;

/** To the members and back, to the members again, and from there to the next owner. */
const AT_ONCE = 2 * ROUND_TRIP;

describe("a lock that is given up", () => {
  for (const way of ["release", "exit", "close"] as const) {
    it(`goes to the next one within two round trips: ${way}`, async () => {
      for (let run = 0; run < 5; run++) {
        await using cluster = await TimedCluster.start(3, { sessionTtl });
        const [first, second] = cluster.nodes;
        // After these turns both nodes know how long a round trip takes here.
        for (let i = 0; i < 40; i++) {
          const lock = await cluster.until(cluster.nodes[i % 2].lock(i));
          await cluster.until(lock.release());
        }
        const process = first.spawn();
        const lock = await cluster.until(process.lock("k"));
        const next = second.lock("k");
        await cluster.time.pass(50);
        const ways = {
          release: () => lock.release(),
          exit: () => process.exit(),
          close: () => first.close(),
        };
        const over = ways[way]();
        assertEquals(lock.held, false);
        const { took } = await cluster.measure(next);
        assertLessOrEqual(took, AT_ONCE);
        await cluster.until(over);
      }
    });
  }
});

describe("a lock that one other node waits for", () => {
  it("is not watched any more by the node that releases it: it has no use for what it would be told", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    const sent: string[] = [];
    cluster.onSend = (from, bytes) => {
      const decoded = decodeFrame(bytes);
      if (from === "n1" && decoded.ok) sent.push(...decoded.frame.requests.map(({ type }) => type));
    };
    const lock = await cluster.until(first.lock("k"));
    const next = second.lock("k");
    await cluster.time.pass(20);
    assertEquals([sent.includes("watch"), sent.includes("unwatch")], [true, false]);
    await cluster.until(lock.release());
    assertEquals(sent.includes("unwatch"), true);
    await cluster.until(next);
  });
});

describe("a lock that two other nodes wait for", () => {
  it("is still watched by its first holder, so that its next request goes to the next one", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first, ...others] = cluster.nodes;
    const lock = await cluster.until(first.lock("k"));
    const next = others.map((node) => node.lock("k"));
    for (const one of next) one.catch(() => {}); // The nodes close, if the test fails.
    await cluster.time.pass(200);
    const sent: string[] = [];
    cluster.onSend = (from, bytes) => {
      const decoded = decodeFrame(bytes);
      if (from === "n1" && decoded.ok) sent.push(...decoded.frame.requests.map(({ type }) => type));
    };
    await cluster.until(lock.release());
    const again = first.lock("k");
    again.catch(() => {});
    await cluster.time.pass(20);
    assertEquals([sent.includes("order"), sent.includes("prepare")], [true, false]);
    for (const waiting of [...next, again]) {
      const lock = await cluster.until(waiting);
      await cluster.until(lock.release());
    }
  });
});

describe("waiters of one node that do not ask again", () => {
  it("take one round trip for each turn", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    cluster.time.jitter = 0;
    const [node] = cluster.nodes;
    const first = await cluster.until(node.lock("k"));
    const turns = Array.from({ length: 5 }, async () => (await node.lock("k")).release());
    await cluster.time.pass(20);
    const { took } = await cluster.measure(Promise.all([first.release(), ...turns]));
    assertLess(took, 6.01 * 2 * cluster.time.latency);
  });
});

describe("a lock whose owner's node vanishes", () => {
  for (const sessionTtl of [300, 2_000]) {
    it(`is free after the session's time to live and a few round trips at most: ${sessionTtl} ms`, async () => {
      // At several points between the session's renewals, and between the waiter's own reads.
      for (let offset = 0; offset < 8; offset++) {
        await using cluster = await TimedCluster.start(3, { sessionTtl });
        const [first, second] = cluster.nodes;
        const lock = await cluster.until(first.lock("k"));
        await cluster.time.pass(offset * sessionTtl / 15);
        const next = second.lock("k");
        await cluster.time.pass(sessionTtl + offset * sessionTtl / 15);
        cluster.isolate("n1");
        let heldThen: boolean | undefined;
        const { took } = await cluster.measure(next.then(() => heldThen = lock.held));
        assertEquals(heldThen, false, "the old owner still believes in it");
        assertLess(took, sessionTtl + 20 * ROUND_TRIP);
        // The last renewal was at most a third of that ago: a faster hand-over has not waited for the
        // session.
        assertGreater(took, sessionTtl / 2);
      }
    });
  }
});

describe("a thousand requests that wait for one lock", () => {
  it("stay idle: a hand-over takes as many frames as with one request, without polling", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const { nodes } = cluster;
    const granted: Lock[] = [await cluster.until(nodes[0].lock("k"))];
    let wake = () => {};
    for (let index = 0; index < 1_000; index++) {
      nodes[index % 3].lock("k").then((lock) => {
        granted.push(lock);
        wake();
      }, () => {});
    }
    await cluster.time.pass(1_000);
    const quiet = cluster.frames;
    await cluster.time.pass(1_000);
    assertLess(cluster.frames - quiet, 60, "frames in a second in which nothing happens");
    for (let handOver = 1; handOver <= 30; handOver++) {
      assertEquals(granted.length, handOver);
      const next = new Promise<void>((resolve) => wake = resolve);
      void granted[handOver - 1].release();
      const { frames } = await cluster.measure(next);
      assertLess(frames, 25, "frames for one hand-over");
      await cluster.time.pass(20);
    }
  });

  it("goes on soon behind the request of a node that has closed while it waited", async () => {
    await using cluster = await VirtualCluster.start(4, { sessionTtl: 20_000 });
    const { time, nodes: [one, , three] } = cluster;
    const first = await time.until(three.lock("k"));
    const second = one.lock("k");
    await cluster.pass(20);
    const third = three.lock("k").catch(({ code }) => code);
    await cluster.pass(20);
    const fourth = one.lock("k");
    await cluster.pass(20);
    await time.until(first.release());
    const held = await time.until(second);
    await time.until(three.close());
    assertEquals(await time.until(third), "closed");
    await cluster.pass(20);
    const released = time.runtime.now();
    void held.release();
    const lock = await time.until(fourth);
    assertLess(time.runtime.now() - released, 200);
    await time.until(lock.release());
  });
});
