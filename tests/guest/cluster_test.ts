import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("a guest of a cluster (section 13)", () => {
  it("puts, gets and locks", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
    const { time } = cluster;
    const transport = time.network.guests(cluster.members);
    const node = connectWith({ id: "x", transport }, time.runtime);
    await time.until(node.ready);
    assert(node.hasQuorum);
    assertEquals(await time.until(node.kv.put("k", 1)), { ok: true, value: 1 });
    assertEquals(await time.until(cluster.nodes[0].kv.get("k")), { ok: true, value: 1 });
    assertEquals(await time.until(node.kv.get("k")), { ok: true, value: 1 });
    assertEquals(await time.until(node.kv.keys()), ["k"]);
    const lock = await time.until(node.lock("l"));
    assert(lock.held);
    const waiting = cluster.nodes[1].lock("l");
    await cluster.pass(50);
    await time.until(lock.release());
    const other = await time.until(waiting);
    assert(other.token > lock.token);
    await time.until(node.close());
  });
});
