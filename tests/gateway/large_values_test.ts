// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import type { GuestOptions } from "../../mod.ts";
import { type GuestConnection, ScriptedGuest } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const LARGE = encodeValue(new Uint8Array(600 * 1024), Infinity);
const SHORT = encodeValue(1, 100);

let keys = 0;
const put = (value: Uint8Array): GuestOperation => ({
  ...{ type: "put", register: registerId("k", undefined, `${keys++}`), value, bindings: [] },
});

async function begin(ids: readonly string[], guests: GuestOptions = {}) {
  const cluster = await VirtualCluster.start(3, { clients: true, guests });
  await cluster.pass(5_000);
  const connections: GuestConnection[] = [];
  for (const id of ids) connections.push(await new ScriptedGuest(cluster, { id }).connect("n1"));
  return {
    ...{ cluster, connections },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const resultsOf = (...connections: GuestConnection[]) =>
  connections.map(({ got }) => got.filter(({ type }) => type === "result").length);

describe("large values of guests (section 13)", () => {
  it("take turns with those of all other guests, and hold up nothing else", async () => {
    await using world = await begin(["a", "b", "c"]);
    const { cluster, connections: [a, b, c] } = world;
    for (const guest of [a, b, c]) for (let index = 0; index < 3; index++) guest.run(put(LARGE));
    for (const guest of [a, c]) guest.run(put(SHORT));
    const order: string[] = [];
    for (let waits = 0; waits < 800; waits++) {
      const results = resultsOf(a, b, c).join("");
      if (results !== order.at(-1)) order.push(results);
      await cluster.pass(1);
    }
    assertEquals(order.join(" "), "000 201 211 212 312 322 323 423 433 434");
  });

  it("are sent at 8 MiB in a second by all guests together, after half a MiB at once", async () => {
    await using world = await begin(["a", "b"]);
    const { cluster, connections: [a, b] } = world;
    const value = encodeValue(new Uint8Array(100 * 1024), Infinity);
    for (let index = 0; index < 10; index++) for (const guest of [a, b]) guest.run(put(value));
    const done = () => resultsOf(a, b).reduce((sum, one) => sum + one);
    await cluster.pass(10);
    assertEquals(done(), 6);
    // Each takes 12.2 ms, and the sixth began before its time.
    await cluster.pass(90);
    assertEquals(done(), 14);
    await cluster.pass(100);
    assertEquals(done(), 20);
  });

  it("take no turn while they are handed over: their own put may wait behind them", async () => {
    await using world = await begin(["a", "c"]);
    const { cluster, connections: [a, c] } = world;
    const owner = new ScriptedGuest(cluster, { id: "b" });
    const b = await owner.connect("n1");
    await owner.renew(b);
    for (let index = 0; index < 3; index++) {
      const bound = { type: "pid", session: owner.session(), seq: 1 } as const;
      a.run({ ...put(LARGE), bindings: [bound] } as GuestOperation);
    }
    await cluster.pass(10);
    assertEquals(b.got.filter(({ type }) => type === "handover").length, 3);
    const numbers = [b, c].map((guest) => guest.run(put(LARGE)));
    await cluster.pass(100);
    assert(
      typeof b.resultOf(numbers[0]) === "object" && typeof c.resultOf(numbers[1]) === "object",
    );
  });

  it("wait within bounds, and each guest may have one", async () => {
    const ids = Array.from({ length: 14 }, (_, index) => `g${index}`);
    await using world = await begin(ids);
    const { cluster, connections } = world;
    const refused = (guest: GuestConnection) =>
      guest.got.filter((one) => one.type === "failed" && one.code === "queue_full");
    const [first, ...others] = connections;
    for (let index = 0; index < 13; index++) first.run(put(LARGE));
    await cluster.pass(1);
    assertEquals(refused(first).length, 0);
    first.run(put(LARGE));
    await cluster.pass(1);
    const text = "A guest may have 8388608 bytes that wait at this member";
    assertEquals(refused(first).map((one) => "message" in one && one.message), [text]);
    // 64 MiB in all: after that each of the others gets one.
    for (const guest of others) for (let index = 0; index < 13; index++) guest.run(put(LARGE));
    await cluster.pass(1);
    const counts = others.map((guest) => refused(guest).length);
    assertEquals(counts, [0, 0, 0, 0, 0, 0, 0, 6, 12, 12, 12, 12, 12]);
    // What has ended makes room.
    await cluster.pass(20_000);
    for (const guest of connections) guest.show();
    first.run(put(LARGE));
    await cluster.pass(1);
    assertEquals(refused(first).length, 1);
  });

  it("take no turn when their guest has given them up, or is gone", async () => {
    await using world = await begin(["a", "b", "c"]);
    const { cluster, connections: [a, b, c] } = world;
    a.run(put(LARGE));
    const given = b.run(put(LARGE));
    a.run(put(LARGE));
    void b.send([{ type: "cancel", number: given }]);
    void a.send([{ type: "bye" }]);
    const number = c.run(put(LARGE));
    await cluster.pass(80);
    assertEquals(b.resultOf(given), "cancelled");
    assert(typeof c.resultOf(number) === "object");
  });
});

describe("what guests send (section 13)", () => {
  const frame = new Uint8Array(900_000);

  it("is read no further for a while after a megabyte", async () => {
    await using world = await begin(["a", "b"]);
    const { cluster, connections: [a, b] } = world;
    a.run(put(LARGE));
    assertEquals(a.behind, undefined);
    a.run(put(LARGE));
    let isRead = false;
    assert(a.behind !== undefined);
    void a.behind.then(() => isRead = true);
    assertEquals(b.behind, undefined);
    // 176 KiB too much, at 4 MiB in a second.
    await cluster.pass(42);
    assertEquals(isRead, false);
    await cluster.pass(3);
    assertEquals([isRead, a.behind], [true, undefined]);
  });

  it("is read again after a quarter of a second, however much it was", async () => {
    const options = { sessionTtl: 20_000, guests: { limits: { bytesPerSecond: 200_000 } } };
    await using cluster = await VirtualCluster.start(3, { clients: true, ...options });
    await cluster.pass(20_000);
    const a = await new ScriptedGuest(cluster, { id: "a", ttl: 20_000 }).connect("n1");
    a.run(put(LARGE));
    await cluster.pass(249);
    assert(a.behind !== undefined);
    await cluster.pass(2);
    assertEquals(a.behind, undefined);
  });

  it("is read again after a small part of its time to live, so that its session lasts", async () => {
    await using world = await begin([], { limits: { bytesPerSecond: 200_000 } });
    const { cluster } = world;
    const a = await new ScriptedGuest(cluster, { id: "a", ttl: 1_000 }).connect("n1");
    a.run(put(LARGE));
    await cluster.pass(49);
    assert(a.behind !== undefined);
    await cluster.pass(2);
    assertEquals(a.behind, undefined);
  });

  it("is not waited for once the member has ended the connection", async () => {
    await using world = await begin(["a"]);
    const { cluster, connections: [a] } = world;
    for (let index = 0; index < 3; index++) a.run(put(LARGE));
    const { behind } = a;
    assert(behind !== undefined);
    void a.raw(frame);
    assertEquals(a.closed?.why, "malformed");
    await behind;
    await cluster.pass(1);
  });
});
