import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("a lock that is free", () => {
  it("is one operation, with one promise and one deadline", async () => {
    await using cluster = await VirtualCluster.start(3);
    const [node] = cluster.nodes;
    const { engine } = partsOf(node);
    const operation = engine.operation.bind(engine);
    let begun = 0;
    engine.operation = <T>(...limits: Parameters<typeof engine.operation<T>>) => {
      begun++;
      return operation<T>(...limits);
    };
    const process = node.spawn();
    const { signal } = new AbortController();
    const kinds = [
      () => node.lock("a"),
      () => node.lock("b", { timeout: 1_000, signal }),
      () => node.lock("c", { ifAvailable: true }),
      () => node.locks.request("d", () => {}),
      () => process.lock("e"),
    ];
    for (const [index, lock] of kinds.entries()) {
      begun = 0;
      const locked = lock();
      await cluster.pass(0);
      assertEquals(begun, 1, `${index}`);
      await cluster.time.until<unknown>(locked);
    }
    // Calls of one process share a request, but not their limits.
    begun = 0;
    const shared = process.lock("f", { timeout: 1_000 });
    await cluster.pass(0);
    assertEquals(begun, 2);
    await cluster.time.until(shared);
    await cluster.time.until(process.exit());
  });
});
