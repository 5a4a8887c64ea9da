// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memoryStorage } from "../../lib/storage/memory.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("close() of a node that is about to join, while another process has its storage", () => {
  it("is a close like any other", async () => {
    await using cluster = await VirtualCluster.start(3, {
      clients: true,
      sessionTtl: 1_000,
      timeout: 1_000,
    });
    const { time, nodes: [n1] } = cluster;
    let end = (_: Error) => {};
    // As sqlite(): load waits for the other process, and ends with an error once it is closed.
    const storage = {
      ...memoryStorage(),
      load: () => new Promise<never>((_, reject) => end = reject),
      close: () =>
        Promise.resolve(end(new Error("it was closed before another process let it go"))),
    };
    const n4 = await cluster.join("n4", { storage });
    await time.until(n4.ready);
    const events: string[] = [];
    n4.addEventListener(
      "error",
      ({ detail }) => void events.push(String((detail.error as { code?: string }).code)),
    );
    const change = n1.changeMembers(["n1", "n2", "n3", "n4"], { timeout: 5_000 }).catch(() => {});
    for (let i = 0; i < 100 && partsOf(n4).engine.place?.standing !== "joins"; i++) {
      await cluster.pass(1);
    }
    assertEquals(partsOf(n4).engine.place?.standing, "joins");
    await time.until(n4.close());
    assertEquals([events, await time.until(n4.closed)], [[], { reason: null }]);
    await time.until(change);
  });
});
