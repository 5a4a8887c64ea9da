// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../lib/codec.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import type { OrderedRequest, OrderRequest } from "../../lib/paxos/messages.ts";
import { lockOf } from "../../lib/locks/lock_value.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const LOCK = registerId("l", undefined, "k");

/** A lock that n1 holds, and an order of n2, which `send` has n1 take as if it came from `from`. */
async function begin() {
  const cluster = await VirtualCluster.start(3);
  const [one, two, three] = cluster.nodes;
  const held = await cluster.time.until(one.lock("k"));
  const { lockTable, core } = partsOf(one);
  const other = partsOf(two).core;
  const requests: OrderedRequest[] = [
    { seq: 1, request: 91, mode: "exclusive", permits: 0, since: 7, label: "" },
    { seq: 2, request: 92, mode: "shared", permits: 0, since: 8, label: "b" },
  ];
  const session = other.session.current;
  const order = { type: "order", register: LOCK, term: held.token, session, requests } as const;
  const take = (given: Partial<OrderRequest> = {}, from = "n2", life = other.life) => {
    const refused: boolean[] = [];
    lockTable.taken.take(from, life, { ...order, ...given }, (moved) => refused.push(moved));
    return refused;
  };
  const send = async (...given: Parameters<typeof take>) => {
    const refused = take(...given);
    await cluster.pass(20);
    return refused;
  };
  const queue = async () => {
    const { state } = await cluster.time.until(core.reads.read(LOCK, core.limits()));
    return lockOf(state).queue.map(({ pid, request }) => `${pid.node} ${request}`);
  };
  return { cluster, one, two, three, held, take, send, queue };
}

describe("an order for a lock (section 9)", () => {
  it("is proposed by the node that holds it, and has no answer", async () => {
    const { cluster, send, queue } = await begin();
    await using _ = cluster;
    assertEquals(await send(), []);
    assertEquals(await queue(), ["n2 91", "n2 92"]);
    assertEquals(await send(), []);
    assertEquals(await queue(), ["n2 91", "n2 92"]);
  });

  it("is refused by a node that does not hold it", async () => {
    const { cluster, held, send, queue } = await begin();
    await using _ = cluster;
    await cluster.time.until(held.release());
    assertEquals(await send(), [true]);
    assertEquals(await queue(), []);
  });

  it("of another term is void", async () => {
    const { cluster, held, send, queue } = await begin();
    await using _ = cluster;
    assertEquals(await send({ term: held.token - 1 }), [false]);
    assertEquals(await queue(), []);
  });

  it("is dropped if it is of another node or life, or about something else", async () => {
    const { cluster, two, send, queue } = await begin();
    await using _ = cluster;
    const { life } = partsOf(two).core;
    assertEquals(await send({}, "n3"), []);
    assertEquals(await send({}, "n2", partsOf(cluster.nodes[2]).core.life), []);
    assertEquals(await send({ session: `~n2/${life}/1` }, "~n2"), []);
    assertEquals(await send({ register: registerId("k", undefined, "k") }), []);
    assertEquals(await queue(), []);
  });

  it("joins the round of a release that has no state yet, and is refused behind it", async () => {
    const { cluster, two, three, held, take, queue } = await begin();
    await using _ = cluster;
    const next = two.lock("k");
    await cluster.pass(20);
    // n3 has prepared and written nothing, so the release has to get promises first.
    assertEquals(await cluster.time.until(three.lock("k", { ifAvailable: true })), null);
    await cluster.pass(20);
    const released = held.release();
    await cluster.pass(0.2);
    const [early] = [take()];
    await cluster.pass(1.2);
    const late = take({
      requests: [{ seq: 3, request: 93, mode: "shared", permits: 0, since: 9, label: "" }],
    });
    await cluster.time.until(released);
    assertEquals([early, late], [[], [true]]);
    assertEquals(await queue(), ["n2 91", "n2 92"]);
    void (await cluster.time.until(next)).release();
  });
});
