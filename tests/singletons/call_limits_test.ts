import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildSpec } from "../../mod.ts";
import { BlockedLoop, TimedCluster } from "../locks/support/timed_cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { reasonOf } from "../support/expect.ts";
import { turn } from "../support/wait.ts";

describe("the limits of a call", () => {
  it("that never started: it is tried again within its own time, not that of the node", async () => {
    const spec = {
      id: "s",
      start: ({ exit }: { exit(): Promise<void> }) => ({ value: () => 1, end: () => void exit() }),
      stop: () => turn(500),
    };
    await using cluster = await startCluster(1, { hosts: [spec], timeout: 200 });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    await node.call(remote, "end");
    assertEquals(await node.call(remote, "value", [], { timeout: 10_000 }), 1);
  });

  it("that is aborted before it begins: it starts no instance", async () => {
    let starts = 0;
    const spec = {
      id: "s",
      start: () => {
        starts++;
        return { value: () => 1 };
      },
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    const signal = AbortSignal.abort(new Error("never mind"));
    const told = await node.call(remote, "value", [], { signal }).catch((error) => error.message);
    await turn(50);
    assertEquals([told, await node.lookup(remote)], ["never mind", {
      ok: false,
      error: "not_found",
    }]);
    assertEquals(starts, 0);
  });

  it("that the loop was blocked past: a TimeoutError, also when its host seems gone by then", async () => {
    const spec = { id: "s", start: () => ({ wait: () => new Promise<void>(() => {}) }) };
    const loop = new BlockedLoop();
    const options = { hosts: [spec], sessionTtl: 600_000 };
    await using cluster = await TimedCluster.start(3, options, loop.runtimes);
    const [node] = cluster.nodes;
    const { remote } = await onAnotherNode(cluster, spec);
    const reason = reasonOf(node.call(remote, "wait", [], { timeout: 500 }));
    await cluster.time.pass(20);
    loop.block(60_000);
    assertEquals((await cluster.until(reason) as Error).name, "TimeoutError");
  });

  it("that the loop was blocked past: a TimeoutError, also when the call is refused by then", async () => {
    const spec = {
      id: "s",
      start: ({ exit }: { exit(): Promise<void> }) => ({ value: () => 1, end: () => void exit() }),
      stop: () => new Promise<void>(() => {}),
    };
    const loop = new BlockedLoop();
    const options = { hosts: [spec], sessionTtl: 600_000 };
    await using cluster = await TimedCluster.start(3, options, loop.runtimes);
    const [node] = cluster.nodes;
    const { remote } = await onAnotherNode(cluster, spec);
    await cluster.until(node.call(remote, "end"));
    const reason = reasonOf(node.call(remote, "value", [], { timeout: 500 }));
    loop.block(60_000);
    assertEquals((await cluster.until(reason) as Error).name, "TimeoutError");
  });
});

/** A singleton that runs on another node than the first. */
async function onAnotherNode<T extends object>(
  cluster: TimedCluster,
  spec: ChildSpec<T, []>,
): Promise<{ remote: object }> {
  const [node] = cluster.nodes;
  for (let key = 0;; key++) {
    const remote = node.name(key, spec);
    const place = await cluster.until(node.whereis(remote));
    if (place.ok && place.value.node !== node.id) return { remote };
  }
}
