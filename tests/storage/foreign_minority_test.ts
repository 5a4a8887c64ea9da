// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { Stored } from "./support/stored.ts";

describe("members that start from their disks beside one of another genesis (sections 7 and 11)", () => {
  it("keep what is on them", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a"]);
    await cluster.start("a");
    await cluster.ready("a");
    await cluster.put("a", "key", 1);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("b", "c");
    await cluster.pass(1_500);
    await cluster.time.until(cluster.nodes.get("a")!.changeMembers(cluster.ids));
    await cluster.pass(1_500);
    const asides = () => ["b", "c"].map((id) => cluster.disk(id).aside.length);
    cluster.crash("a", "b", "c");
    assertEquals(asides(), [0, 0]);
    // The disk of one of three is lost, and that member has its first options.
    cluster.disk("a").lose();
    cluster.ids = ["a"];
    await cluster.start("a");
    await cluster.pass(1_000);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("b");
    await cluster.pass(5_000);
    await cluster.start("c");
    await cluster.pass(5_000);
    assertEquals(asides(), [0, 0]);
    assertEquals(["b", "c"].map((id) => partsOf(cluster.nodes.get(id)!).membership.state), [
      "operational",
      "operational",
    ]);
    assertEquals(await cluster.get("b", "key"), 1);
  });

  it("begin again empty if one disk is that of another cluster, one is lost, and they are told to restart", async () => {
    const ids = ["a", "b", "c"];
    await using other = new Stored();
    // Another start, at another time.
    await other.pass(1_234);
    await other.start(...ids);
    await other.ready(...ids);
    await using cluster = new Stored({ timeout: 2_000, afterMajorityLoss: "restart" });
    await cluster.start(...ids);
    await cluster.ready(...ids);
    await cluster.put("a", "key", 1);
    cluster.crash(...ids);
    cluster.disk("b").restore(other.disk("b").snapshot());
    cluster.disk("c").lose();
    await cluster.start("a", "b");
    await cluster.pass(10_000);
    // The third one may have all.
    assertEquals(["a", "b"].map((id) => cluster.disk(id).aside.length), [0, 0]);
    await cluster.start("c");
    await cluster.ready(...ids);
    assertEquals(["a", "b"].map((id) => cluster.disk(id).aside.length), [1, 1]);
    assertEquals(await cluster.put("b", "key", 2), 2);
    assertEquals(cluster.errors, []);
  });
});
