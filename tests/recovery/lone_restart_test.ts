// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import type { ClusterNode } from "../../mod.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

function closings(...nodes: ClusterNode[]): string[] {
  const closed: string[] = [];
  for (const node of nodes) {
    void node.closed.then(({ reason }) => closed.push(`${node.id} ${reason?.code}`));
  }
  return closed;
}

describe("a node that starts again with a list of itself alone (sections 7, 11)", () => {
  it("as a member, does not close the others, whoever asks for their status", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1, n2, n3] } = cluster;
    const client = await cluster.join("client");
    await time.until(client.ready);
    await time.until(n1.kv.put("a", 1));
    const { genesis } = await time.until(n2.status());
    const closed = closings(n2, n3);
    cluster.crash("n1");
    await cluster.join("n1", { members: ["n1"] });
    await cluster.pass(1_000);
    await time.until(client.status());
    await time.until(n2.status());
    await cluster.pass(3_000);
    assertEquals(closed, []);
    assertEquals((await time.until(client.status())).genesis, genesis);
    assertEquals(await time.until(client.kv.get("a")), { ok: true, value: 1 });
  });

  it("after its removal, does not close the members that miss each other for a while", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const members = ["n1", "n2", "n3"];
    const n2 = await cluster.join("n2", { members });
    const n3 = await cluster.join("n3", { members });
    await time.until(n1.changeMembers(["n2", "n3"]));
    await time.until(n2.kv.put("a", 1));
    const closed = closings(n2, n3);
    cluster.crash("n1");
    await cluster.join("n1", { members: ["n1"] });
    await cluster.pass(2_000);
    cluster.isolate("n3");
    await cluster.pass(3_000);
    cluster.heal();
    await cluster.pass(3_000);
    assertEquals(closed, []);
    assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
  });

  it("does not take a member away that restarts and hears it first", async () => {
    await using cluster = await VirtualCluster.start(5, OPTIONS);
    const { time, nodes: [n1, , n3] } = cluster;
    await time.until(n1.kv.put("a", 1));
    const { genesis } = await time.until(n3.status());
    cluster.crash("n1");
    await cluster.join("n1", { members: ["n1"] });
    await cluster.pass(1_000);
    cluster.crash("n2");
    cluster.isolate("n3", "n4", "n5");
    const n2 = await cluster.join("n2");
    await cluster.pass(200);
    cluster.heal();
    await cluster.pass(10_000);
    const status = await time.until(n2.status());
    assertEquals([status.genesis, n2.hasQuorum], [genesis, true]);
  });

  it("is not shown as an operational member of the cluster by status()", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [, n2] } = cluster;
    cluster.crash("n1");
    await cluster.join("n1", { members: ["n1"] });
    await cluster.pass(1_000);
    const { members: [first] } = await time.until(n2.status());
    assertEquals([first.id, first.state === "operational"], ["n1", false]);
  });
});
