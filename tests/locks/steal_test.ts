import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Lock } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { eventually, within } from "../support/wait.ts";
import { Order, untilQueued } from "./support/queue.ts";
import { TimedCluster } from "./support/timed_cluster.ts";

const STEAL = { steal: true } as const;

/** Resolves when the owner of `lock` has learned that it was stolen. */
async function stolen(lock: Lock): Promise<void> {
  await eventually(() => lock.signal.aborted, "the news of the theft");
  assertEquals(lock.held, false);
  assertInstanceOf(lock.signal.reason, DOMException);
  assertStrictEquals(lock.signal.reason.name, "AbortError");
}

describe("steal", () => {
  it("takes the lock from its owner, with a greater token, and the owner learns of it", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    const thief = await second.lock("k", STEAL);
    assertGreater(thief.token, lock.token);
    await stolen(lock);
    assert(thief.held);
    assertEquals(valueOf(await first.holders("k")).map(({ pid }) => pid.node), [nameOf("n2")]);
  });

  it("takes it also if the thief's node has an earlier promise that is no longer valid", async () => {
    const sessionTtl = 1_000;
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [, second, third] = cluster.nodes;
    await cluster.until(third.lock("k"));
    cluster.isolate("n3");
    for (let round = 0; round < 2; round++) {
      const lock = await cluster.until(second.lock("k"));
      await cluster.until(lock.release());
    }
    const lock = await cluster.until(second.lock("k"));
    cluster.heal();
    await cluster.eventually(() => third.hasQuorum, "a new session");
    const thief = await cluster.until(third.lock("k", STEAL));
    assertGreater(thief.token, lock.token);
    assert(thief.held);
  });

  it("takes it also from an owner that has held it for long", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    await cluster.clock.pass(200);
    await second.lock("k", STEAL);
    await stolen(lock);
  });

  it("takes it from an owner of the same node", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const lock = await first.lock("k");
    const thief = await first.lock("k", STEAL);
    await stolen(lock);
    assert(thief.held);
  });

  it("is noticed by an owner on whose node other requests wait", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    first.lock("k").catch(() => {});
    await untilQueued(first, "k", 1);
    await second.lock("k", STEAL);
    await stolen(lock);
  });

  it("takes it from all shared owners", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const readers = await Promise.all(
      [first, second].map((node) => node.lock("k", { mode: "shared" })),
    );
    const thief = await third.lock("k", STEAL);
    await Promise.all(readers.map(stolen));
    assert(thief.held);
  });

  it("takes a free lock", async () => {
    await using cluster = await startCluster(3);
    assert((await cluster.nodes[0].lock("k", STEAL)).held);
  });

  it("bypasses the queue, which then goes on unchanged", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const lock = await first.lock("k");
    const order = new Order<string>();
    for (const [index, node] of [second, third, first].entries()) {
      order.add(node.id, node.lock("k"));
      await untilQueued(node, "k", index + 1);
    }
    const thief = await third.lock("k", STEAL);
    assertEquals(order.granted, []);
    await stolen(lock);
    await thief.release();
    await within(order.done(), "the queue");
    assertEquals(order.granted, ["n2", "n3", "n1"]);
  });

  it("from another thief leaves the last thief with the greatest token", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const locks = [await first.lock("k", STEAL)];
    locks.push(await second.lock("k", STEAL), await third.lock("k", STEAL));
    await stolen(locks[0]);
    await stolen(locks[1]);
    assert(locks[2].held);
    assertEquals(
      locks.map(({ token }) => token),
      locks.map(({ token }) => token).toSorted((a, b) => a - b),
    );
  });

  it("by several thieves at once gives each its own token or an AbortError", async () => {
    await using cluster = await startCluster(3);
    const thieves = [...cluster.nodes, ...cluster.nodes].map((node) => node.lock("k", STEAL));
    const outcomes = await within(Promise.allSettled(thieves), "all thieves");
    const tokens: number[] = [];
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") tokens.push(outcome.value.token);
      else assertStrictEquals((outcome.reason as DOMException).name, "AbortError");
    }
    assert(tokens.length > 0);
    assertEquals(new Set(tokens).size, tokens.length);
    const [holder] = valueOf(await cluster.nodes[0].holders("k"));
    assertStrictEquals(holder.token, Math.max(...tokens));
  });

  it("leaves the old owner nothing to release: its release does not free the thief's lock", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    const thief = await second.lock("k", STEAL);
    await lock.release();
    assert(thief.held);
    assertEquals(valueOf(await first.holders("k")).map(({ token }) => token), [thief.token]);
  });

  it("from a vanished owner does not harm the queue", async () => {
    await using cluster = await TimedCluster.start(5, { sessionTtl: 1_000 });
    const [first, second, third, fourth] = cluster.nodes;
    await cluster.until(first.lock("other"));
    await cluster.until(first.lock("k"));
    fourth.lock("k").catch(() => {});
    await cluster.untilQueued(third, "k", 1);
    const waiting = third.lock("k");
    await cluster.untilQueued(third, "k", 2);
    cluster.isolate("n1");
    await cluster.time.pass(700);
    cluster.isolate("n1", "n4");
    // Now the nodes know that the owner has vanished, but not that the next in the queue has.
    await cluster.until(second.lock("other"));
    const thief = await cluster.until(second.lock("k", STEAL));
    assertEquals(await cluster.isSettled(waiting), false);
    await cluster.until(thief.release());
    assert((await cluster.until(waiting)).held);
  });

  it("takes the lock from a process, but does not end the process", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const handles = [await process.lock("k"), await process.lock("k")];
    await second.lock("k", STEAL);
    await Promise.all(handles.map(stolen));
    assertEquals(process.signal.aborted, false);
    // The process may request the lock again, and then waits as usual.
    const again = process.lock("k", { timeout: 20 });
    assertStrictEquals((await reasonOf(again) as DOMException).name, "TimeoutError");
  });
});
