import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinWith } from "../../lib/cluster/join_with.ts";
import { type Runtime, systemRuntime } from "../../lib/node/runtime/runtime.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { startCluster } from "../support/real_cluster.ts";
import { turn } from "../support/wait.ts";

/** Stops all timers from firing. */
function freeze(duration: number): void {
  const end = performance.now() + duration;
  while (performance.now() < end);
}

describe("spawn() at the deadline of the session", () => {
  it("leaves no process on a node that a listener of the loss closes", async () => {
    await using cluster = await startCluster(1, { sessionTtl: 200 });
    const [node] = cluster.nodes;
    node.addEventListener("sessionlost", () => void node.close());
    cluster.clock.countsStalls = true;
    freeze(300);
    let began = false;
    let spawned;
    try {
      spawned = node.spawn(() => void (began = true));
    } catch {
      // The node is closed.
    }
    await node.close();
    assertEquals([began, spawned?.signal.aborted ?? true], [false, true]);
  });

  it("leaves no process in a session that ends during the call", async () => {
    const system = systemRuntime();
    let skipped = 0;
    let left = -1;
    const now = () => {
      if (left >= 0 && left-- === 0) skipped += 10_000;
      return system.now() + skipped;
    };
    const runtime: Runtime = { ...system, now, wallNow: () => system.wallNow() + skipped };
    const transport = memoryNetwork().transport();
    const options = { id: "n1", members: ["n1"], transport, sessionTtl: 1_000 };
    const node = await joinWith(options, runtime);
    for (let readings = 0; readings < 12; readings++) {
      await node.ready;
      await turn(20);
      // Number of reads of the clock before it passes the deadline.
      left = readings;
      const process = node.spawn(undefined, { signal: new AbortController().signal });
      left = -1;
      await turn(20);
      const { session } = await node.status();
      assertEquals(process.signal.aborted || process.pid.session === session?.id, true);
      await process.exit();
    }
    await node.close();
  });
});
