// Runs in Deno alone: virtual time.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { bucketPrefix, encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation, UpMessage } from "../../lib/codec/guest_messages.ts";
import type { GuestOptions, GuestRequest } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { ScriptedGuest } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const TTL = 3_000;
const register = registerId("v", undefined, "c");

async function begin(guests: GuestOptions = {}) {
  const cluster = await VirtualCluster.start(3, {
    ...{ clients: true, guests, sessionTtl: TTL, maxValueBytes: 100 },
  });
  await cluster.pass(TTL);
  const guest = new ScriptedGuest(cluster, { ttl: TTL });
  const connection = await guest.connect("n1");
  await guest.renew(connection);
  const cell = cluster.nodes[2].cell<string>("c");
  const get = async () => {
    const found = await cluster.time.until(cell.get());
    return found.ok ? found.value.value : null;
  };
  return {
    ...{ cluster, guest, connection, cell, get },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const change = (value: string | null, over: number | null = null): GuestOperation => ({
  ...{ type: "cell", register, over },
  value: value === null ? null : encodeValue(value, Infinity),
});

describe("cells of guests (section 13)", () => {
  it("are set, compared, read and deleted", async () => {
    await using world = await begin();
    const { guest, connection, get } = world;
    const first = await guest.do(connection, change("a"));
    assert(typeof first === "object" && first.type === "wrote");
    assertEquals(await get(), "a");
    assertEquals(await guest.do(connection, change("b", 0)), { type: "conflict" });
    const second = await guest.do(connection, change("b", first.token));
    assert(typeof second === "object" && second.type === "wrote");
    const found = await guest.do(connection, { type: "read", register });
    const state = { token: second.token, value: encodeValue("b", 100), node: null, pid: null };
    assertEquals(found, { type: "state", state });
    assertEquals(await guest.do(connection, change(null, first.token)), { type: "conflict" });
    const gone = await guest.do(connection, change(null, second.token));
    assert(typeof gone === "object" && gone.type === "wrote");
    assertEquals(await get(), null);
  });

  it("change once, also if another gateway gets the operation again", async () => {
    await using world = await begin();
    const { cluster, guest, connection, cell, get } = world;
    const first = await guest.do(connection, change("a"), { number: 7 });
    const { token } = valueOf(await cluster.time.until(cell.set("b")));
    const other = await guest.connect("n2");
    const again = await guest.do(other, change("a"), { number: 7, again: true });
    assertEquals(again, first);
    assertEquals(await cluster.time.until(cell.get()), { ok: true, value: { value: "b", token } });
    assertEquals(await get(), "b");
  });

  it("do not guess what became of an operation that was sent again", async () => {
    await using world = await begin();
    const { cluster, guest, connection, cell, get } = world;
    const since = guest.clock;
    await guest.do(connection, change("a"), { number: 7, since });
    // What wrote the cell is forgotten with its value.
    await cluster.time.until(cell.delete());
    const other = await guest.connect("n2");
    const again = await guest.do(other, change("a"), { number: 7, since, again: true });
    assertEquals(again, { type: "unknown" });
    assertEquals(await get(), null);
  });

  it("change nothing on a ticket that is too old, or without one", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    const old = connection.ticket;
    const run = (number: number): UpMessage => {
      const numbers = { number, since: guest.clock, again: false, timeout: 0 };
      return { type: "run", ...numbers, operation: change("a") };
    };
    // Without a quorum it is tried until there is one, which is too late.
    cluster.isolate("n1");
    void connection.send([run(90)], { ticket: old });
    await cluster.pass(TTL / 3 + 50);
    void connection.send([run(91)], { ticket: old });
    cluster.heal();
    await cluster.pass(3_000);
    assertEquals(["late", "not_begun"], [90, 91].map((number) => connection.resultOf(number)));
    assertEquals(await get(), null);
  });

  it("change nothing if the ticket becomes too old before the promises have come", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    const { proposals } = partsOf(cluster.node("n1")).core;
    const propose = proposals.change.bind(proposals);
    proposals.change = (register, made, options) =>
      propose(register, (current) => {
        cluster.time.stall(TTL / 3);
        return made(current);
      }, options);
    assertEquals(await guest.do(connection, change("a")), "late");
    assertEquals(await get(), null);
  });

  it("have bounds", async () => {
    await using world = await begin();
    const { guest, connection, get } = world;
    assertEquals(await guest.do(connection, change("x".repeat(99))), "TypeError");
    assert(typeof await guest.do(connection, change("x".repeat(98))) === "object");
    assertEquals(await get(), "x".repeat(98));
  });

  it("have rights of their own, as lists of values have", async () => {
    const asked: GuestRequest[] = [];
    await using world = await begin({
      authorize: (_, request) => {
        asked.push(request);
        return !request.type.endsWith("Cell");
      },
    });
    const { cluster, guest, connection, get } = world;
    const ask = (operation: GuestOperation) => guest.do(connection, operation);
    assertEquals(await ask(change("a")), "unauthorized");
    assertEquals(await ask({ type: "read", register }), "unauthorized");
    assertEquals(await ask({ type: "watch", register }), "unauthorized");
    const prefix = bucketPrefix("k", "b");
    for (const values of [false, true]) await ask({ type: "list", prefix, values });
    connection.run({ type: "watchAll", prefix }, { timeout: 0 });
    await cluster.pass(50);
    assertEquals(asked, [
      { type: "setCell", key: "c" },
      { type: "getCell", key: "c" },
      { type: "watchCell", key: "c" },
      { type: "keys", bucket: "b" },
      { type: "entries", bucket: "b" },
      { type: "watchAll", bucket: "b" },
    ]);
    assertEquals(await get(), null);
  });

  it("end the watch of a guest with an error when they have bytes that no node wrote", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.do(connection, change("a"));
    const watch = connection.run({ type: "watch", register }, { timeout: 60_000 });
    await cluster.pass(1_000);
    assertEquals(connection.eventsOf(watch).length, 1);
    const { core } = partsOf(cluster.nodes[2]);
    const value = encodeValue(["no cell"], 100);
    const op = core.nextOperation();
    const draft = { present: true, op, value, bindings: [], owners: [] } as const;
    const limits = core.limits();
    const written = core.proposals.change(register, () => ({ draft, result: null }), limits);
    await cluster.time.until(written);
    await cluster.pass(1_000);
    assertEquals([connection.eventsOf(watch).length, connection.resultOf(watch)], [
      1,
      "outcome_unknown",
    ]);
  });
});
