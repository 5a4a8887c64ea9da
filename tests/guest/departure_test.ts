import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { connectWith } from "../../guest/connect.ts";
import { encodeValue, registerId } from "../../lib/codec.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { Counters } from "../singletons/support/counters.ts";
import { keyFor } from "../singletons/support/keys.ts";
import { type GuestConnection, ScriptedGuest } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const bytes = (value: unknown) => encodeValue(value, 1e6);

describe("a call of a guest to a host that leaves (section 13)", () => {
  it("is not made again if an earlier gateway may have had its answer", async () => {
    const counters = new Counters();
    const options = { clients: true, guests: {}, sessionTtl: 1_000 };
    // Answers of gateways to the guest can be lost.
    let isLost = false;
    await using cluster = await VirtualCluster.start(3, options);
    const { time } = cluster;
    const host = await cluster.join("host", { hosts: [counters.spec] });
    await time.until(host.ready);
    const guests = time.network.guests(cluster.members);
    const transport: typeof guests = {
      ...guests,
      connect: (server, identity, user) =>
        guests.connect(server, identity, {
          ...user,
          received: (frame) => {
            if (!isLost) user.received(frame);
          },
        }),
    };
    const guest = connectWith({ id: "x", transport, timeout: 60_000 }, time.runtime);
    await time.until(guest.ready);
    const remote = guest.name("k", counters.spec);
    assertEquals(await time.until(remote.inc()), 1);
    const call = reasonOf(guest.call(remote, "wait", ["once"], { timeout: 60_000 }));
    await cluster.pass(20);
    isLost = true;
    counters.release();
    await cluster.pass(20);
    await time.until(host.close());
    // The next gateway knows nothing of the answer.
    const gateway = cluster.members.find((id) => partsOf(cluster.node(id)).gateway?.size === 1);
    assertEquals(typeof gateway, "string");
    cluster.crash(`${gateway}`);
    isLost = false;
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    assertEquals(counters.executed, ["inc", "wait once"]);
    await time.until(guest.close());
  });

  it("is made once if its gateway may not have the answer, though another has that of an earlier call", async () => {
    await using world = await begin();
    const { cluster, counters, guest, call } = world;
    const one = await guest.connect("n1");
    const { since, first } = await call(one);
    const returned = await guest.do(one, first, { since });
    assert(typeof returned === "object" && returned.type === "returned");
    // Its line to the first gateway drops: the next call goes through the second one, which never gets an answer.
    const two = await guest.connect("n2");
    world.isLost = true;
    const number = two.run({ ...first, sequence: 2, open: [1] }, { since, timeout: 0 });
    await cluster.pass(10);
    assertEquals(counters.executed, ["inc", "inc", "inc"]);
    // A late copy of the first one.
    assertEquals(await guest.do(one, first, { since, again: true }), returned);
    assertEquals(await world.leave(two, number), { type: "lost" });
  });

  it("is made once if the guest has begun to count anew while it ran", async () => {
    await using world = await begin();
    const { cluster, counters, guest, call } = world;
    const one = await guest.connect("n1");
    const { since, first } = await call(one);
    const two = await guest.connect("n2");
    world.isLost = true;
    const number = two.run({ ...first, method: "wait", args: bytes(["once"]) }, {
      since,
      timeout: 0,
    });
    await cluster.pass(10);
    one.run({ ...first, birth: since + 1 }, { since: since + 1, timeout: 0 });
    await cluster.pass(10);
    assertEquals(await world.leave(two, number), { type: "lost" });
    assertEquals(counters.executed, ["inc", "wait once"]);
  });
});

describe("a call of a guest to a host that has crashed (section 13)", () => {
  it("is made elsewhere though its ticket was too old: its gateway has made nothing of it", async () => {
    const counters = new Counters();
    const ttl = 1_000;
    await using cluster = await VirtualCluster.start(3, {
      ...{ clients: true, guests: {}, sessionTtl: ttl },
    });
    const { time } = cluster;
    const host = await cluster.join("h1", { hosts: [counters.spec] });
    await time.until(host.ready);
    const transport = time.network.guests(cluster.members);
    const guest = connectWith({ id: "x", transport }, time.runtime);
    await time.until(guest.ready);
    const remote = guest.name("k", counters.spec);
    assertEquals(await time.until(remote.inc()), 1);
    cluster.crash("h1");
    const other = await cluster.join("h2", { hosts: [counters.spec] });
    await time.until(other.ready);
    await cluster.pass(3 * ttl);
    // The machine of the guest and of the members has slept: the call goes with an old ticket.
    time.stall(ttl / 3);
    const begun = time.runtime.now();
    assertEquals(await time.until(remote.inc()), 1);
    assert(time.runtime.now() - begun < 100, `${time.runtime.now() - begun} ms`);
    assertEquals(counters.executed, ["inc", "inc"]);
    await time.until(guest.close());
  });
});

/** A counter at `n3`, a guest, and what all nodes send to `n2`, which can be lost. */
async function begin() {
  const counters = new Counters();
  const options = { clients: true, guests: {}, hosts: [counters.spec] };
  const world = { isLost: false };
  const cluster = await VirtualCluster.start(3, options, (inner, id) => ({
    open: (self, receive, report, user) => inner.open(self, receive, report, user),
    send: (to, frame) => {
      if (!world.isLost || id === to || to !== "n2") inner.send(to, frame);
    },
    close: () => inner.close(),
  }));
  // After a start, sessions wait as long as one may last.
  await cluster.pass(5_000);
  const guest = new ScriptedGuest(cluster);
  const key = keyFor("counter", ["n3", "n1", "n2"]);
  const { time } = cluster;
  assertEquals(await time.until(cluster.node("n1").name(key, counters.spec).inc()), 1);
  return Object.assign(world, {
    ...{ cluster, counters, guest },
    /** The first call of the counter. */
    async call(connection: GuestConnection) {
      const about = { register: registerId("s", "counter", key), args: bytes([]) };
      const place = { type: "place", ...about, spec: "counter", start: true } as const;
      const at = await guest.do(connection, place);
      assert(typeof at === "object" && at.type === "at");
      const { pid: { session }, token } = at;
      // A guest begins to call a host above every counter that it has seen.
      const since = guest.clock + 1_000;
      const numbers = { birth: since, sequence: 1, done: 0, open: [], full: false };
      const first = { type: "call", ...about, session, token, ...numbers, method: "inc" } as const;
      return { since, first };
    },
    /** The host leaves; returns what becomes of a call then. */
    async leave(connection: GuestConnection, number: number) {
      await time.until(cluster.node("n3").close({ timeout: 100 }));
      world.isLost = false;
      for (let waits = 0; waits < 40 && connection.resultOf(number) === undefined; waits++) {
        await cluster.pass(100);
        connection.show();
      }
      return connection.resultOf(number);
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  });
}
