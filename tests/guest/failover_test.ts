import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import type { GuestNode } from "../../guest/guest_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, guests: {} } as const;

/** A cluster of three members, and a guest of it. */
async function start(latency = 0.5): Promise<{ cluster: VirtualCluster; node: GuestNode }> {
  const cluster = await VirtualCluster.start(3, OPTIONS);
  const { time } = cluster;
  time.latency = latency;
  const transport = time.network.guests(cluster.members);
  const node = connectWith({ id: "x", transport }, time.runtime);
  await time.until(node.ready);
  return { cluster, node };
}

/** Operations of each kind whose mean time is compared. */
const REPEATED = 20;

describe("a guest whose gateway is lost (section 13)", () => {
  for (const victim of [0, 1, 2]) {
    it(`keeps its session, its locks and its values when member ${victim + 1} crashes`, async () => {
      const { cluster, node } = await start();
      await using _ = cluster;
      const { time } = cluster;
      let lost = 0;
      node.addEventListener("sessionlost", () => lost++);
      const lock = await time.until(node.lock("l"));
      const process = node.spawn();
      await time.until(node.kv.put("bound", 1, { pid: process.pid }));
      cluster.crash(cluster.members[victim]);
      await cluster.pass(10_000);
      assertEquals(lost, 0);
      assert(node.hasQuorum && lock.held);
      assertEquals(await time.until(node.kv.get("bound")), { ok: true, value: 1 });
      await time.until(lock.release());
      await time.until(process.exit());
      assertEquals(await time.until(node.kv.get("bound")), { ok: false, error: "not_found" });
      await time.until(node.close());
    });

    it(`loses no acknowledged put and repeats none under load when member ${victim + 1} crashes`, async () => {
      const { cluster, node } = await start();
      await using _ = cluster;
      const { time } = cluster;
      const puts = Array.from({ length: 200 }, async (_, index) => {
        await node.kv.get(`warm ${index % 10}`);
        const claim = await node.kv.claim(`k${index}`, index, { timeout: 10_000 });
        return { index, claim };
      });
      await cluster.pass(2);
      cluster.crash(cluster.members[victim]);
      const outcomes = await time.until(Promise.all(puts));
      const reader = cluster.nodes[(victim + 1) % 3];
      let written = 0;
      for (const { index, claim } of outcomes) {
        if (!claim.ok) continue;
        written++;
        assertEquals([claim.value.value, claim.value.mine], [index, true]);
        const token = await time.until(reader.kv.token(`k${index}`));
        // The value that was acknowledged is there, and was written once.
        assertEquals(token, { ok: true, value: claim.value.token });
      }
      assertEquals(written, 200);
      await time.until(node.close());
    });
  }

  it("takes one round trip to the gateway, beside those of the members", async () => {
    const { cluster, node } = await start();
    await using _ = cluster;
    const { time } = cluster;
    time.latency = 50;
    await cluster.pass(5_000);
    const clock = time.runtime;
    // The mean of several, since the time of a way varies.
    const took = async (operation: (index: number) => Promise<unknown>) => {
      const begun = clock.now();
      for (let index = 0; index < REPEATED; index++) await time.until(operation(index));
      return (clock.now() - begun) / REPEATED;
    };
    const member = cluster.nodes[0];
    const full = {
      put: await took((index) => member.kv.put(["a", index], 1)),
      get: await took((index) => member.kv.get(["none", index])),
      lock: await took((index) => member.lock(["l1", index])),
    };
    const guest = {
      put: await took((index) => node.kv.put(["b", index], 1)),
      get: await took((index) => node.kv.get(["nothing", index])),
      lock: await took((index) => node.lock(["l2", index])),
    };
    // A way takes 40 to 60 ms: the guest needs one round trip more, and has no fast round, which saves another one.
    for (const [name, trips] of [["put", 2], ["get", 1], ["lock", 2]] as const) {
      const most = full[name] + trips * 120;
      assert(guest[name] <= most, `${name}: ${guest[name]} beside ${full[name]}`);
    }
    await time.until(node.close());
  });
});
