import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, type Lock, type Process, SynodError } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/**
 * The third member is full, and the others are not. What was put since is at the first and the second only; then
 * the first one crashes.
 */
async function divided(
  keys: number,
  before: (cluster: VirtualCluster) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ cluster: VirtualCluster; second: ClusterNode }> {
  const cluster = await VirtualCluster.start(3, { maxKeys: 5_000 });
  const [, second] = cluster.nodes;
  const { time } = cluster;
  const put = async (names: string[]) => {
    const until = second.kv.now() + 600_000;
    const puts = names.map((name) => second.kv.put(name, name, { until }));
    for (const result of await time.until(Promise.all(puts))) valueOf(result);
  };
  await put(Array.from({ length: 20 }, (_, i) => `before${i}`));
  cluster.crash("n3");
  await time.until((await cluster.join("n3", { maxKeys: 20 })).ready);
  await put(Array.from({ length: keys }, (_, i) => `k${i}`));
  await before(cluster);
  cluster.crash("n1");
  return { cluster, second };
}

describe("one member is full, and another one is away (section 8)", () => {
  it("what the full one has missed can be read", async () => {
    const { cluster, second } = await divided(3);
    await using _ = cluster;
    for (const key of ["k0", "k1", "k2", "before0"]) {
      assertEquals(valueOf(await cluster.time.until(second.kv.get(key))), key);
    }
  });

  it("a lock of a dead owner that the full one has missed is granted to the next waiter", async () => {
    let waiting: Promise<Lock> | undefined;
    const { cluster } = await divided(1, async ({ time, nodes: [first, second] }) => {
      await time.until(first.lock("lock"));
      waiting = second.lock("lock");
      await time.pass(100);
    });
    await using _ = cluster;
    await cluster.pass(15_000);
    assertEquals((await cluster.time.until(waiting!)).held, true);
  });

  it("a value that the full one has missed is released", async () => {
    let process: Process | undefined;
    const { cluster, second } = await divided(1, async ({ time, nodes: [, second] }) => {
      process = second.spawn();
      valueOf(await time.until(second.kv.put("mine", 1, { pid: process })));
    });
    await using _ = cluster;
    await cluster.time.until(process!.exit());
    const { time } = cluster;
    assertEquals(await time.until(second.kv.get("mine")), { ok: false, error: "not_found" });
  });

  it("a lock that the full one has missed, and others wait for, is released", async () => {
    let lock: Lock | undefined;
    const { cluster } = await divided(1, async ({ time, nodes: [first, second] }) => {
      lock = await time.until(second.lock("lock"));
      first.lock("lock").catch(() => {});
      await time.pass(100);
    });
    await using _ = cluster;
    const { time } = cluster;
    const began = time.runtime.now();
    await time.until(lock!.release());
    assertEquals(time.runtime.now() - began < 1_000, true);
  });

  for (const waiters of [5, 60]) {
    it(`a lock is released though ${waiters} requests of its node wait for room`, async () => {
      await using cluster = await VirtualCluster.start(3);
      const { time, nodes: [, second] } = cluster;
      cluster.crash("n3");
      await time.until((await cluster.join("n3", { maxBytes: 20_000 })).ready);
      for (let i = 0; i < 6; i++) {
        valueOf(await time.until(second.kv.put(`k${i}`, "v".repeat(10_000))));
      }
      const lock = await time.until(second.lock("lock"));
      const next = cluster.node("n3").lock("lock");
      await cluster.pass(1_000);
      cluster.crash("n1");
      for (let i = 0; i < waiters; i++) {
        second.lock("lock", { label: "x".repeat(64) }).catch(() => {});
      }
      await cluster.pass(500);
      const began = time.runtime.now();
      await time.until(lock.release());
      assertEquals(time.runtime.now() - began < 2_000, true);
      assertEquals((await time.until(next)).held, true);
    });
  }

  it("a put of a new key ends as `full`, with the names, and keeps no other change from the members", async () => {
    const { cluster, second } = await divided(1);
    await using _ = cluster;
    const { time } = cluster;
    // Its value is at the second member, and may still be chosen when the first one is back.
    assertEquals(await time.until(second.kv.put("unsure", 1)), { ok: false, error: "no_quorum" });
    const errors: unknown[] = [];
    for (let i = 0; i < 1_100; i++) {
      second.kv.put(`new${i}`, i, { timeout: 3_000 }).catch((error) => errors.push(error));
    }
    await cluster.pass(400);
    const began = time.runtime.now();
    assertEquals(valueOf(await time.until(second.kv.get("before0"))), "before0");
    assertEquals(time.runtime.now() - began < 300, true);
    await cluster.pass(3_000);
    assertEquals(errors.length, 1_100);
    for (const error of errors) {
      if (!(error instanceof SynodError)) throw error;
      assertEquals(error.code, "full");
      assertStringIncludes(error.message, "these members have not answered: n1");
    }
  });
});
