// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** A time to the end of a value that does not come, on the wall clock. */
const FAR = 1_900_000_000_000;

describe("a put of a value that others can end (sections 3a and 4)", () => {
  for (const who of ["client", "n3"]) {
    it(`is not unknown because the clock of its node is behind the floors: ${who}`, async () => {
      await using cluster = await VirtualCluster.start(3, { clients: true });
      const { time, nodes: [first] } = cluster;
      const node = who === "n3" ? cluster.node("n3") : await cluster.join("client");
      await time.until(node.ready);
      await cluster.pass(12_000);
      // Another node uses many names; what it released is forgotten.
      for (let i = 0; i < 20; i++) {
        await time.until((await time.until(first.lock(`name ${i}`))).release());
      }
      await cluster.pass(30);
      // That of a member is not.
      const floor = partsOf(first).engine.voter?.acceptor.floor ?? 0;
      assertEquals(floor > partsOf(node).engine.clock.counter, who === "client");
      const put = await time.until(node.kv.put("free", 1, { until: FAR }));
      assertEquals(put, { ok: true, value: 1 });
    });
  }
});

describe("the measured round trip", () => {
  it("is that of the network after a member has stopped, whatever waits for it", async () => {
    await using cluster = await VirtualCluster.start(3, {});
    const { time, nodes: [first] } = cluster;
    time.latency = 10;
    await cluster.pass(20_000);
    const { pacing } = partsOf(first).core;
    for (let i = 0; i < 30; i++) await time.until(first.kv.put(`warm ${i}`, i));
    cluster.crash("n3");
    const all = [];
    let least = Infinity;
    for (let i = 0; i < 120; i++) {
      if (i < 60) all.push(first.kv.put(`key ${i}`, i));
      await cluster.pass(1);
      least = Math.min(least, pacing.roundTrip);
    }
    await time.until(Promise.all(all));
    assertGreater(least, 15);
  });
});

describe("a put that finds a value (section 3a)", () => {
  it("is one round trip and no write at a member; at a client that often finds one, too", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const { time, nodes: [first, second] } = cluster;
    const client = await cluster.join("client");
    await time.until(client.ready);
    time.latency = 10;
    time.jitter = 0;
    await cluster.pass(20_000);
    for (let i = 0; i < 40; i++) await time.until(first.kv.put(`key ${i}`, i));
    await cluster.pass(1_000);
    for (const [node, longest] of [[second, 22], [client, 26]] as const) {
      const began = time.runtime.now();
      for (let i = 0; i < 40; i++) await time.until(node.kv.put(`key ${i}`, 99));
      assertLess((time.runtime.now() - began) / 40, longest);
    }
  });
});
