import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("changes that wait for room (section 8)", () => {
  it("do not keep others from the members, however many they are", async () => {
    await using cluster = await VirtualCluster.start(3, { maxKeys: 50 });
    const [first, second] = cluster.nodes;
    const { time } = cluster;
    const until = first.kv.now() + 600_000;
    await time.until(first.lock("held"));
    const puts = Array.from({ length: 48 }, (_, i) => first.kv.put(`k${i}`, i, { until }));
    for (const result of await time.until(Promise.all(puts))) valueOf(result);
    // A member cannot be asked, so the released lock stays, and the members count as making room for a while.
    cluster.crash("n3");
    const other = await time.until(second.lock("other"));
    await time.until(other.release());
    await cluster.pass(100);
    const codes: string[] = [];
    const began = time.runtime.now();
    for (let i = 0; i < 1_100; i++) {
      first.kv.put(`new${i}`, 1, { timeout: 10_000 }).catch((error) => codes.push(error.code));
    }
    await cluster.pass(100);
    valueOf(await time.until(first.kv.get("k7")));
    assertEquals(Math.floor((time.runtime.now() - began) / 500), 0);
    await cluster.pass(6_000);
    assertEquals([codes.length, ...new Set(codes)], [1_100, "full"]);
  });
});
