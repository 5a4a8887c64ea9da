import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";

describe("exit() in a listener of the exit", () => {
  it("waits for the release like the first one", async () => {
    await using cluster = await startCluster(3, { timeout: 200 });
    const [node] = cluster.nodes;
    const process = node.spawn();
    const lock = await process.lock("k");
    // Without a quorum nothing can be released: each call waits as long as it may.
    cluster.isolate("n1");
    const begun = performance.now();
    let again: Promise<number> | undefined;
    lock.signal.addEventListener("abort", () => {
      again = process.exit().then(() => performance.now() - begun);
    });
    await process.exit();
    assertEquals(again !== undefined, true);
    assertGreater(await again!, 150);
  });
});
