// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

describe("a minority that starts again with its first list, where it is heard (section 11)", () => {
  it("begins no second cluster", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    for (const id of ["n3", "n4", "n5"]) await time.until((await cluster.join(id)).ready);
    await time.until(n1.changeMembers(["n1", "n2", "n3", "n4", "n5"]));
    for (const id of ["n1", "n2"]) cluster.crash(id);
    await cluster.pass(1_000);
    const old = [];
    for (const id of ["n1", "n2"]) old.push(await cluster.join(id));
    await cluster.pass(20_000);
    const { genesis } = await time.until(cluster.node("n4").status());
    const [one, two] = await time.until(
      Promise.all(
        [old[0], cluster.node("n4")].map((node) => node.lock("l", { ifAvailable: true })),
      ),
    );
    const found = old.map((node) => partsOf(node).engine.record?.id === genesis);
    assertEquals({ found, owners: [one, two].filter((lock) => lock?.held).length }, {
      found: [true, true],
      owners: 1,
    });
  });
});
