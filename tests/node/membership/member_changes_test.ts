// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../../lib/cluster/cluster_node.ts";
import { CONFIGURATION } from "../../../lib/paxos/register.ts";
import type { ClusterNode } from "../../../mod.ts";
import { assertCode } from "../../support/expect.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

/** Lets time pass until the node follows a configuration that `is` so. */
async function until(
  cluster: VirtualCluster,
  node: ClusterNode,
  is: (configuration: ReturnType<typeof configurationOf>) => boolean,
): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (is(configurationOf(node))) return;
    await cluster.time.pass(0.1);
  }
  throw new Error("it never happened");
}

function configurationOf(node: ClusterNode) {
  return partsOf(node).engine.configuration;
}

describe("a change that its caller leaves half-way (section 11)", () => {
  for (
    const [what, list] of [
      ["a node joins", ["n1", "n2", "n3", "n4"]],
      ["a member is removed", ["n1", "n2"]],
    ] as const
  ) {
    it(`is finished although no node has learned of it: ${what}`, async () => {
      await using cluster = await VirtualCluster.start(3, OPTIONS);
      const { time, nodes: [n1, n2, n3] } = cluster;
      const n4 = await cluster.join("n4");
      const caller = await cluster.join("caller");
      await time.until(Promise.all([n4.ready, caller.ready]));
      caller.changeMembers(list).catch(() => {});
      const hasAccepted = (node: ClusterNode) =>
        partsOf(node).engine.voter!.acceptor.stored(CONFIGURATION)?.accepted != null;
      await until(cluster, n1, () => hasAccepted(n1));
      cluster.crash("caller");
      await cluster.pass(100);
      // The answers have come too late: it is chosen, and all go on as if nothing had changed.
      for (const node of [n1, n2, n3]) {
        assertEquals([hasAccepted(node), configurationOf(node).epoch], [true, 0]);
      }
      await cluster.pass(20_000);
      const { change } = await time.until(n1.status());
      assertEquals([change, n1.members], [null, [...list]]);
    });
  }

  it("is looked for by one read at a time", async () => {
    await using cluster = await VirtualCluster.start(3, { ...OPTIONS, timeout: 20_000 });
    const { time, nodes: [n1] } = cluster;
    const caller = await cluster.join("caller");
    await time.until(caller.ready);
    caller.changeMembers(["n1", "n2"]).catch(() => {});
    const { core, engine } = partsOf(n1);
    await until(
      cluster,
      n1,
      () => engine.voter!.acceptor.stored(CONFIGURATION)?.accepted != null,
    );
    cluster.crash("caller");
    time.network.partition(["n1"]);
    const { proposals } = core;
    const change = proposals.change.bind(proposals);
    let reads = 0;
    proposals.change = ((register, ...rest: unknown[]) => {
      if (register === CONFIGURATION) reads++;
      return (change as (...args: unknown[]) => unknown)(register, ...rest);
    }) as typeof proposals.change;
    await cluster.pass(15_000);
    assertEquals(reads, 1);
    await cluster.pass(15_000);
    assertEquals(reads, 2);
  });

  for (
    const [what, list, is, expected] of [
      [
        "while the new node copies",
        ["n1", "n2", "n3", "n4"],
        (one) => one.joining !== null,
        ["n1", "n2", "n3", "n4"],
      ],
      [
        "when the new node is admitted",
        ["n1", "n2", "n3", "n4"],
        (one) => one.epoch === 2 && !one.settled,
        ["n1", "n2", "n3", "n4"],
      ],
      ["when a member is removed", ["n1", "n2"], (one) => one.leaving !== null, ["n1", "n2"]],
    ] as [string, string[], Parameters<typeof until>[2], string[]][]
  ) {
    it(`is finished by the members: ${what}`, async () => {
      await using cluster = await VirtualCluster.start(3, OPTIONS);
      const { time, nodes: [n1] } = cluster;
      await time.until(n1.kv.put("a", 1));
      const n4 = await cluster.join("n4");
      const caller = await cluster.join("caller");
      await time.until(Promise.all([n4.ready, caller.ready]));
      caller.changeMembers(list).catch(() => {});
      await until(cluster, n1, is);
      cluster.crash("caller");
      assertEquals((await time.until(n1.status())).change !== null, true);
      await cluster.pass(15_000);
      assertEquals((await time.until(n1.status())).change, null);
      assertEquals(n1.members, expected);
      assertEquals(await time.until(n4.kv.get("a")), { ok: true, value: 1 });
    });
  }

  it("is undone if the new node is lost before it is a member: nothing has changed", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const n4 = await cluster.join("n4");
    await time.until(n4.ready);
    const changed = assertCode(n1.changeMembers(["n1", "n2", "n3", "n4"]), "not_ready");
    await until(cluster, n1, (one) => one.joining !== null);
    cluster.crash("n4");
    const error = await time.until(changed);
    assertStringIncludes(error.message, "Node n4 ");
    assertEquals(n1.members, ["n1", "n2", "n3"]);
    const status = await time.until(n1.status());
    assertEquals([status.epoch, status.change], [2, null]);
    // Another process of that node can be added.
    const again = await cluster.join("n4");
    await time.until(again.ready);
    await time.until(n1.changeMembers(["n1", "n2", "n3", "n4"]));
    assertEquals(again.members, ["n1", "n2", "n3", "n4"]);
  });

  it("members that do not answer are removed first, and the change goes on", async () => {
    await using cluster = await VirtualCluster.start(5, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    for (const id of ["n6", "n7"]) await time.until((await cluster.join(id)).ready);
    cluster.crash("n4");
    cluster.crash("n5");
    const lists: string[] = [];
    n1.addEventListener("members", ({ detail }) => lists.push(detail.members.join(" ")));
    await time.until(n1.changeMembers(["n2", "n3", "n6", "n7"]));
    assertEquals(lists, [
      "n1 n2 n3 n5",
      "n1 n2 n3",
      "n1 n2 n3 n6",
      "n1 n2 n3 n6 n7",
      "n2 n3 n6 n7",
    ]);
    assertEquals(await time.until(n1.kv.get("a")), { ok: true, value: 1 });
  });
});
