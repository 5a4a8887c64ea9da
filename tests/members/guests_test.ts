// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinAsGuest } from "../support/node_kind.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, guests: {}, sessionTtl: 1_000, timeout: 2_000 };

describe("a guest whose gateway is removed from the members (section 11)", () => {
  it("takes another one, and keeps its session and what it owns", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    await cluster.pass(1_000);
    const { network, runtime } = time;
    const guests = await Promise.all(["g1", "g2", "g3", "g4"].map(async (id) => {
      const { node } = joinAsGuest(id, OPTIONS, network, cluster.members, runtime);
      await time.until(node.ready);
      return node;
    }));
    const locks = await time.until(Promise.all(guests.map((guest) => guest.lock(guest.id))));
    await time.until(n2.changeMembers(["n2", "n3"]));
    await cluster.pass(3_000);
    assertEquals(locks.map(({ held }) => held), [true, true, true, true]);
    for (const guest of guests) {
      assertEquals(await time.until(guest.kv.put(guest.id, 1)), { ok: true, value: 1 });
    }
    // Added again, it serves guests again.
    await time.until(n2.changeMembers(["n1", "n2", "n3"]));
    await time.until(n1.ready);
    const { node } = joinAsGuest("g5", OPTIONS, network, ["n1"], runtime);
    await time.until(node.ready);
    await time.until(Promise.all([...guests, node].map((guest) => guest.close())));
  });

  it("meets members that were added, and of other nodes none", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const n2 = await cluster.join("n2");
    await time.until(n2.ready);
    const { network, runtime } = time;
    const { node: guest } = joinAsGuest("g", OPTIONS, network, ["n1", "n2"], runtime);
    await time.until(guest.ready);
    const lock = await time.until(guest.lock("l"));
    await time.until(n1.changeMembers(["n1", "n2"]));
    await time.until(n1.changeMembers(["n2"]));
    await cluster.pass(3_000);
    assertEquals(lock.held, true);
    assertEquals(await time.until(guest.kv.put("a", 1)), { ok: true, value: 1 });
    await time.until(guest.close());
  });

  it("knows the present members also when it reaches none of them", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const n2 = await cluster.join("n2");
    await time.until(n2.ready);
    const { node: guest } = joinAsGuest("g", OPTIONS, time.network, ["n1"], time.runtime);
    await time.until(guest.ready);
    const ids = async () => (await time.until(guest.status())).members.map(({ id }) => id);
    assertEquals(await ids(), ["n1"]);
    const lock = await time.until(guest.lock("l"));
    await time.until(n1.changeMembers(["n1", "n2"]));
    assertEquals(lock.held, true);
    await time.until(Promise.all([n1.close(), n2.close()]));
    await cluster.pass(100);
    const { members } = await time.until(guest.status());
    assertEquals(members.map(({ id, state }) => [id, state]), [
      ["n1", "unknown"],
      ["n2", "unknown"],
    ]);
    await time.until(guest.close());
  });
});
