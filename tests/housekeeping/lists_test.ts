import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { turn } from "../support/wait.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** The number of values that have ended. */
const MANY = 3_000;

/** Round trips of a list: one for each 1,000 registers, and those about sessions. */
const AT_ONCE = 20;

/** Puts `count` values in rounds. */
async function putMany(
  { time }: VirtualCluster,
  node: ClusterNode,
  count: number,
  options: Parameters<ClusterNode["kv"]["put"]>[2],
): Promise<void> {
  for (let done = 0; done < count; done += 500) {
    const puts = Array.from({ length: 500 }, (_, i) => node.kv.put(`k${done + i}`, i, options));
    for (const result of await time.until(Promise.all(puts))) valueOf(result);
  }
}

/** The result of `ask`, and its duration in milliseconds. */
async function timed<T>({ time }: VirtualCluster, ask: () => Promise<T>): Promise<[T, number]> {
  const started = time.runtime.now();
  const asked = ask();
  // Lets its frames leave before the next timer fires.
  await turn();
  const result = await time.until(asked);
  return [result, time.runtime.now() - started];
}

describe("answers never wait for housekeeping", () => {
  it("keys() and entries() leave out values whose time has passed", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first, second] = cluster.nodes;
    for (let i = 0; i < 6; i++) valueOf(await cluster.time.until(first.kv.put(`lives ${i}`, i)));
    const until = first.kv.now() + 10_000;
    await putMany(cluster, first, MANY, { until });
    await cluster.pass(until - first.kv.now() - 100);
    assertEquals((await timed(cluster, () => second.kv.keys()))[0].length, MANY + 6);
    await cluster.pass(until - first.kv.now() + 1);
    const [keys, time] = await timed(cluster, () => second.kv.keys());
    assertEquals(keys, ["lives 0", "lives 1", "lives 2", "lives 3", "lives 4", "lives 5"]);
    assertLess(time, AT_ONCE);
    const [entries, longer] = await timed(cluster, () => second.kv.entries());
    assertEquals(valueOf(entries).map(({ value }) => value), [0, 1, 2, 3, 4, 5]);
    assertLess(longer, AT_ONCE);
    // The seals are written meanwhile.
    await cluster.pass(20_000);
    const { entries: held } = await cluster.time.until(first.status());
    assertEquals(held, 6);
  });

  it("keys() asks about an ended session once, for any number of values", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    valueOf(await cluster.time.until(first.kv.put("lives", 1, { node: "n1" })));
    await putMany(cluster, client, MANY, { node: "client" });
    assertEquals((await timed(cluster, () => first.kv.keys()))[0].length, MANY + 1);
    cluster.crash("client");
    await cluster.pass(5_300);
    const [keys, time] = await timed(cluster, () => first.kv.keys());
    assertEquals(keys, ["lives"]);
    assertLess(time, AT_ONCE);
  });

  it("keys() checks values that are bound to a key", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    valueOf(await cluster.time.until(first.kv.put("base", 1, { pid: process })));
    valueOf(await cluster.time.until(first.kv.put("bound", 1, { key: "base" })));
    assertEquals(await cluster.time.until(second.kv.keys()), ["base", "bound"]);
    await cluster.time.until(process.exit());
    assertEquals(await cluster.time.until(second.kv.keys()), []);
  });

  it("locks.query() leaves out a vanished waiter for a held lock", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    await cluster.time.until(first.lock("held"));
    client.lock("held").catch(() => {});
    await cluster.pass(50);
    assertEquals((await cluster.time.until(first.locks.query())).pending.length, 1);
    cluster.crash("client");
    await cluster.pass(5_300);
    const { held, pending } = await cluster.time.until(first.locks.query());
    assertEquals([held.map(({ name }) => name), pending], [["held"], []]);
  });

  it("locks.query() leaves out vanished owners, and asks about each once", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    await cluster.time.until(Promise.all(
      Array.from({ length: MANY }, (_, index) => client.lock(`dead ${index}`)),
    ));
    await cluster.time.until(first.lock("held"));
    const all = await cluster.time.until(first.locks.query());
    assertEquals([all.held.length, all.pending.length], [MANY + 1, 0]);
    cluster.crash("client");
    await cluster.pass(5_300);
    const [{ held, pending }, time] = await timed(cluster, () => first.locks.query());
    assertEquals([held.map(({ name }) => name), pending], [["held"], []]);
    assertLess(time, AT_ONCE);
  });
});
