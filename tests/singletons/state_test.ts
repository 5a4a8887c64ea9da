import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ROUND_TRIP, TimedCluster } from "../locks/support/timed_cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { hostOf, itOfMembers } from "../support/node_kind.ts";
import { Counters, SESSION_TTL, startCounting } from "./support/lasting_counters.ts";

describe("a state", () => {
  it("is there for the next instance when the host is lost", async () => {
    await using test = await startCounting();
    const { cluster, time, remote } = test;
    for (const n of [1, 2, 3]) assertEquals(await time.until(remote.inc()), n);
    cluster.isolate("n3");
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(await time.until(remote.inc()), 4);
    assertEquals(test.hosts(), ["n3", "n2"].map(hostOf));
  });

  it("is there for the next instance after a graceful end", async () => {
    await using test = await startCounting();
    const { time, remote, cluster } = test;
    await time.until(remote.inc());
    await time.until(remote.exit());
    assertEquals(await time.until(remote.get()), 1);
    await time.until(cluster.host("n3").close());
    assertEquals(await time.until(remote.inc()), 2);
  });

  it("has bounds for what waits: 10,000 writes, and 64 MiB", async () => {
    await using test = await startCounting();
    const { time, cluster, counters: { contexts: [context] } } = test;
    const bytes = await time.until(context.state("bytes", new Uint8Array()));
    cluster.isolate("n3");
    const mebibyte = new Uint8Array(2 ** 20 - 16);
    const ended = Array.from({ length: 64 }, () => reasonOf(bytes.set(mebibyte)));
    const tooMuch = await reasonOf(bytes.set(mebibyte));
    await assertCode(Promise.reject(tooMuch), "queue_full");
    assertStringIncludes(String(tooMuch), "at most 67108864 bytes may");
    while (ended.length < 10_000) ended.push(reasonOf(bytes.update((now) => now)));
    const tooMany = await reasonOf(bytes.update((now) => now));
    assertStringIncludes(String(tooMany), "at most 10000 writes may");
    await cluster.pass(2 * SESSION_TTL);
    await time.until(Promise.all(ended));
  });

  it("runs its writes one after the other: each update sees the one before", async () => {
    await using test = await startCounting();
    const { time, counters: { last } } = test;
    const all = [last.update((n) => n + 1), last.set(10), last.update((n) => n * 2)];
    const failing = reasonOf(last.update(() => {
      throw new RangeError("no");
    }));
    const after = last.update((n) => n + 1);
    // Handled before it is waited for.
    after.catch(() => {});
    assertEquals(await time.until(Promise.all(all)), [1, 10, 20]);
    assertEquals(String(await time.until(failing)), "RangeError: no");
    assertEquals([await time.until(after), last.value], [21, 21]);
  });

  it("has its initial value again when it was removed, also for the next instance", async () => {
    await using test = await startCounting();
    const { time, remote } = test;
    await time.until(remote.inc());
    await time.until(remote.reset());
    assertEquals(await time.until(remote.get()), 0);
    await time.until(remote.inc());
    await time.until(remote.reset());
    await time.until(remote.exit());
    assertEquals(await time.until(remote.inc()), 1);
  });

  it("changes when a majority has the write; without one, the instance ends and the write fails", async () => {
    await using test = await startCounting();
    const { time, cluster, counters: { last, contexts } } = test;
    assertEquals(await time.until(last.set(1)), 1);
    cluster.isolate("n3");
    const late = reasonOf(last.set(2));
    await cluster.pass(SESSION_TTL / 2);
    assertEquals([last.value, contexts[0].signal.aborted], [1, false]);
    await assertCode(Promise.reject(await time.until(late)), "session_lost");
    assert(contexts[0].signal.aborted);
    await assertCode(time.until(last.set(3)), "session_lost");
    await assertCode(time.until(contexts[0].state("other", 0)), "session_lost");
    assertEquals(last.value, 1);
  });

  it("survives a short time without a majority", async () => {
    await using test = await startCounting();
    const { time, cluster, counters: { last, contexts } } = test;
    cluster.isolate("n3");
    const write = last.set(2);
    await cluster.pass(SESSION_TTL / 2);
    cluster.heal();
    assertEquals(await time.until(write), 2);
    assert(!contexts[0].signal.aborted);
  });

  it("is not written by an instance that was replaced, which ends", async () => {
    await using test = await startCounting();
    const { time, cluster, counters, node, remote } = test;
    await time.until(remote.inc());
    const [first] = counters.contexts;
    // Said of a process that still runs: there are two instances for a moment.
    await time.until(cluster.host("n1").reportExit(cluster.host("n3").life));
    assert(!first.signal.aborted);
    assertEquals(await time.until(cluster.node("n2").name(test.key, counters.spec).inc()), 2);
    const stale = reasonOf(counters.states[0].set(99));
    await assertCode(Promise.reject(await time.until(stale)), "session_lost");
    assert(first.signal.aborted);
    assertEquals(await time.until(node.name(test.key, counters.spec).get()), 2);
  });

  it("is not opened by an instance that was replaced, also if no other one has opened it", async () => {
    await using test = await startCounting();
    const { time, cluster, counters } = test;
    const [first] = counters.contexts;
    await time.until(cluster.host("n1").reportExit(cluster.host("n3").life));
    await time.until(cluster.node("n2").name(test.key, counters.spec).inc());
    const late = reasonOf(first.state("late", 0));
    await assertCode(Promise.reject(await time.until(late)), "session_lost");
    assert(first.signal.aborted);
  });

  it("keeps a copy: what the instance does to its objects changes nothing", async () => {
    await using test = await startCounting();
    const { time, counters } = test;
    const list = await time.until(counters.contexts[0].state("list", [1]));
    const given = [1, 2];
    const writing = list.set(given);
    given.push(3);
    assertEquals(await time.until(writing), [1, 2]);
    given.push(4);
    assertEquals(list.value, [1, 2]);
  });

  it("refuses what cannot be kept with a TypeError", async () => {
    await using test = await startCounting();
    const { time, counters: { contexts: [context], last } } = test;
    for (const value of [undefined, () => 1, Symbol("x")]) {
      const error = await time.until(reasonOf(last.set(value as unknown as number)));
      assert(error instanceof TypeError && error.message.startsWith("state: the value"));
      assert(await time.until(reasonOf(context.state("x", value))) instanceof TypeError);
    }
  });

  itOfMembers(
    "takes one round trip for a write, and three to be opened",
    "it counts round trips between members",
    async () => {
      const counters = new Counters();
      await using cluster = await TimedCluster.start(3, { hosts: [counters.spec] });
      const [node] = cluster.nodes;
      await cluster.until(node.name("k", counters.spec).get());
      const { last, contexts: [context] } = counters;
      for (const n of [1, 2, 3]) {
        const { took } = await cluster.measure(last.set(n));
        assertLessOrEqual(took, ROUND_TRIP);
      }
      const { took } = await cluster.measure(context.state("other", 0));
      assertLessOrEqual(took, 3 * ROUND_TRIP);
    },
  );
});
