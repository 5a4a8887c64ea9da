import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/cluster.ts";
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
});
