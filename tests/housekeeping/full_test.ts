import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, SynodError } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Fills the members with `count` values. */
async function fill(
  cluster: VirtualCluster,
  node: ClusterNode,
  count: number,
  options: Parameters<ClusterNode["kv"]["put"]>[2] = {},
): Promise<void> {
  const puts = Array.from({ length: count }, (_, i) => node.kv.put(`k${i}`, i, options));
  for (const result of await cluster.time.until(Promise.all(puts))) valueOf(result);
}

/** The error that `promise` rejects with; fails if it does not. */
async function errorOf(cluster: VirtualCluster, promise: Promise<unknown>): Promise<SynodError> {
  const error = await cluster.time.until(promise.then(() => undefined, (error) => error));
  if (!(error instanceof SynodError)) throw new Error(`no SynodError: ${error}`);
  return error;
}

describe("full (section 8)", () => {
  it("is reported at once if nothing has ended", async () => {
    await using cluster = await VirtualCluster.start(3, { maxKeys: 20 });
    const [first] = cluster.nodes;
    await fill(cluster, first, 20, { until: first.kv.now() + 60_000 });
    const started = cluster.time.runtime.now();
    const error = await errorOf(cluster, first.kv.put("more", 1));
    assertEquals([error.code, error.message], [
      "full",
      "No room for a new key, or for a longer value: maxKeys or maxBytes is reached",
    ]);
    assertEquals(cluster.time.runtime.now() - started < 20, true);
    assertEquals((await errorOf(cluster, first.lock("lock"))).code, "full");
  });

  // Members notice ends at multiples of 100 ms.
  for (const after of [0, 1, 50, 99]) {
    it(`is not reported if room can be made: a put and a lock wait for it, ${after} ms after a grain`, async () => {
      await using cluster = await VirtualCluster.start(3, { maxKeys: 20 });
      const [first, second] = cluster.nodes;
      const until = Math.ceil(first.kv.now() / 100) * 100 + 1_000 + after;
      await fill(cluster, first, 20, { until });
      await cluster.pass(until - first.kv.now() + 1);
      const [put, lock] = await cluster.time.until(
        Promise.all([first.kv.put("more", 1), second.lock("lock")]),
      );
      assertEquals([valueOf(put), lock.held], [1, true]);
    });
  }

  it("is not reported if vanished clients own the values", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, maxKeys: 20 });
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    await cluster.time.until(
      Promise.all(Array.from({ length: 20 }, (_, index) => client.lock(`l${index}`))),
    );
    cluster.crash("client");
    // The members detect the end only now.
    await cluster.pass(5_010);
    valueOf(await cluster.time.until(first.kv.put("more", 1)));
  });

  it("names the members that released keys wait for", async () => {
    await using cluster = await VirtualCluster.start(3, { maxKeys: 20 });
    const [first] = cluster.nodes;
    await fill(cluster, first, 20, { until: first.kv.now() + 8_000 });
    cluster.crash("n3");
    await cluster.pass(15_000);
    assertEquals(await cluster.time.until(first.kv.keys()), []);
    const error = await errorOf(cluster, first.kv.put("more", 1));
    assertEquals(error.code, "full");
    assertStringIncludes(error.message, "until these members are back: n3");
    const back = await cluster.join("n3");
    await cluster.time.until(back.ready);
    await cluster.pass(10_000);
    valueOf(await cluster.time.until(first.kv.put("more", 1)));
  });

  it("is reported beyond maxBytes too, and status() shows the bytes in use", async () => {
    await using cluster = await VirtualCluster.start(3, { maxBytes: 100_000 });
    const [first] = cluster.nodes;
    const process = first.spawn();
    const value = "x".repeat(30_000);
    for (const key of ["a", "b", "c"]) {
      valueOf(await cluster.time.until(first.kv.put(key, value, { pid: process })));
    }
    const before = (await cluster.time.until(first.status())).bytes;
    assertEquals(before > 90_000 && before < 92_000, true);
    valueOf(await cluster.time.until(first.kv.put("d", value)));
    assertEquals((await errorOf(cluster, first.kv.put("e", "y"))).code, "full");
    await cluster.time.until(process.exit());
    await cluster.pass(1_000);
    assertEquals((await cluster.time.until(first.status())).bytes < 31_000, true);
    valueOf(await cluster.time.until(first.kv.put("e", "y")));
  });
});
