import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** The number of registers of which each operational member keeps state. */
async function entries(cluster: VirtualCluster): Promise<number[]> {
  const nodes = cluster.members.map((id) => cluster.node(id));
  const all = await cluster.time.until(Promise.all(nodes.map((node) => node.status())));
  return all.map(({ entries }) => entries);
}

/** Puts `count` values, all with the same options. */
async function putMany(
  cluster: VirtualCluster,
  node: ClusterNode,
  count: number,
  options: Parameters<ClusterNode["kv"]["put"]>[2],
): Promise<void> {
  const puts = Array.from({ length: count }, (_, i) => node.kv.put(`k${i}`, i, options));
  for (const result of await cluster.time.until(Promise.all(puts))) valueOf(result);
}

/**
 * Time until members have found an ended session, in milliseconds: its time to live of 5 s, the wait between
 * two checks, and a turn.
 */
const SESSION_END = 12_000;

describe("ended values leave nothing behind, even if no operation reads them (section 8)", () => {
  it("values with `until`", async () => {
    await using cluster = await VirtualCluster.start(3, { maxKeys: 100 });
    const [first] = cluster.nodes;
    await putMany(cluster, first, 100, { until: first.kv.now() + 50 });
    assertEquals(await entries(cluster), [100, 100, 100]);
    await cluster.pass(1_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
    valueOf(await cluster.time.until(first.kv.put("again", 1)));
    assertEquals((await cluster.time.until(first.lock("lock"))).held, true);
  });

  it("values whose `until` is days after that of others", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    await putMany(cluster, first, 20, { until: first.kv.now() + 30_000 });
    valueOf(await cluster.time.until(first.kv.put("soon", 1, { until: first.kv.now() + 100 })));
    await cluster.pass(5_000);
    assertEquals(await entries(cluster), [20, 20, 20]);
    await cluster.pass(26_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("values bound to a vanished node, and to its processes", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    await putMany(cluster, client, 40, { node: "client" });
    const process = client.spawn();
    for (let i = 0; i < 40; i++) {
      valueOf(await cluster.time.until(client.kv.put(`p${i}`, i, { pid: process })));
    }
    cluster.crash("client");
    assertEquals(await entries(cluster), [80, 80, 80]);
    await cluster.pass(SESSION_END);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("values bound to a key that is gone, and values bound to those", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    valueOf(await cluster.time.until(first.kv.put("base", 1, { pid: process })));
    await putMany(cluster, second, 30, { key: "base" });
    valueOf(await cluster.time.until(second.kv.put("last", 1, { key: "k7" })));
    await cluster.pass(10_000);
    assertEquals(await entries(cluster), [32, 32, 32]);
    await cluster.time.until(process.exit());
    await cluster.pass(5_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("values bound to a key that has another value by now", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    const process = first.spawn();
    valueOf(await cluster.time.until(first.kv.put("base", 1, { pid: process })));
    await putMany(cluster, first, 30, { key: "base" });
    await cluster.time.until(process.exit());
    valueOf(await cluster.time.until(first.kv.put("base", 2)));
    await cluster.pass(5_000);
    assertEquals(await entries(cluster), [1, 1, 1]);
  });

  it("locks whose owners and waiters have vanished", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, maxKeys: 70 });
    for (let i = 0; i < 60; i++) {
      const id = `c${i}`;
      const client = await cluster.join(id);
      await cluster.time.until(client.ready);
      await cluster.time.until(client.lock(`lock ${i}`));
      // A request behind the previous owner, which never releases.
      if (i > 0) client.lock(`lock ${i - 1}`).catch(() => {});
    }
    await cluster.pass(100);
    assertEquals(await entries(cluster), [60, 60, 60]);
    for (let i = 0; i < 60; i++) cluster.crash(`c${i}`);
    await cluster.pass(SESSION_END);
    assertEquals(await entries(cluster), [0, 0, 0]);
    assertEquals((await cluster.time.until(cluster.nodes[0].lock("lock 3"))).held, true);
  });

  it("a vanished waiter in the queue of a held lock", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const [first] = cluster.nodes;
    await cluster.time.until(first.lock("k"));
    const client = await cluster.join("client");
    client.lock("k").catch(() => {});
    await cluster.pass(100);
    const waiting = async () => (await cluster.time.until(first.locks.query())).pending.length;
    assertEquals(await waiting(), 1);
    cluster.crash("client");
    await cluster.pass(SESSION_END);
    assertEquals(await entries(cluster), [1, 1, 1]);
    assertEquals(await waiting(), 0);
  });

  it("after a member has crashed and recovered: its copies are accepted first", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    await putMany(cluster, first, 80, { until: first.kv.now() + 2_000 });
    cluster.crash("n3");
    await cluster.pass(8_000);
    // Sealed without that member, and not forgotten.
    assertEquals((await entries(cluster)).slice(0, 2), [80, 80]);
    const back = await cluster.join("n3");
    await cluster.time.until(back.ready);
    await cluster.pass(12_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("after a member was cut off, and missed the seals", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    await putMany(cluster, first, 80, { until: first.kv.now() + 2_000 });
    await cluster.pass(500);
    cluster.isolate("n3");
    await cluster.pass(60_000);
    assertEquals(await entries(cluster), [80, 80, 80]);
    cluster.heal();
    await cluster.pass(15_000);
    assertEquals(await entries(cluster), [0, 0, 0]);
  });

  it("by the others, while the first member in a register's order is down", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    cluster.crash("n2");
    await cluster.pass(6_000);
    await putMany(cluster, first, 50, { until: first.kv.now() + 1_000 });
    await cluster.pass(4_000);
    assertEquals(await cluster.time.until(first.kv.keys()), []);
    const states = [first, cluster.node("n3")].map((node) => node.status());
    // All registers are released and wait for n2.
    assertEquals((await cluster.time.until(Promise.all(states))).map(({ entries }) => entries), [
      50,
      50,
    ]);
  });

  it("living values stay, and their owner's session is not touched", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    let lost = 0;
    client.addEventListener("sessionlost", () => lost++);
    await putMany(cluster, client, 10, { node: "client" });
    const lock = await cluster.time.until(client.lock("l"));
    await cluster.pass(120_000);
    assertEquals([await entries(cluster), lock.held, lost], [[11, 11, 11], true, 0]);
  });

  it("an idle member has little to do", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first] = cluster.nodes;
    await putMany(cluster, first, 200, {});
    await putMany(cluster, first, 20, { until: first.kv.now() + 3_600_000 });
    await cluster.pass(10_000);
    const sent = async () => (await cluster.time.until(first.status())).frames.sent;
    const before = await sent();
    await cluster.pass(60_000);
    // Its session is renewed 36 times in a minute, as are those of two others.
    assertLess(await sent() - before, 36 * 6 + 30);
  });
});
