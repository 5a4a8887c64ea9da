// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame, readConfiguration } from "../../lib/codec.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster, type Wrap } from "../support/virtual_cluster.ts";

const BOTH = ["n1", "n2"];
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
    const lost = { known: false, heard: false };
    await using cluster = await VirtualCluster.start(1, OPTIONS, losing(lost));
    const [n1, n2] = await two(cluster);
    while (!hasAccepted(n2)) await cluster.pass(4);
    lost.known = true;
    await restart(cluster, n1, n2, lost);
  });

  // The answers to its recovery are lost, or the second one ends its count before they come.
  for (const [known, pause] of [[true, 0], [false, 800]] as const) {
    it(`is waited for by one that began to count before it accepted that; ${known ? "answers are lost" : `it starts after ${pause} ms`}`, async () => {
      const lost = { known: false, heard: false };
      await using cluster = await VirtualCluster.start(1, OPTIONS, losing(lost));
      const [n1, n2] = await two(cluster);
      // All is rewritten, and neither knows; then the second one has no quorum, and counts.
      await cluster.pass(500);
      cluster.isolate("n1");
      await cluster.pass(2_500);
      lost.heard = true;
      cluster.heal();
      while (!hasAccepted(n2)) await cluster.pass(4);
      Object.assign(lost, { known, heard: false });
      await restart(cluster, n1, n2, lost, pause);
    });
  }
});

/** Answers of n2 to a recovery are lost; or all by which it would notice that it has a quorum again. */
interface Lost {
  known: boolean;
  heard: boolean;
}

function losing(lost: Lost): Wrap {
  return (transport, id) => {
    const send = transport.send.bind(transport);
    transport.send = (to, bytes) => {
      const decoded = decodeFrame(bytes);
      const { replies = [], requests = [] } = decoded.ok ? decoded.frame : {};
      const has = (of: readonly { type: string }[], type: string) =>
        of.some((one) => one.type === type);
      if (lost.known && id === "n2" && has(replies, "known")) return;
      if (lost.heard && id === "n2" && to !== id && has(requests, "renew")) return;
      if (lost.heard && id === "n1" && to === "n2" && has(replies, "record")) return;
      send(to, bytes);
    };
    return transport;
  };
}

/** n1, which has admitted n2; that is not settled yet. */
async function two(cluster: VirtualCluster): Promise<[ClusterNode, ClusterNode]> {
  const { time, nodes: [n1] } = cluster;
  time.latency = 10;
  await time.until(n1.kv.put("a", 1));
  const n2 = await cluster.join("n2", { members: BOTH });
  await cluster.pass(1_500);
  n1.changeMembers(BOTH).catch(() => {});
  while (n1.members.length === 1) await cluster.pass(20);
  return [n1, n2];
}

/** n1 starts again without its memory, `pause` milliseconds after its end, and comes back once nothing is lost any more. */
async function restart(
  cluster: VirtualCluster,
  n1: ClusterNode,
  n2: ClusterNode,
  lost: Lost,
  pause = 0,
): Promise<void> {
  assertEquals([n1, n2].map(isSettled), [false, false]);
  cluster.crash("n1");
  await cluster.pass(pause);
  const again = await cluster.join("n1", { members: BOTH });
  await cluster.pass(20_000);
  lost.known = false;
  await cluster.pass(20_000);
  assertEquals([again, n2].map((node) => node.hasQuorum), [true, true]);
  assertEquals(await cluster.time.until(n2.kv.get("a")), { ok: true, value: 1 });
}
