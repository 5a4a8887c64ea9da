// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { Stored } from "./support/stored.ts";

const ALL = ["a", "b", "x"];

/** Three members, of which x has on its disk that it is removed; all have stopped. */
async function removed(afterMajorityLoss: "restart" | "wait"): Promise<Stored> {
  const cluster = new Stored({ clients: true, timeout: 2_000, afterMajorityLoss }, ALL);
  cluster.time.latency = 10;
  await cluster.start(...ALL);
  await cluster.ready(...ALL);
  await cluster.put("a", "key", 1);
  cluster.nodes.get("a")!.changeMembers(["a", "b"]).catch(() => {});
  const isKnownTo = (id: string) => partsOf(cluster.nodes.get(id)!).engine.configuration.epoch > 0;
  while (!isKnownTo("x")) {
    await cluster.pass(2);
    if (isKnownTo("a")) cluster.nodes.get("x")!.kv.get("other").catch(() => {});
  }
  await cluster.start("client");
  await cluster.pass(200);
  cluster.crash(...ALL, "client");
  return cluster;
}

describe("the disk of a member that was removed, as all start again before that is settled (section 11)", () => {
  it("does not keep the others from a new genesis once they have all lost their memory", async () => {
    await using cluster = await removed("restart");
    for (const id of ["a", "b"]) cluster.disk(id).lose();
    await cluster.start(...ALL);
    await cluster.pass(30_000);
    assertEquals(ALL.map((id) => cluster.nodes.get(id)!.hasQuorum), [true, true, true]);
    assertEquals(cluster.disk("x").aside.length > 0, true);
    assertEquals(cluster.errors, []);
  });

  it("stays where it is if the operator decides about a majority loss", async () => {
    await using cluster = await removed("wait");
    for (const id of ["a", "b"]) cluster.disk(id).lose();
    await cluster.start(...ALL);
    await cluster.pass(30_000);
    assertEquals([cluster.nodes.get("a")!.hasQuorum, cluster.disk("x").aside.length], [false, 0]);
  });

  it("stays where it is while the others are away, and is put aside when they have settled the change", async () => {
    await using cluster = await removed("restart");
    await cluster.start("x");
    await cluster.pass(30_000);
    assertEquals(cluster.disk("x").aside.length, 0);
    await cluster.start("a", "b");
    await cluster.pass(10_000);
    assertEquals(await cluster.get("x", "key"), 1);
    assertEquals(cluster.disk("x").aside.length > 0, true);
  });
});
