// Runs in Deno alone: virtual time, so its outcome does not depend on the runtime.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import type { GuestNode } from "../../guest/guest_node.ts";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Time that a frame takes from one node to another, in milliseconds. */
const DELAY = 50;

type Node = ClusterNode | GuestNode;

/** The number of delays that `operate` takes at a guest, and at a full client; `prepare` comes before. */
async function delaysOf<T>(
  prepare: (node: Node) => Promise<T>,
  operate: (node: Node, prepared: T) => Promise<unknown>,
): Promise<{ guest: number; client: number }> {
  await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
  const { time } = cluster;
  const client = await cluster.join("client");
  const transport = time.network.guests(cluster.members);
  const guest = connectWith({ id: "guest", transport }, time.runtime);
  await time.until(Promise.all([client.ready, guest.ready]));
  await time.until(cluster.nodes[0].kv.put("there", 1));
  time.latency = DELAY;
  time.jitter = 0;
  const measure = async (node: Node) => {
    const prepared = await time.until(prepare(node));
    await cluster.pass(1_000);
    const began = time.runtime.now();
    const taking = operate(node, prepared).then(() => time.runtime.now() - began);
    // What it sends leaves now, and not after the next frame of others.
    await cluster.pass(0);
    return await time.until(taking) / DELAY;
  };
  const delays = { guest: await measure(guest), client: await measure(client) };
  await time.until(guest.close());
  return delays;
}

describe("a guest over a network with 50 ms of delay (section 13)", () => {
  /**
   * Those of the client are the members' own; a guest adds the round trip to its gateway, which begins no operation of a
   * guest with a fast round.
   */
  const operations: [
    what: string,
    client: number,
    guest: number,
    operate: (node: Node) => Promise<unknown>,
  ][] = [
    ["put", 2, 6, (node) => node.kv.put(["new", node.id], 1)],
    ["put with a binding", 4, 6, (node) => node.kv.put(["timed", node.id], 1, { until: 2e12 })],
    ["get of a key that is there", 2, 4, (node) => node.kv.get("there")],
    ["get of a key that is not there", 2, 4, (node) => node.kv.get("not there")],
    ["lock", 2, 6, (node) => node.lock(["free", node.id])],
  ];
  for (const [what, client, guest, operate] of operations) {
    it(`needs the round trip to its gateway, and no fast round: ${what}`, async () => {
      assertEquals(await delaysOf(() => Promise.resolve(), operate), { guest, client });
    });
  }

  it("needs one round trip more than a full client: release, on the promise kept with the grant", async () => {
    const delays = await delaysOf(
      (node) => node.lock(["mine", node.id]),
      (_, lock) => lock.release(),
    );
    assertEquals(delays, { guest: 4, client: 2 });
  });
});
