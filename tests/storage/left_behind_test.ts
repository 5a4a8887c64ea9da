// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { assertCode } from "../support/expect.ts";
import { Stored } from "./support/stored.ts";

/** What follows has its time: a change of the members waits for the longest session. */
const LATER = { timeout: 20_000 };

/** A cluster of a, b and c, of which c is down. */
async function withoutC(): Promise<Stored> {
  const cluster = new Stored({ clients: true }, ["a", "b", "c"]);
  await cluster.start("a", "b", "c");
  await cluster.ready("a", "b", "c");
  await cluster.put("a", "key", 1);
  cluster.crash("c");
  await cluster.pass(3_000);
  return cluster;
}

/** One node changes the members; the new ones start with the new list. */
async function change(cluster: Stored, by: string, down: string[], ...ids: string[]) {
  cluster.ids = ids;
  await cluster.start(...ids.filter((id) => !cluster.nodes.has(id) && !down.includes(id)));
  await cluster.pass(1_500);
  await cluster.time.until(cluster.nodes.get(by)!.changeMembers(ids, LATER));
  await cluster.pass(3_000);
}

function votes(cluster: Stored, id: string): boolean {
  return partsOf(cluster.nodes.get(id)!).engine.voter !== null;
}

async function waitingFor(cluster: Stored, id: string): Promise<readonly string[]> {
  return (await cluster.time.until(cluster.nodes.get(id)!.status())).waitingFor;
}

describe("a member whose disk is from before two changes of the members (sections 7 and 11)", () => {
  it("comes back with the new list, though all that its disk names are down", async () => {
    await using cluster = await withoutC();
    await change(cluster, "a", ["c"], "a", "b", "c", "d");
    await change(cluster, "a", ["c"], "a", "b", "c", "d", "e");
    await cluster.put("a", "later", 2);
    cluster.crash("a", "b", "d", "e");
    await cluster.start("c", "d", "e");
    await cluster.ready("c", "d", "e");
    assertEquals(await cluster.get("c", "later"), 2);
    assertEquals(["c", "d", "e"].map((id) => votes(cluster, id)), [true, true, true]);
    assertEquals(cluster.disk("c").aside.length, 0);
    assertEquals(cluster.errors, []);
  });

  it("that removed it meanwhile: it does no harm, and says that it waits to be added", async () => {
    for (const restarted of [[], ["a", "b", "d"]]) {
      await using cluster = await withoutC();
      await change(cluster, "a", [], "a", "b");
      await change(cluster, "a", [], "a", "b", "d");
      await cluster.put("a", "later", 2);
      cluster.crash(...restarted);
      cluster.ids = ["a", "b", "c"];
      // Before those that know of the changes.
      await cluster.start("c");
      await cluster.pass(500);
      cluster.ids = ["a", "b", "d"];
      await cluster.start(...restarted);
      await cluster.ready("a", "b", "d");
      await cluster.pass(3_000);
      assertEquals(votes(cluster, "c"), false);
      const waits = "c waits to be added to the members of the cluster, which are a, b, d";
      assertEquals(await waitingFor(cluster, "c"), [waits]);
      assert(cluster.disk("c").aside.length > 0);
      assertEquals(await cluster.get("b", "later"), 2);
      await change(cluster, "a", [], "a", "b", "d", "c");
      assertEquals(votes(cluster, "c"), true);
      assertEquals(await cluster.get("c", "later"), 2);
      assertEquals(cluster.errors, []);
    }
  });

  it("of whose list no node is left: it waits, and the new list helps it", async () => {
    await using cluster = await withoutC();
    await change(cluster, "a", [], "a", "b");
    await change(cluster, "a", [], "a", "b", "d", "e");
    await change(cluster, "d", [], "d", "e");
    cluster.crash("a", "b");
    await cluster.put("d", "later", 2);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("c");
    await cluster.pass(10_000);
    assertEquals(votes(cluster, "c"), false);
    assertEquals(await waitingFor(cluster, "c"), ["a", "b"]);
    assertEquals(cluster.disk("c").aside.length, 0);
    const adds = cluster.nodes.get("d")!.changeMembers(["d", "e", "c"], LATER);
    await cluster.time.until(assertCode(adds, "not_ready"));
    assertEquals(cluster.nodes.get("d")!.members, ["d", "e"]);
    assertEquals(await cluster.get("e", "later"), 2);
    // The list of the living members: it is a client, and its disk is not used.
    cluster.crash("c");
    cluster.ids = ["d", "e"];
    await cluster.start("c");
    await cluster.ready("c");
    assertEquals(await cluster.get("c", "later"), 2);
    assertEquals(cluster.disk("c").aside.length, 0);
    // The new list, with itself: it follows the cluster, and can be added.
    cluster.crash("c");
    cluster.ids = ["d", "e", "c"];
    await cluster.start("c");
    await cluster.pass(3_000);
    const waits = "c waits to be added to the members of the cluster, which are d, e";
    assertEquals(await waitingFor(cluster, "c"), [waits]);
    assert(cluster.disk("c").aside.length > 0);
    await change(cluster, "d", [], "d", "e", "c");
    assertEquals(votes(cluster, "c"), true);
    assertEquals(await cluster.get("c", "later"), 2);
    assertEquals(cluster.errors, []);
  });
});

describe("lists of one and two, with disks (section 11)", () => {
  it("a node that waits beside a lone member does not vote, and is added after a restart", async () => {
    await using cluster = new Stored({ clients: true }, ["a"]);
    await cluster.start("a");
    await cluster.ready("a");
    await cluster.put("a", "key", 1);
    cluster.ids = ["a", "b"];
    await cluster.start("b");
    await cluster.pass(2_000);
    const waits = "b waits to be added to the members of the cluster, which are a";
    assertEquals(await waitingFor(cluster, "b"), [waits]);
    // Both stop, and what waits starts first: nothing begins without the lone one.
    cluster.crash("a", "b");
    await cluster.start("b");
    await cluster.pass(10_000);
    assertEquals(votes(cluster, "b"), false);
    assertEquals(await waitingFor(cluster, "b"), ["a"]);
    // The list is still that of the lone one: the change has not begun.
    cluster.ids = ["a"];
    await cluster.start("a");
    await cluster.ready("a");
    await cluster.pass(2_000);
    assertEquals([votes(cluster, "a"), votes(cluster, "b")], [true, false]);
    assertEquals(await cluster.get("a", "key"), 1);
    await change(cluster, "a", [], "a", "b");
    cluster.crash("a", "b");
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    assertEquals([votes(cluster, "a"), votes(cluster, "b")], [true, true]);
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(cluster.errors, []);
  });

  it("the second of two does not begin without the first, which knows that it is alone", async () => {
    await using cluster = new Stored({ clients: true }, ["a", "b"]);
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    await cluster.put("a", "key", 1);
    const disk = cluster.disk("b").snapshot();
    await change(cluster, "a", [], "a");
    await cluster.put("a", "later", 2);
    // With its disk of before the change.
    cluster.crash("a", "b");
    cluster.disk("b").restore(disk);
    cluster.ids = ["a", "b"];
    await cluster.start("b");
    await cluster.pass(10_000);
    assertEquals(votes(cluster, "b"), false);
    assertEquals(await waitingFor(cluster, "b"), ["a"]);
    await cluster.start("a");
    await cluster.ready("a");
    await cluster.pass(3_000);
    assertEquals(await cluster.get("a", "later"), 2);
    assertEquals([votes(cluster, "a"), votes(cluster, "b")], [true, false]);
    assertEquals(cluster.nodes.get("b")!.members, ["a"]);
    assertEquals(cluster.errors, []);
  });
});

describe("changeMembers() of a client (section 11)", () => {
  it("adds the client itself, and removes members, as any node does", async () => {
    await using cluster = new Stored({ clients: true }, ["a", "b", "c"]);
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    await cluster.put("a", "key", 1);
    await cluster.start("d");
    await cluster.ready("d");
    const d = cluster.nodes.get("d")!;
    await cluster.time.until(d.changeMembers(["b", "c", "d"], LATER));
    await cluster.pass(3_000);
    assertEquals(d.members, ["b", "c", "d"]);
    assertEquals(["a", "b", "c", "d"].map((id) => votes(cluster, id)), [false, true, true, true]);
    // One that was removed is a client, too, and its disk is put aside.
    assertEquals(cluster.disk("a").aside.length, 1);
    const a = cluster.nodes.get("a")!;
    await cluster.time.until(a.changeMembers(["a", "b", "c", "d"], LATER));
    await cluster.pass(3_000);
    assertEquals([votes(cluster, "a"), a.members.length], [true, 4]);
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(cluster.errors, []);
  });

  it("is finished by the members if the client is lost", async () => {
    await using cluster = new Stored({ clients: true }, ["a", "b", "c"]);
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    await cluster.start("d");
    await cluster.ready("d");
    cluster.nodes.get("d")!.changeMembers(["a", "b"], LATER).catch(() => {});
    const { engine } = partsOf(cluster.nodes.get("a")!);
    for (let i = 0; i < 1_000 && engine.configuration.epoch === 0; i++) await cluster.pass(1);
    assertEquals(engine.configuration.settled, false);
    cluster.crash("d");
    await cluster.pass(15_000);
    assertEquals(engine.configuration.settled, true);
    assertEquals(cluster.nodes.get("a")!.members, ["a", "b"]);
    assertEquals(cluster.errors, []);
  });
});
