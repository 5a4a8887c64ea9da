import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { valueOf } from "../support/expect.ts";
import { within } from "../support/wait.ts";
import { isSettled, untilQueued } from "./support/queue.ts";

const SHARED = { mode: "shared" } as const;

describe("node.lock shared", () => {
  it("is held by many at the same time, on all nodes", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const locks = await Promise.all(
      [...cluster.nodes, ...cluster.nodes].map((node) => node.lock("k", SHARED)),
    );
    assert(locks.every(({ held, mode }) => held && mode === "shared"));
    const holders = valueOf(await first.holders("k"));
    assertEquals(holders.map(({ mode }) => mode), Array(6).fill("shared"));
    const names = ["n1", "n1", "n2", "n2", "n3", "n3"].map(nameOf);
    assertEquals(holders.map(({ pid }) => pid.node).sort(), names);
  });

  it("waits for an exclusive owner; the next exclusive request waits for the last shared owner", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const exclusive = await first.lock("k");
    const waiting = [second.lock("k", SHARED), third.lock("k", SHARED)];
    await untilQueued(first, "k", 2);
    const next = first.lock("k");
    await untilQueued(first, "k", 3);
    await exclusive.release();
    const [one, other] = await within(Promise.all(waiting), "both that share it");
    assert(one.held && other.held);
    await one.release();
    assertEquals(await isSettled(next), false);
    await other.release();
    assertGreater((await within(next, "the exclusive one")).token, other.token);
  });

  it("has the same token for all owners that got it together, above that of the previous owner", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const exclusive = await first.lock("k");
    const waiting = [first, second, third].map((node) => node.lock("k", SHARED));
    await untilQueued(first, "k", 3);
    await exclusive.release();
    const tokens = (await within(Promise.all(waiting), "all three")).map(({ token }) => token);
    assertEquals(new Set(tokens).size, 1);
    assertGreater(tokens[0], exclusive.token);
  });

  it("does not overtake an exclusive request that waits", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const reader = await first.lock("k", SHARED);
    const writer = second.lock("k");
    await untilQueued(first, "k", 1);
    const late = third.lock("k", SHARED);
    await untilQueued(first, "k", 2);
    assertEquals(await isSettled(late), false);
    await reader.release();
    const wrote = await within(writer, "the exclusive one");
    assertEquals(await isSettled(late), false);
    await wrote.release();
    await within(late, "the one that came late");
  });

  it("is granted when the exclusive request before it is withdrawn", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using reader = await first.lock("k", SHARED);
    const aborter = new AbortController();
    second.lock("k", { signal: aborter.signal }).catch(() => {});
    await untilQueued(first, "k", 1);
    const late = third.lock("k", SHARED);
    await untilQueued(first, "k", 2);
    aborter.abort();
    assert((await within(late, "the one behind it")).held);
    assert(reader.held);
  });

  it("learns of a grant that is decided together with its own request", async () => {
    // All requests are of one node: it holds the lock shared for long (so it follows the lock's register).
    // While a round is under way, an exclusive request waits and is withdrawn, and a shared one arrives.
    await using cluster = await startCluster(3);
    const [node, other] = cluster.nodes;
    await using _reader = await node.lock("k", SHARED);
    await cluster.clock.pass(150);
    const aborter = new AbortController();
    node.lock("k", { signal: aborter.signal }).catch(() => {});
    await untilQueued(other, "k", 1);
    const underWay = node.lock("k", { ifAvailable: true });
    for (let i = 0; i < 5; i++) await Promise.resolve();
    const late = node.lock("k", SHARED);
    for (let i = 0; i < 10; i++) await Promise.resolve();
    aborter.abort();
    assertEquals(await underWay, null);
    await within(late, "the one that shares it");
  });
});
