// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame } from "../../lib/codec.ts";
import type { Request } from "../../lib/paxos/messages.ts";
import { isConfiguration } from "../../lib/paxos/register.ts";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Its calls do not end: a node that runs one waits in `close()` for its whole `timeout`. */
const SLOW = { id: "s", start: () => ({ wait: () => new Promise<void>(() => {}) }) };

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000, hosts: [SLOW] };

/** Has the node run a call that does not end. */
async function call(cluster: VirtualCluster, node: ClusterNode): Promise<void> {
  node.name("k", SLOW).wait().catch(() => {});
  await cluster.pass(500);
  assertEquals(partsOf(node).singletons.isHosting, true);
}

/** The outcome of a change of the members. */
function change(node: ClusterNode, list: readonly string[]): Promise<string> {
  return node.changeMembers(list).then(() => "changed", ({ code }) => code);
}

/** Lets time pass, until it is so. */
async function until(cluster: VirtualCluster, isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited++) {
    assert(waited < 2_000, "it does not happen");
    await cluster.pass(1);
  }
}

/** What two nodes know: whether it is one cluster, and its list. */
function known(a: ClusterNode, b: ClusterNode): unknown[] {
  const ids = [a, b].map((node) => partsOf(node).engine.record?.id);
  return [ids[0] === ids[1], a.members, b.members];
}

describe("a member that closes while the list of members changes (section 11)", () => {
  for (const caller of ["n2", "n3"]) {
    it(`${caller} cannot make it the only member: nothing is lost when it starts again`, async () => {
      await using cluster = await VirtualCluster.start(2, OPTIONS);
      const { time, nodes: [n1, n2] } = cluster;
      time.latency = 10;
      if (caller === "n3") await time.until((await cluster.join("n3")).ready);
      await time.until(n2.kv.put("a", 1));
      await call(cluster, n1);
      const closed = n1.close();
      assertEquals(await time.until(change(cluster.node(caller), ["n1"])), "no_quorum");
      await time.until(closed);
      const again = await cluster.join("n1");
      await time.until(again.ready);
      await cluster.pass(2_000);
      assertEquals(known(again, n2), [true, ["n1", "n2"], ["n1", "n2"]]);
      assertEquals([again.hasQuorum, n2.hasQuorum], [true, true]);
      assertEquals(await time.until(again.kv.get("a")), { ok: true, value: 1 });
    });
  }

  for (const type of ["prepare", "accept"]) {
    it(`does not become the only one by a change that was about to be written (${type})`, async () => {
      let close = () => {};
      const isIt = (request: Request) =>
        request.type === type && "register" in request && isConfiguration(request.register);
      await using cluster = await VirtualCluster.start(2, OPTIONS, (transport, id) => {
        const send = transport.send.bind(transport);
        transport.send = (to, bytes) => {
          const decoded = decodeFrame(bytes);
          if (id !== to && decoded.ok && decoded.frame.requests.some(isIt)) close();
          send(to, bytes);
        };
        return transport;
      });
      const { time, nodes: [n1, n2] } = cluster;
      time.latency = 10;
      await time.until(n2.kv.put("a", 1));
      await call(cluster, n1);
      let closed: Promise<void> | undefined;
      close = () => closed ??= n1.close();
      const changed = change(n2, ["n1"]);
      await until(cluster, () => closed !== undefined);
      await time.until(closed!);
      const again = await cluster.join("n1");
      assertEquals(await time.until(changed), "no_quorum");
      await cluster.pass(5_000);
      // It may have been chosen, as far as it can know: it waits for its memory, and the other one is still a member.
      assertEquals(known(again, n2), [true, ["n1", "n2"], ["n1", "n2"]]);
      // What is left to operators.
      for (const id of ["n1", "n2"]) cluster.crash(id);
      const both = [await cluster.join("n1"), await cluster.join("n2")];
      await time.until(Promise.all(both.map((node) => node.ready)));
      assertEquals(await time.until(both[0].kv.get("a")), { ok: false, error: "not_found" });
    });
  }

  it("is removed, also as one of two", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    await time.until(n2.kv.put("a", 1));
    await call(cluster, n1);
    const closed = n1.close({ timeout: 5_000 });
    assertEquals(await time.until(change(n2, ["n2"])), "changed");
    await time.until(closed);
    assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
  });

  it("is one of the two that stay, of three", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    await time.until(n2.kv.put("a", 1));
    await call(cluster, n1);
    const closed = n1.close({ timeout: 5_000 });
    assertEquals(await time.until(change(n2, ["n1", "n2"])), "changed");
    await time.until(closed);
    const again = await cluster.join("n1", { members: ["n1", "n2"] });
    await time.until(again.ready);
    assertEquals(await time.until(again.kv.get("a")), { ok: true, value: 1 });
  });

  it("is one of two that become three", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    await time.until((await cluster.join("n3")).ready);
    await call(cluster, n1);
    const closed = n1.close({ timeout: 10_000 });
    assertEquals(await time.until(change(n2, ["n1", "n2", "n3"])), "changed");
    await time.until(closed);
  });

  it("settles what has made it the only member", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    await call(cluster, n1);
    const changed = change(n2, ["n1"]);
    await until(cluster, () => n1.members.length === 1);
    const closed = n1.close({ timeout: 5_000 });
    assertEquals(await time.until(changed), "changed");
    await time.until(closed);
  });
});
