// Runs in Deno alone: virtual time, which asks nothing of the platform.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Stored } from "./support/stored.ts";

const IDS = ["a", "b", "c"];

/** Which copies may be put back is in docs/operating.md, Backups. */
describe("copies of disks that are put back (section 7)", () => {
  it("of all members, from a moment at which all had stopped: the cluster of that moment", async () => {
    await using cluster = new Stored();
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    const tokenOf = async (id: string) => {
      const found = await cluster.time.until(cluster.nodes.get(id)!.kv.token("after"));
      assert(found.ok);
      return found.value;
    };
    await cluster.put("a", "before", 1);
    cluster.crash(...IDS);
    const copies = new Map(IDS.map((id) => [id, cluster.disk(id).snapshot()]));
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    await cluster.put("a", "after", 2);
    const token = await tokenOf("a");
    cluster.crash(...IDS);
    for (const id of IDS) cluster.disk(id).restore(copies.get(id)!);
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    assertEquals(await cluster.get("b", "before"), 1);
    assertEquals(await cluster.time.until(cluster.nodes.get("b")!.kv.get("after")), {
      ok: false,
      error: "not_found",
    });
    await cluster.put("a", "after", 3);
    // Tokens go back, too.
    const later = await tokenOf("a");
    assert(later <= token, `${later} after ${token}`);
    assertEquals(IDS.map((id) => cluster.disk(id).aside.length), [0, 0, 0]);
    assertEquals(cluster.errors, []);
  });

  it("of one member, made since it stopped last: the file itself", async () => {
    await using cluster = new Stored();
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    await cluster.put("a", "key", 1);
    cluster.crash(...IDS);
    const copy = cluster.disk("a").snapshot();
    cluster.disk("a").lose();
    cluster.disk("a").restore(copy);
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(cluster.disk("a").aside.length, 0);
  });
});
