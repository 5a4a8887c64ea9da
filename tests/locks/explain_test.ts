// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode, Explanation, Key, Lock, Process } from "../../mod.ts";
import { itOfMembers, nameOf, nodeKind } from "../support/node_kind.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const sessionTtl = 2_000;

describe("explain()", () => {
  const start = (size = 3) => VirtualCluster.start(size, { sessionTtl });

  /** What each of the nodes says of a lock; all say the same. */
  async function explain(cluster: VirtualCluster, key: Key): Promise<Explanation> {
    const all = [];
    for (const node of cluster.nodes) all.push(await cluster.time.until(node.explain(key)));
    for (const { state, holders, waiters, deadlock } of all) {
      assertEquals({ state, holders: holders.length, waiters, deadlock }, {
        state: all[0].state,
        holders: all[0].holders.length,
        waiters: all[0].waiters,
        deadlock: all[0].deadlock,
      });
    }
    return all[0];
  }

  it("says that a lock is free", async () => {
    await using cluster = await start();
    const { key, at, state, holders, waiting, freedBy, latest, deadlock, text } = await explain(
      cluster,
      ["a", 1],
    );
    assertEquals({ key, state, holders, waiting, freedBy, latest, deadlock }, {
      ...{ key: ["a", 1], state: "free", holders: [], waiting: 0 },
      ...{ freedBy: null, latest: null, deadlock: null },
    });
    assertGreater(at, 1_700_000_000_000);
    assertStringIncludes(text, "is free");
  });

  it("says that one owner of a counting lock is enough, and calls no cycle through it certain", async () => {
    await using cluster = await start();
    const { time, nodes: [first, second, third] } = cluster;
    const [one, two, three] = [first.spawn(), second.spawn(), third.spawn()];
    await time.until(one.lock("gpu", { permits: 2 }));
    await time.until(two.lock("gpu", { permits: 2 }));
    await time.until(three.lock("disk"));
    const waiting = [three.lock("gpu", { permits: 2 }), one.lock("disk")];
    for (const request of waiting) request.catch(() => {});
    await cluster.pass(100);
    const { freedBy, deadlock, latest, at } = await explain(cluster, "gpu");
    assertStringIncludes(freedBy ?? "", "one of its owners");
    assertEquals(deadlock?.certain ?? false, false);
    assert(latest !== null && latest <= at + sessionTtl + 1);
    for (const process of [one, two, three]) await time.until(process.exit());
  });

  it("names the owner, those who wait in their order, and when it is free at the latest", async () => {
    await using cluster = await start();
    const { time, nodes: [first, second, third] } = cluster;
    const asked = time.runtime.wallNow();
    const lock = await time.until(second.lock("k", { label: "nightly report" }));
    const waiting: Promise<Lock>[] = [];
    for (const node of [third, first, third]) {
      waiting.push(node.lock("k", { mode: "shared" }));
      await cluster.pass(100);
    }
    const explained = await explain(cluster, "k");
    assertEquals(explained.state, "held");
    const [holder] = explained.holders;
    assertEquals([holder.node, holder.mode, holder.token], [nameOf("n2"), "exclusive", lock.token]);
    assertEquals(holder.pid.node, nameOf("n2"));
    assertEquals([holder.waitsFor, holder.since, holder.label], [[], asked, "nightly report"]);
    assert(holder.remaining !== null && holder.remaining > 0 && holder.remaining <= sessionTtl);
    assertEquals(explained.waiters.map(({ node }) => node), ["n3", "n1", "n3"].map(nameOf));
    assertEquals(explained.waiters.map(({ mode }) => mode), ["shared", "shared", "shared"]);
    const ages = explained.waiters.map(({ since }) => since! - asked);
    assert(ages[0] < ages[1] && ages[1] < ages[2] && ages[2] < 1_000, `${ages}`);
    assertEquals(explained.waiters[0].label, null);
    assertEquals(explained.waiting, 3);
    assertStringIncludes(explained.text, '"nightly report"');
    assert(explained.latest !== null);
    assertGreater(explained.latest, explained.at);
    assert(explained.latest <= explained.at + sessionTtl + 1);
    assertStringIncludes(explained.text, "3 requests wait");
    assertStringIncludes(explained.text, nameOf("n2"));
    assertStringIncludes(explained.freedBy ?? "", nameOf("n2"));
    assertEquals(explained.deadlock, null);
    assertEquals(structuredClone(explained), explained);
    await time.until(lock.release());
    const shared = await time.until(Promise.all(waiting));
    assertEquals((await explain(cluster, "k")).holders.length, 3);
    await time.until(Promise.all(shared.map((one) => one.release())));
    assertEquals((await explain(cluster, "k")).state, "free");
  });

  itOfMembers(
    "asks the nodes of owners and waiters for labels that are longer than 64 bytes",
    "the entry of a guest has the beginning of its label, and no node has more",
    async () => {
      await using cluster = await start();
      const { time, nodes: [first, second, third] } = cluster;
      const label = (name: string) => `${name} ${"ä".repeat(150)}`;
      const lock = await time.until(second.lock("k", { label: label("owner") }));
      const waiting = [first, third].map((node) => node.lock("k", { label: label(node.id) }));
      waiting.push(third.lock("k", { label: "short" }));
      await cluster.pass(100);
      const { holders, waiters } = await explain(cluster, "k");
      assertEquals(holders[0].label, label("owner"));
      assertEquals(waiters.map((one) => one.label), [label("n1"), label("n3"), "short"]);
      cluster.crash("n3");
      await cluster.pass(100);
      const began = time.runtime.now();
      const { waiters: [there, gone] } = await time.until(first.explain("k"));
      assertEquals([there.label, gone.label], [label("n1"), `n3 ${"ä".repeat(30)}`]);
      assert(time.runtime.now() - began <= 1_100);
      for (const request of waiting) request.catch(() => {});
      await time.until(lock.release());
    },
  );

  it("shows permits, and the label of a process for its locks that have none", async () => {
    await using cluster = await start();
    const { time, nodes: [first] } = cluster;
    const process = first.spawn(undefined, { label: "resize" });
    await time.until(process.lock("gpu", { permits: 3 }));
    await time.until(process.lock("disk", { label: "swap" }));
    await time.until(first.lock("net", { mode: "shared" }));
    const { holders: [gpu], text } = await explain(cluster, "gpu");
    assertEquals([gpu.mode, gpu.permits, gpu.label], ["shared", 3, "resize"]);
    assertStringIncludes(text, '("resize"), asked');
    assertStringIncludes(text, ", one of 3 permits, token");
    const { holders: [disk] } = await explain(cluster, "disk");
    assertEquals([disk.permits, disk.label], [null, "swap"]);
    const { holders: [net] } = await explain(cluster, "net");
    assertEquals([net.permits, net.label], [null, null]);
    const wrong = { label: "x".repeat(201) };
    assertThrows(() => first.spawn(undefined, wrong), TypeError, "spawn: label must be a string");
    await time.until(process.exit());
  });

  itOfMembers(
    "is right about the latest time whether a dead node is asked for its label or not",
    "no node is asked for the label of a guest",
    async () => {
      await using cluster = await VirtualCluster.start(3, { sessionTtl: 10_000 });
      const { time, nodes: [first, , third] } = cluster;
      await time.until(third.lock("long", { label: "x".repeat(150) }));
      await time.until(third.lock("short", { label: "x" }));
      cluster.crash("n3");
      await cluster.pass(500);
      const both = ["long", "short"].map((key) => first.explain(key));
      const [long, short] = await time.until(Promise.all(both));
      // The label takes a second.
      assert(long.at - short.at > 900);
      const { holders: [{ remaining }], at, latest } = long;
      assert(Math.abs(at + remaining! - latest!) <= 1, `${at} + ${remaining}, ${latest}`);
      assert(Math.abs(latest! - short.latest!) < 100, `${latest}, ${short.latest}`);
    },
  );

  it("is right about the latest time: then a lock of a node that has stopped is free", async () => {
    await using cluster = await start();
    const { time, nodes: [first, , third] } = cluster;
    await time.until(third.lock("k"));
    await cluster.pass(3 * sessionTtl);
    cluster.crash("n3");
    const { latest } = await time.until(first.explain("k"));
    const lock = await time.until(first.lock("k"));
    assert(latest !== null);
    // Renewals may have been under way, and a quorum is asked whether the session has ended.
    assert(time.runtime.wallNow() <= latest + sessionTtl / 4, `${time.runtime.wallNow() - latest}`);
    await time.until(lock.release());
  });

  it("names the first hundred of those who wait, and counts all", async () => {
    await using cluster = await start(1);
    const { time, nodes: [first] } = cluster;
    await time.until(first.lock("k"));
    const all = Array.from({ length: 150 }, () => first.lock("k").catch(() => {}));
    await cluster.pass(100);
    const { waiters, waiting, text } = await explain(cluster, "k");
    assertEquals([waiters.length, waiting], [100, 150]);
    assertStringIncludes(text, "and 145 more");
    await time.until(first.close());
    await Promise.all(all);
  });

  it("says so without a quorum, and who does not answer", async () => {
    await using cluster = await start();
    const { time, nodes: [first] } = cluster;
    await time.until(first.lock("k"));
    cluster.isolate("n1");
    await cluster.pass(2 * sessionTtl);
    const { state, reason, holders, latest, text } = await time.until(first.explain("k"));
    assertEquals({ state, holders, latest }, { state: "unknown", holders: [], latest: null });
    assertStringIncludes(text, "not known");
    assert(reason !== null);
    if (!nodeKind.areGuests) {
      assertStringIncludes(reason, "n2 does not answer");
      assertStringIncludes(reason, "n3 does not answer");
    }
  });

  it("takes any key that a lock may have", async () => {
    await using cluster = await start(1);
    for (const key of ["\ud800", null, 1n, { b: [new Date(0)] }]) {
      const lock = await cluster.time.until(cluster.nodes[0].lock(key));
      const explained = await explain(cluster, key);
      assertEquals(explained.state, "held");
      assertEquals(JSON.stringify(explained.key, show), JSON.stringify(key, show));
      await cluster.time.until(lock.release());
    }
  });
});

const show = (_: string, value: unknown) => typeof value === "bigint" ? Number(value) : value;

describe("a deadlock in explain()", () => {
  /** A process of the node that takes `has` and then waits for `wants`. */
  function take(node: ClusterNode, has: Key, wants: Key): Process<void> {
    const process = node.spawn(async (self) => {
      await self.lock(has);
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      await self.lock(wants);
    });
    process.result.catch(() => {});
    return process;
  }

  it("is named from each of its locks, certainly if processes own them", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second, third] } = cluster;
    const processes = [take(first, "a", "b"), take(second, "b", "c"), take(third, "c", "a")];
    await cluster.pass(100);
    for (const [start, order] of [["a", "abc"], ["b", "bca"], ["c", "cab"]]) {
      const { deadlock, holders, text } = await time.until(second.explain(start));
      assertEquals(deadlock?.certain, true);
      assertEquals(deadlock?.cycle.map(({ key }) => key), [...order]);
      const owners = { a: "n1", b: "n2", c: "n3" } as Record<string, string>;
      const named = deadlock?.cycle.map(({ owner }) => owner.node);
      assertEquals(named, [...order].map((key) => nameOf(owners[key])));
      assertEquals(holders[0].waitsFor, [order[1]]);
      assertStringIncludes(text, "DEADLOCK");
    }
    // A lock that others of the cycle wait for too is none of it.
    const outside = first.lock("outside");
    await time.until(outside);
    assertEquals((await time.until(first.explain("outside"))).deadlock, null);
    await time.until(processes[0].exit());
    await cluster.pass(100);
    assertEquals((await time.until(second.explain("b"))).deadlock, null);
  });

  it("is a possible one if locks of their own are owned by the same sessions", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second, third] } = cluster;
    await time.until(Promise.all([first.lock("a"), second.lock("b")]));
    const waiting = [first.lock("b"), second.lock("a")].map((one) => one.catch(() => {}));
    await cluster.pass(100);
    const { deadlock, text } = await time.until(third.explain("a"));
    assertEquals(deadlock?.certain, false);
    assertEquals(deadlock?.cycle.map(({ key }) => key), ["a", "b"]);
    assertStringIncludes(text, "Possibly a DEADLOCK");
    await time.until(Promise.all([first.close(), second.close()]));
    await Promise.all(waiting);
  });

  it("is none where an owner of the lock waits for a lock that is only taken", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second, third] } = cluster;
    await time.until(third.lock("b"));
    take(first, "a", "b");
    await cluster.pass(100);
    const waiting = second.lock("a").catch(() => {});
    await cluster.pass(100);
    const { deadlock, holders, text } = await time.until(third.explain("a"));
    assertEquals(deadlock, null);
    assertEquals(holders[0].waitsFor, ["b"]);
    assertStringIncludes(text, 'waits for "b"');
    await time.until(second.close());
    await waiting;
  });
});
