// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame, readConfiguration } from "../../lib/codec.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster, type Wrap } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

function isSettled(node: ClusterNode): boolean {
  return partsOf(node).engine.configuration.settled;
}

/** Whether a member has accepted that the list is settled. */
function hasAccepted(node: ClusterNode): boolean {
  const state = partsOf(node).engine.voter?.acceptor.stored(CONFIGURATION)?.accepted?.state;
  return state !== undefined && readConfiguration(state)?.settled === true;
}

describe("the first of two members, as the change is settled and neither knows (section 11)", () => {
  for (const list of [["n1"], ["n1", "n2"]]) {
    it(`comes back without its memory, and nothing is lost; the second one was given ${list.join(" and ")}`, async () => {
      await using cluster = await VirtualCluster.start(1, OPTIONS);
      const { time, nodes: [n1] } = cluster;
      time.latency = 10;
      await time.until(n1.kv.put("a", 1));
      const n2 = await cluster.join("n2", { members: list });
      await cluster.pass(1_500);
      n1.changeMembers(["n1", "n2"]).catch(() => {});
      while (n1.members.length === 1) await cluster.pass(20);
      while (!hasAccepted(n2)) await cluster.pass(4);
      assertEquals([n1, n2].map(isSettled), [false, false]);
      cluster.crash("n1");
      const again = await cluster.join("n1", { members: ["n1", "n2"] });
      await cluster.pass(20_000);
      assertEquals([again, n2].map((node) => node.hasQuorum), [true, true]);
      assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
      assertEquals([again, n2].map(isSettled), [true, true]);
      assertEquals(partsOf(again).engine.record, partsOf(n2).engine.record);
    });
  }

  it("is waited for by the second one, which does not give up", async () => {
    let isDumb = false;
    const wrap: Wrap = (transport, id) => {
      const send = transport.send.bind(transport);
      transport.send = (to, bytes) => {
        const decoded = decodeFrame(bytes);
        const isHelp = decoded.ok && decoded.frame.replies.some(({ type }) => type === "known");
        if (!isDumb || id !== "n2" || !isHelp) send(to, bytes);
      };
      return transport;
    };
    await using cluster = await VirtualCluster.start(1, OPTIONS, wrap);
    const { time, nodes: [n1] } = cluster;
    time.latency = 10;
    await time.until(n1.kv.put("a", 1));
    const members = ["n1", "n2"];
    const n2 = await cluster.join("n2", { members });
    await cluster.pass(1_500);
    n1.changeMembers(members).catch(() => {});
    while (n1.members.length === 1) await cluster.pass(20);
    while (!hasAccepted(n2)) await cluster.pass(4);
    isDumb = true;
    cluster.crash("n1");
    const again = await cluster.join("n1", { members });
    await cluster.pass(20_000);
    isDumb = false;
    await cluster.pass(20_000);
    assertEquals([again, n2].map((node) => node.hasQuorum), [true, true]);
    assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
  });
});
