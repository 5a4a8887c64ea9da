// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

describe("a change of the members whose genesis is given up (sections 7, 11)", () => {
  it("ends with it: the new genesis has its first configuration", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const n4 = await cluster.join("n4");
    await time.until(n4.ready);
    const before = (await time.until(n1.status())).genesis;
    const stop = new AbortController();
    const change = n1.changeMembers(["n1", "n2", "n3", "n4"], { signal: stop.signal }).catch(
      () => {},
    );
    const { engine, changes } = partsOf(n1);
    for (let i = 0; i < 1_000 && engine.configuration.epoch === 0; i++) await cluster.pass(0.1);
    assertEquals(engine.configuration.joining?.id, "n4");
    // The new node is lost, the caller goes away, and too many members lose their memory for anything to be decided.
    for (const id of ["n4", "n2", "n3"]) cluster.crash(id);
    stop.abort();
    await time.until(change);
    await cluster.pass(5_000);
    assert(changes.isFinishing, "n1 goes on with the change");
    let restarted = false;
    n1.addEventListener("restart", () => restarted = true);
    const again = [await cluster.join("n2"), await cluster.join("n3")];
    await cluster.pass(20_000);
    assert(restarted);
    const { genesis } = await time.until(n1.status());
    assertNotEquals(genesis, before);
    const epochs = [n1, ...again].map((node) => partsOf(node).engine.configuration);
    assertEquals(epochs.map(({ epoch, joining }) => [epoch, joining?.id]), [[0, undefined], [
      0,
      undefined,
    ], [0, undefined]]);
    assertEquals((await time.until(n1.kv.put("a", 1))).ok, true);
  });
});

describe("the event `members`", () => {
  it("comes when a new genesis brings the first list back", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until((await cluster.join("n4")).ready);
    let last: readonly string[] = n1.members;
    n1.addEventListener("members", ({ detail }) => last = detail.members);
    await time.until(n1.changeMembers(["n1", "n2", "n3", "n4"]));
    for (const id of ["n2", "n3", "n4"]) cluster.crash(id);
    for (const id of ["n2", "n3"]) await cluster.join(id);
    await cluster.pass(20_000);
    assertEquals(n1.members, ["n1", "n2", "n3"]);
    assertEquals(last, ["n1", "n2", "n3"]);
  });
});
