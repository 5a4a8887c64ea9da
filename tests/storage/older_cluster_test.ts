// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Stored } from "../storage/support/stored.ts";

/** Founds a cluster of `first`, adds `more`, and writes `value` under `key`. */
async function found(cluster: Stored, first: string[], more: string, value: unknown) {
  cluster.ids = first;
  await cluster.start(...first);
  await cluster.ready(...first);
  cluster.ids = [...first, more];
  await cluster.start(more);
  await cluster.pass(1_500);
  await cluster.time.until(cluster.nodes.get(first[0])!.changeMembers(cluster.ids));
  await cluster.pass(3_000);
  await cluster.put(first[0], "key", value);
}

describe("one older disk of a minority (section 7)", () => {
  it("does not take the others to an older cluster", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b", "d"]);
    // An older cluster: a, b and d.
    await found(cluster, ["a", "b"], "d", "old");
    cluster.crash("a", "b", "d");
    const backup = new Map(["b", "d"].map((id) => [id, cluster.disk(id)]));
    // The operator begins anew, from nothing: a, b and c.
    cluster.disks.clear();
    await found(cluster, ["a", "b"], "c", "new");
    cluster.crash("a", "b", "c");
    // All stop. One of the three comes back with a disk of the older cluster: a minority.
    cluster.disks.set("b", backup.get("b")!);
    cluster.disks.set("d", backup.get("d")!);
    cluster.ids = ["a", "b", "d"];
    await cluster.start("b", "d");
    await cluster.pass(5_000);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("a");
    await cluster.pass(5_000);
    await cluster.start("c");
    await cluster.pass(5_000);
    assertEquals(["a", "c"].map((id) => cluster.disk(id).aside.length), [0, 0]);
    assertEquals(await cluster.get("a", "key"), "new");
  });
});
