// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

describe("a whole old list that starts again where it is heard (section 11)", () => {
  for (const phase of [0, 390, 650]) {
    it(`begins no second cluster, ${phase} ms later`, async () => {
      await using cluster = await VirtualCluster.start(3, OPTIONS);
      const { time, nodes: [n1] } = cluster;
      await time.until(n1.kv.put("a", 1));
      for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
      await time.until(n1.changeMembers(["n4", "n5"]));
      for (const id of ["n1", "n2", "n3"]) cluster.crash(id);
      await cluster.pass(1_000 + phase);
      const old = [];
      for (const id of ["n1", "n2", "n3"]) old.push(await cluster.join(id));
      await cluster.pass(8_000);
      const { genesis } = await time.until(cluster.node("n4").status());
      const found = old.map((node) => partsOf(node).engine.record?.id === genesis);
      assertEquals(found, [true, true, true]);
    });
  }
});
