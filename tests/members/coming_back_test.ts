// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

describe("nodes that start again after a change of the members (section 11)", () => {
  it("a member recovers, whatever list it was given", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
    await time.until(n1.changeMembers(["n1", "n2", "n3", "n4", "n5"]));
    // The old list, without itself; the new one; and one that names only one member that is there.
    for (
      const [id, members] of [
        ["n4", ["n1", "n2", "n3"]],
        ["n2", ["n1", "n2", "n3", "n4", "n5"]],
        ["n5", ["n5", "n3"]],
      ] as const
    ) {
      cluster.crash(id);
      const again = await cluster.join(id, { members });
      await time.until(again.ready);
      await cluster.pass(3_000);
      assertEquals(partsOf(again).membership.state, "operational", id);
      assertEquals(again.members, n1.members);
    }
    for (const id of ["n1", "n3"]) cluster.crash(id);
    assertEquals(await time.until(cluster.node("n5").kv.get("a")), { ok: true, value: 1 });
  });

  it("members with the first list hear the cluster, of which they know no other member", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    for (const id of ["n3", "n4", "n5"]) await time.until((await cluster.join(id)).ready);
    const members = ["n1", "n2", "n3", "n4", "n5"];
    await time.until(n1.changeMembers(members));
    for (const id of ["n1", "n2"]) cluster.crash(id);
    await cluster.pass(1_000);
    for (const id of ["n1", "n2"]) {
      const again = await cluster.join(id);
      await time.until(again.ready);
      assertEquals(again.members, members, id);
    }
  });

  it("members and clients that start at the same time with lists of different times follow the cluster", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [, n2] } = cluster;
    for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
    const members = ["n1", "n2", "n3", "n4", "n5"];
    await time.until(n2.changeMembers(members));
    for (const id of ["n1", "n4"]) cluster.crash(id);
    // They hear of each other for a while before they hear the others.
    cluster.time.network.partition(["n1", "n4", "client"]);
    const again = [
      await cluster.join("n1"),
      await cluster.join("n4", { members }),
      await cluster.join("client", { members: ["n1"] }),
    ];
    await cluster.pass(700);
    cluster.heal();
    await time.until(Promise.all(again.map(({ ready }) => ready)));
    for (const node of again) assertEquals(node.members, members);
  });

  it("a removed member that is added again takes a new life, and loses its session with the old one", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1, , n3] } = cluster;
    const { life } = n3;
    const lock = await time.until(n3.lock("l"));
    await time.until(n1.changeMembers(["n1", "n2"]));
    await cluster.pass(500);
    assertEquals([n3.life, n3.hasQuorum, lock.held], [life, true, true]);
    const lost: string[] = [];
    n3.addEventListener("sessionlost", ({ detail }) => lost.push(detail.session));
    // At once: that session is not renewed any more.
    const held: boolean[] = [];
    n3.addEventListener("life", () => {
      time.runtime.setTimer(() => held.push(lock.held), 0);
    });
    await time.until(n1.changeMembers(["n1", "n2", "n3"]));
    assertNotEquals(n3.life, life);
    assertEquals([lost, held], [[`n3/${life}/1`], [false]]);
    await cluster.pass(1_000);
    assertEquals([n3.hasQuorum, partsOf(n3).membership.state], [true, "operational"]);
  });

  it("a removed member that closes takes no new life to be added again, and closes at once", async () => {
    for (let wait = 0; wait < 6; wait += 0.5) {
      await using cluster = await VirtualCluster.start(3, OPTIONS);
      const { time, nodes: [n1, , n3] } = cluster;
      await time.until(n1.changeMembers(["n1", "n2"]));
      await cluster.pass(500);
      const { life } = n3;
      const changed = n1.changeMembers(["n1", "n2", "n3"]).then(() => "added", ({ code }) => code);
      await cluster.pass(wait);
      const [begun, before] = [time.runtime.now(), n3.life];
      await time.until(n3.close());
      assert(time.runtime.now() - begun < 100, `it takes long ${wait} ms after the change began`);
      assertEquals(n3.life, before);
      // It is added if it has taken the life before it closed.
      if (before === life) assertEquals(await time.until(changed), "not_ready");
    }
  });

  it("members that were removed and start again with the old list begin no second cluster", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
    await time.until(n1.changeMembers(["n4", "n5"]));
    for (const id of ["n1", "n2", "n3"]) cluster.crash(id);
    await cluster.pass(1_000);
    const old = [];
    for (const id of ["n2", "n3"]) old.push(await cluster.join(id));
    // Without the third one there is no genesis yet; meanwhile the living members tell of their cluster.
    await cluster.pass(3_000);
    old.push(await cluster.join("n1"));
    await cluster.pass(5_000);
    const { genesis } = await time.until(cluster.node("n4").status());
    for (const node of old) {
      const status = await time.until(node.status());
      assertEquals([status.genesis, node.members, node.hasQuorum], [genesis, ["n4", "n5"], false]);
      assertEquals(status.waitingFor, [
        `${node.id} waits to be added to the members of the cluster, which are n4, n5`,
      ]);
    }
    // With the living list they are clients.
    cluster.crash("n1");
    const client = await cluster.join("n1", { members: ["n4", "n5"] });
    await time.until(client.ready);
    assertEquals(await time.until(client.kv.get("a")), { ok: true, value: 1 });
  });

  it("a cluster of two goes on after a restart of either one", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    const members = ["n1", "n2"];
    await cluster.join("n2", { members });
    await time.until(n1.changeMembers(members));
    for (const id of ["n1", "n2"]) {
      cluster.crash(id);
      const again = await cluster.join(id, { members });
      await time.until(again.ready);
      assertEquals(await time.until(again.kv.get("a")), { ok: true, value: 1 });
    }
  });

  it("the cluster begins anew when too many members of the present list have lost their memory", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until(n1.kv.put("a", 1));
    const members = ["n1", "n2", "n3"];
    await cluster.join("n3", { members });
    await time.until(n1.changeMembers(members));
    // All lists are to be kept in step: the first two start again with the new one.
    for (const id of ["n1", "n2"]) {
      cluster.crash(id);
      await time.until((await cluster.join(id, { members })).ready);
    }
    for (const id of ["n1", "n2"]) cluster.crash(id);
    for (const id of ["n1", "n2"]) await cluster.join(id, { members });
    const n3 = cluster.node("n3");
    let restarted = false;
    n3.addEventListener("restart", () => restarted = true);
    await cluster.pass(60_000);
    assertEquals([restarted, n3.members], [true, members]);
    assertEquals(await time.until(n3.kv.get("a")), { ok: false, error: "not_found" });
  });
});
