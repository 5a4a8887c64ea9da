import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { valueOf } from "../support/expect.ts";
import { collectEvents } from "../support/wait.ts";

describe("a flood of puts", () => {
  // In Node and Bun the messages of a port are delivered one after the other, without timers in between.
  it("does not block timers: every session survives it", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 2_000, timeout: 20_000 });
    const { nodes } = cluster;
    const lost = nodes.map((node) => collectEvents(node, "sessionlost"));
    let without = 0;
    const lanes = Array.from({ length: 500 }, (_, lane) => lane);
    await Promise.all(lanes.map(async (lane) => {
      const node = nodes[lane % 3];
      for (let round = 0; round < 80; round++) {
        valueOf(await node.kv.put(`${lane} ${round}`, lane));
        if (!node.hasQuorum) without++;
      }
    }));
    // The event is dispatched by a timer, too late for this check.
    assertEquals(without, 0);
    assertEquals(lost.map((events) => events.length), [0, 0, 0]);
  });
});
