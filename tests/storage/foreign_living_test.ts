// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { Stored } from "./support/stored.ts";

describe("a disk from before another list of members and a new genesis (section 7)", () => {
  it("is put aside: a majority lives under another genesis", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b", "c"]);
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    cluster.crash("a", "b", "c");
    const backup = cluster.disk("a");
    // One is gone for good, the disks are lost: the operator starts a, b and d from nothing.
    cluster.disk("b").lose();
    cluster.disks.delete("a");
    cluster.ids = ["a", "b", "d"];
    await cluster.start("a", "b", "d");
    await cluster.ready("a", "b", "d");
    await cluster.put("b", "key", 1);
    cluster.crash("a");
    cluster.disks.set("a", backup);
    await cluster.start("a");
    await cluster.pass(15_000);
    assertEquals(partsOf(cluster.nodes.get("a")!).membership.state, "operational");
    assertEquals(await cluster.get("a", "key"), 1);
  });

  it("is put aside, whatever list the living have by then", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b", "c"]);
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    cluster.crash("a", "b", "c");
    const backup = cluster.disk("a");
    cluster.disk("b").lose();
    cluster.disks.delete("a");
    const first = ["a", "b", "d"];
    cluster.ids = first;
    await cluster.start("a", "b", "d");
    await cluster.ready("a", "b", "d");
    cluster.ids = [...first, "e"];
    await cluster.start("e");
    await cluster.pass(1_500);
    await cluster.time.until(cluster.nodes.get("b")!.changeMembers(cluster.ids));
    await cluster.put("b", "key", 1);
    cluster.crash("a");
    cluster.disks.set("a", backup);
    cluster.ids = first;
    await cluster.start("a");
    await cluster.ready("a");
    assertEquals(await cluster.get("a", "key"), 1);
  });
});
