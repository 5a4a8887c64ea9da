import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import type { GuestNode } from "../../guest/guest_node.ts";
import type { Change, ChildSpec, GuestOptions } from "../../mod.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** A cluster of three members, and a guest of it. */
async function start(
  guests: GuestOptions = {},
  hosts: ChildSpec[] = [],
): Promise<{ cluster: VirtualCluster; node: GuestNode }> {
  const cluster = await VirtualCluster.start(3, { clients: true, guests, hosts });
  const { time } = cluster;
  const transport = time.network.guests(cluster.members);
  const node = connectWith({ id: "x", transport }, time.runtime);
  await time.until(node.ready);
  return { cluster, node };
}

/** The member that serves the guest. */
function gatewayOf(cluster: VirtualCluster): string {
  const serving = cluster.nodes.filter((node) => partsOf(node).gateway?.size === 1);
  assertEquals(serving.length, 1);
  return serving[0].id;
}

/** Crashes the guest's gateway; returns one of the other members. */
function crashGateway(cluster: VirtualCluster) {
  const gateway = gatewayOf(cluster);
  cluster.crash(gateway);
  const other = cluster.nodes.find(({ id }) => id !== gateway);
  assert(other !== undefined);
  return other;
}

describe("what a guest does while its gateway is lost (section 13)", () => {
  it("a call runs at most once, and calls and casts go on through the next gateway", async () => {
    const ran = new Map<number, number>();
    const Book: ChildSpec<{ note(n: number): number }, []> = {
      id: "book",
      start: () => ({
        note: (n) => {
          ran.set(n, (ran.get(n) ?? 0) + 1);
          return n;
        },
      }),
    };
    const { cluster, node } = await start({}, [Book]);
    await using _ = cluster;
    const { time } = cluster;
    const remote = node.name("one", Book);
    await time.until(remote.note(0));
    const calls = Array.from(
      { length: 20 },
      (_, n) => remote.note(n + 1).then(() => "returned", (error) => error.code as string),
    );
    await cluster.pass(1);
    crashGateway(cluster);
    const outcomes = await time.until(Promise.all(calls));
    for (const [index, outcome] of outcomes.entries()) {
      assert(["returned", "outcome_unknown"].includes(outcome), outcome);
      if (outcome === "returned") assertEquals(ran.get(index + 1), 1);
    }
    node.cast(remote, "note", [100]);
    assertEquals(await time.until(remote.note(101)), 101);
    assert([...ran.values()].every((times) => times === 1), JSON.stringify([...ran]));
    assertEquals(ran.get(100), 1);
    await time.until(node.close());
  });

  it("a watch goes on, and never goes back", async () => {
    const { cluster, node } = await start();
    await using _ = cluster;
    const { time } = cluster;
    const seen: Change<number>[] = [];
    const watching = (async () => {
      for await (const change of node.kv.watch<number>("k")) seen.push(change);
    })().catch(() => {});
    await cluster.pass(100);
    const other = crashGateway(cluster);
    for (let n = 1; n <= 3; n++) {
      const process = other.spawn();
      await time.until(other.kv.put("k", n, { pid: process }));
      await cluster.pass(2_000);
      await time.until(process.exit());
      await cluster.pass(500);
    }
    const tokens = seen.flatMap((change) => change.present ? [change.token] : []);
    assertEquals(tokens, [...tokens].sort((a, b) => a - b));
    assertEquals(seen.flatMap((change) => change.present ? [change.value] : []).at(-1), 3);
    assertEquals(seen.at(-1)?.present, false);
    await time.until(node.close());
    await time.until(watching);
  });

  it("a theft takes the lock once, and its victim learns of it", async () => {
    const { cluster, node } = await start();
    await using _ = cluster;
    const { time } = cluster;
    const gateway = gatewayOf(cluster);
    const owner = cluster.nodes.find(({ id }) => id !== gateway);
    const held = await time.until(owner!.lock("l"));
    const theft = node.lock("l", { steal: true });
    await cluster.pass(1);
    cluster.crash(gateway);
    const stolen = await time.until(theft);
    assert(stolen.held && stolen.token > held.token);
    await cluster.pass(6_000);
    assert(!held.held);
    const holders = valueOf(await time.until(owner!.holders("l")));
    assertEquals(holders.map(({ pid, token }) => [pid.node, token]), [["~x", stolen.token]]);
    await time.until(stolen.release());
    assertEquals(valueOf(await time.until(owner!.holders("l"))), []);
    await time.until(node.close());
  });

  it("puts of others for its processes reach it at the next gateway", async () => {
    const { cluster, node } = await start();
    await using _ = cluster;
    const { time } = cluster;
    const process = node.spawn();
    const other = crashGateway(cluster);
    const put = other.kv.claim("k", 1, { pid: process.pid, timeout: 20_000 });
    assertEquals(valueOf(await time.until(put)).mine, true);
    assertEquals(await time.until(other.kv.pid("k")), { ok: true, value: process.pid });
    await time.until(process.exit());
    assertEquals((await time.until(other.kv.get("k"))).ok, false);
    await time.until(node.close());
  });
});

describe("what a guest may not do (section 13)", () => {
  it("is refused with unauthorized, and leaves nothing behind", async () => {
    const { cluster, node } = await start({
      authorize: (guest, { type, key }) =>
        guest.id === "x" && type !== "steal" && !(type === "put" && key === "secret"),
    });
    await using _ = cluster;
    const { time, nodes: [member] } = cluster;
    await time.until(assertCode(node.kv.put("secret", 1), "unauthorized"));
    assertEquals((await time.until(member.kv.get("secret"))).ok, false);
    assertEquals(await time.until(node.kv.put("open", 1)), { ok: true, value: 1 });
    const held = await time.until(member.lock("l"));
    await time.until(assertCode(node.lock("l", { steal: true }), "unauthorized"));
    assert(held.held);
    const lock = await time.until(node.lock("mine"));
    await time.until(lock.release());
    await time.until(node.close());
  });

  it("ends with clients_off where the record of the cluster lets no clients in", async () => {
    await using cluster = await VirtualCluster.start(0);
    const { time } = cluster;
    const members = ["a", "b", "c"];
    // The first member decides.
    await cluster.join("a", { members });
    for (const id of ["b", "c"]) await cluster.join(id, { members, clients: true, guests: {} });
    await time.until(Promise.all(cluster.nodes.map((node) => node.ready)));
    const transport = time.network.guests(["b", "c"]);
    const node = connectWith({ id: "x", transport }, time.runtime);
    await time.until(assertCode(node.kv.put("k", 1, { noQuorum: "fail" }), "clients_off"));
    await time.until(assertCode(node.lock("l"), "clients_off"));
    await time.until(node.close());
  });
});
