// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { bucketPrefix, decodeValue, encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { ScriptedGuest, UNLABELED } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, guests: {} };
const key = (name: string) => registerId("k", undefined, name);
const lock = (name: string) => registerId("l", undefined, name);
const bytes = (value: unknown) => encodeValue(value, 1e6);

async function begin(size = 3, options = {}) {
  const cluster = await VirtualCluster.start(size, { ...OPTIONS, ...options });
  // After a start, sessions wait as long as one may last.
  await cluster.pass(5_000);
  const guest = new ScriptedGuest(cluster);
  const connection = await guest.connect("n1");
  return {
    cluster,
    guest,
    connection,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

describe("a guest's operations (section 13)", () => {
  it("a welcome names the member and its bounds, and brings a ticket", async () => {
    await using world = await begin();
    const { connection } = world;
    assertEquals(connection.got, [{
      type: "welcome",
      member: "n1",
      maxTtl: 5_000,
      maxValueBytes: 2 ** 20,
      members: ["n1", "n2", "n3"],
    }]);
    assertEquals(connection.ticket, 1);
  });

  it("a session is renewed by a quorum, and not by fewer", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    assert(await guest.renew(connection));
    cluster.isolate("n1", "n2", "n3");
    assertEquals(await guest.renew(connection), false);
  });

  it("a renewal that members answer late does not count as a slow round trip", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    // As after a start.
    const from = cluster.time.runtime.now() + 200;
    for (const node of cluster.nodes) partsOf(node).core.engine.voter?.sessions.grantFrom(from);
    assertEquals(await guest.renew(connection), false);
    await cluster.pass(1_000);
    assert(connection.got.some(({ type }) => type === "renewed"));
    assert(partsOf(cluster.nodes[0]).core.pacing.roundTrip < 10);
  });

  it("members are asked for a renewal no longer than until the guest asks again", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    cluster.isolate("n1");
    assertEquals(await guest.renew(connection), false);
    await cluster.pass(1_000);
    cluster.heal();
    await cluster.pass(3_000);
    // The guest has asked once, and was lost then: no member has heard of its session.
    const newest = partsOf(cluster.nodes[1]).core.queries.sessionOf("~g", { deadline: Infinity });
    assertEquals(await cluster.time.until(newest), null);
  });

  it("a query shows the requests that were sent with it", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const wanted = {
      session: 1,
      mode: "exclusive",
      ifAvailable: false,
      steal: false,
      ...UNLABELED,
    } as const;
    const run = (number: number, operation: GuestOperation) =>
      ({ type: "run", number, since: guest.clock, again: false, timeout: 0, operation }) as const;
    void connection.send([
      run(1, { type: "lock", register: lock("a"), seq: 1, ...wanted }),
      run(2, { type: "lock", register: lock("a"), seq: 2, ...wanted }),
      run(3, { type: "query" }),
    ]);
    await cluster.pass(100);
    const [piece] = connection.piecesOf(3);
    assert(piece?.type === "locks");
    assertEquals(piece.locks.map(({ holders, queue }) => [holders.length, queue.length]), [[1, 1]]);
  });

  it("a query that is cancelled waits for nothing any more", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    cluster.isolate("n1");
    const wanted = {
      session: 1,
      mode: "exclusive",
      ifAvailable: false,
      steal: false,
      ...UNLABELED,
    } as const;
    connection.run({ type: "lock", register: lock("a"), seq: 1, ...wanted }, { timeout: 0 });
    let pending = 0;
    const query = { type: "query" } as const;
    for (let number = 2; number < 100; number++) {
      pending++;
      const run = { type: "run", number, since: guest.clock, again: false, timeout: 0 } as const;
      void connection.send([{ ...run, operation: query }]).then(() => pending--);
      void connection.send([{ type: "cancel", number }]);
    }
    const late = connection.run(query, { number: 100, timeout: 100 });
    await cluster.pass(10);
    assertEquals(pending, 0);
    assertEquals([connection.resultOf(2), connection.resultOf(late)], ["cancelled", undefined]);
    await cluster.pass(100);
    assertEquals(connection.resultOf(late), "no_quorum");
  });

  it("an operation whose authorization takes for ever ends at its limits, and never begins", async () => {
    let allow = (_: boolean) => {};
    const authorize = () => new Promise<boolean>((resolve) => allow = resolve);
    await using world = await begin(3, { guests: { authorize } });
    const { cluster, connection } = world;
    const put = { type: "put", register: key("a"), value: bytes(1), bindings: [] } as const;
    const cancelled = connection.run(put, { timeout: 0 });
    void connection.send([{ type: "cancel", number: cancelled }]);
    const late = connection.run(put, { timeout: 100 });
    await cluster.pass(150);
    const results = [cancelled, late].map((number) => connection.resultOf(number));
    assertEquals(results, ["cancelled", "no_quorum"]);
    allow(true);
    await cluster.pass(50);
    const found = await cluster.time.until(cluster.nodes[1].kv.get("a"));
    assertEquals(found, { ok: false, error: "not_found" });
  });

  it("a put is agreed, and read by others", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const put = { type: "put", register: key("a"), value: bytes(1), bindings: [] } as const;
    const first = await guest.do(connection, put);
    assert(typeof first === "object" && first.type === "agreed" && first.value === null);
    assertEquals(await cluster.time.until(cluster.nodes[1].kv.get("a")), { ok: true, value: 1 });
    const second = await guest.do(connection, { ...put, value: bytes(2) });
    assert(typeof second === "object" && second.type === "agreed" && second.value !== null);
    assertEquals(decodeValue(second.value), 1);
    const state = await guest.do(connection, { type: "read", register: key("a") });
    assert(typeof state === "object" && state.type === "state");
    assertEquals(state.state?.token, first.token);
  });

  it("that was sent again over a new connection tells its news again, and its pieces", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await cluster.time.until(cluster.nodes[1].kv.put("a", 1));
    const watch = { type: "watch", register: key("a") } as const;
    const list = { type: "list", prefix: bucketPrefix("k", undefined), values: false } as const;
    // What the gateway says is lost with the connection.
    connection.run(watch, { number: 1, timeout: 0 });
    connection.run(list, { number: 2 });
    connection.break();
    await cluster.pass(100);
    guest.last = 2;
    guest.open = [1, 2];
    const next = await guest.connect("n1");
    assertEquals(next.eventsOf(1), []);
    next.run(watch, { number: 1, timeout: 0 });
    next.run(list, { number: 2 });
    await cluster.pass(100);
    const [changed] = next.eventsOf(1);
    assert(changed?.type === "changed" && changed.state !== null);
    assertEquals(decodeValue(changed.state.value), 1);
    assertEquals(next.piecesOf(2).length, 1);
    assertEquals(next.resultOf(2), { type: "pieces", pieces: 1 });
  });

  it("a value bound to a process names the guest, and is released with it", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const bindings = [{ type: "ownPid", session: 1, seq: 7 }] as const;
    const put = { type: "put", register: key("a"), value: bytes(1), bindings } as const;
    await guest.do(connection, put);
    const other = cluster.nodes[1].kv;
    assertEquals(await cluster.time.until(other.node("a")), { ok: true, value: "~g" });
    const pid = { node: "~g", session: guest.session(), seq: 7 };
    assertEquals(await cluster.time.until(other.pid("a")), { ok: true, value: pid });
    const release = { type: "release", register: key("a"), session: 1, seq: 7, unsure: false };
    assertEquals(await guest.do(connection, release as never), { type: "done" });
    assertEquals(await cluster.time.until(other.get("a")), { ok: false, error: "not_found" });
  });

  it("a value bound to a session goes when it is not renewed", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const bindings = [{ type: "own", session: 1 }] as const;
    await guest.do(connection, { type: "put", register: key("a"), value: bytes(1), bindings });
    await cluster.pass(4_000);
    const other = cluster.nodes[1].kv;
    assertEquals(await cluster.time.until(other.get("a")), { ok: true, value: 1 });
    await cluster.pass(1_500);
    assertEquals(await cluster.time.until(other.get("a")), { ok: false, error: "not_found" });
  });

  it("the bindings of a put are looked up: a node, a key, a time", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await cluster.time.until(cluster.nodes[1].kv.put("there", 1));
    const value = bytes(1);
    const put = async (binding: object) => {
      const register = key(`bound ${JSON.stringify(binding)}`);
      const outcome = await guest.do(
        connection,
        { type: "put", register, value, bindings: [binding] } as never,
      );
      return typeof outcome === "object" ? outcome.type : outcome;
    };
    assertEquals(await put({ type: "node", node: "n2" }), "agreed");
    assertEquals(await put({ type: "node", node: "absent" }), "invalid");
    assertEquals(await put({ type: "key", register: key("there") }), "agreed");
    assertEquals(await put({ type: "key", register: key("absent") }), "invalid");
    const now = cluster.nodes[0].kv.now();
    assertEquals(await put({ type: "until", time: now + 60_000 }), "agreed");
    assertEquals(await put({ type: "until", time: now - 1 }), "invalid");
  });

  it("keys and entries come in pieces", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const puts = Array.from({ length: 1_200 }, (_, n) => cluster.nodes[0].kv.put(n, n));
    await cluster.time.until(Promise.all(puts));
    const prefix = bucketPrefix("k", undefined);
    const number = guest.last + 1;
    const listed = await guest.do(connection, { type: "list", prefix, values: true });
    assertEquals(listed, { type: "pieces", pieces: 3 });
    const keys = connection.piecesOf(number).flatMap((piece) =>
      piece.type === "keys" ? piece.keys : []
    );
    assertEquals(keys.length, 1_200);
    assertEquals(new Set(keys.map(({ value }) => decodeValue(value!))).size, 1_200);
  });

  it("a watch tells the present state and each change, until it is cancelled", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const number = connection.run({ type: "watch", register: key("a") });
    await cluster.pass(50);
    await cluster.time.until(cluster.nodes[2].kv.put("a", 1));
    await cluster.pass(50);
    const seen = connection.eventsOf(number).map((event) =>
      event.type === "changed" && event.state !== null ? decodeValue(event.state.value) : null
    );
    assertEquals(seen, [null, 1]);
    void connection.send([{ type: "cancel", number }]);
    await cluster.pass(10);
    assertEquals(connection.resultOf(number), "cancelled");
    assertEquals(guest.last, number);
  });

  it("locks are granted in turn, and given up", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const held = await cluster.time.until(cluster.nodes[1].lock("a"));
    const request = { register: lock("a"), session: 1, seq: 1, mode: "exclusive" } as const;
    const wanted = {
      type: "lock",
      ...request,
      ifAvailable: false,
      steal: false,
      ...UNLABELED,
    } as const;
    const refused = await guest.do(connection, { ...wanted, ifAvailable: true });
    assertEquals(refused, { type: "refused" });
    const number = connection.run(wanted, { timeout: 0 });
    await cluster.pass(50);
    assertEquals(connection.eventsOf(number), [{ type: "queued" }]);
    await cluster.time.until(held.release());
    await cluster.pass(50);
    const granted = connection.resultOf(number);
    assert(typeof granted === "object" && granted.type === "granted");
    const holders = await cluster.time.until(cluster.nodes[2].holders("a"));
    assert(holders.ok);
    assertEquals(holders.value.map(({ pid, token }) => [pid.node, token]), [["~g", granted.token]]);
    const unlock = { register: lock("a"), session: 1, request: number, unsure: false } as const;
    assertEquals(await guest.do(connection, { type: "unlock", ...unlock }), { type: "done" });
    const after = await cluster.time.until(cluster.nodes[2].holders("a"));
    assertEquals(after, { ok: true, value: [] });
  });

  it("a request of a session that has ended is in no lock when it comes again", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    await cluster.time.until(cluster.nodes[1].lock("a"));
    const request = { register: lock("a"), session: 1, seq: 1, mode: "shared" } as const;
    const wanted = { type: "lock", ...request, ifAvailable: false, steal: false, ...UNLABELED };
    const number = connection.run(wanted as GuestOperation, { timeout: 0 });
    await cluster.pass(2 * guest.ttl);
    assertEquals(connection.resultOf(number), "late");
    connection.show();
    await cluster.pass(50);
    connection.run(wanted as GuestOperation, { number, again: true, timeout: 0 });
    await cluster.pass(50);
    assertEquals(connection.resultOf(number), { type: "lost" });
    const { pending } = await cluster.time.until(cluster.nodes[2].locks.query());
    assertEquals(pending, []);
  });

  it("a lock that is stolen from a guest is reported", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const register = lock("a");
    const wanted = {
      register,
      session: 1,
      seq: 1,
      mode: "exclusive",
      ifAvailable: false,
      ...UNLABELED,
    } as const;
    const request = guest.last + 1;
    const granted = await guest.do(connection, { type: "lock", ...wanted, steal: false });
    assert(typeof granted === "object" && granted.type === "granted");
    const { counter, life } = granted;
    const number = connection.run({ type: "guard", register, session: 1, request, counter, life });
    await cluster.pass(100);
    assertEquals(connection.resultOf(number), undefined);
    await cluster.time.until(cluster.nodes[1].lock("a", { steal: true }));
    await cluster.pass(50);
    assertEquals(connection.resultOf(number), { type: "stolen" });
  });

  it("starts that take for ever hold up nothing else, and end when they are not wanted any more", async () => {
    const Hanging = { id: "hanging", start: () => new Promise<object>(() => {}) };
    await using world = await begin(3, { hosts: [Hanging] });
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const register = lock("x");
    const wanted = {
      session: 1,
      seq: 1,
      mode: "exclusive",
      ifAvailable: false,
      ...UNLABELED,
    } as const;
    const request = guest.last + 1;
    const held = await guest.do(connection, { type: "lock", register, ...wanted, steal: false });
    assert(typeof held === "object" && held.type === "granted");
    const start = (n: number, timeout: number) => {
      const about = { register: registerId("s", "hanging", n), spec: "hanging", args: bytes([]) };
      return connection.run({ type: "place", ...about, start: true }, { timeout });
    };
    // As many as may be under way.
    const starts = Array.from({ length: 100 }, (_, n) => start(n, n < 50 ? 0 : 1_000));
    const resultOf = (number: number) => {
      const result = connection.resultOf(number);
      return typeof result === "object" && result.type === "threw" ? result.failure.code : result;
    };
    const results = () => new Set(starts.map(resultOf));
    await cluster.pass(100);
    const unlock = { type: "unlock", register, session: 1, request, unsure: false } as const;
    assertEquals(await guest.do(connection, unlock), { type: "done" });
    assertEquals([...results()], [undefined]);
    void connection.send(
      starts.slice(0, 50).map((number) => ({ type: "cancel", number }) as const),
    );
    for (let n = 0; n < 10; n++) {
      connection.show();
      await cluster.pass(100);
    }
    assertEquals([...results()], ["cancelled", "no_quorum"]);
    // Nothing is left of them.
    const more = start(100, 500);
    await cluster.pass(600);
    assertEquals(resultOf(more), "no_quorum");
  });

  it("a singleton is found, started and called", async () => {
    const Counter = { id: "counter", start: () => ({ add: (n: number) => n + 1 }) };
    await using world = await begin(3, { hosts: [Counter] });
    const { guest, connection } = world;
    const register = registerId("s", "counter", "one");
    const place = { type: "place", register, spec: "counter", args: bytes([]) } as const;
    assertEquals(await guest.do(connection, { ...place, start: false }), { type: "nowhere" });
    const at = await guest.do(connection, { ...place, start: true });
    assert(typeof at === "object" && at.type === "at");
    const { pid: { session }, token } = at;
    const numbers = { birth: guest.clock + 1_000, sequence: 1, done: 0, open: [], full: false };
    const call = { type: "call", register, session, token, ...numbers } as const;
    // A guest begins to call a host above every counter that it has seen.
    const since = guest.clock + 1_000;
    const first = { ...call, method: "add", args: bytes([41]) };
    const returned = await guest.do(connection, first, { since });
    assert(typeof returned === "object" && returned.type === "returned");
    assertEquals(decodeValue(returned.value), [42]);
    // The same attempt is not executed again, though it comes through another member.
    const second = await guest.connect("n2");
    const again = await guest.do(second, { ...call, method: "add", args: bytes([1]) }, { since });
    assert(typeof again === "object" && again.type === "returned");
    assertEquals(decodeValue(again.value), [42]);
  });

  it("a put that others bind to a process of the guest is handed to it", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const pid = { node: "~g", session: guest.session(), seq: 3 };
    for (const node of [cluster.nodes[0], cluster.nodes[2]]) {
      const putting = node.kv.put(`of ${node.id}`, node.id, { pid });
      await cluster.pass(100);
      const asked = connection.got.findLast(({ type }) => type === "handover");
      assert(asked?.type === "handover");
      const { id, register, value, bindings } = asked;
      assertEquals(bindings, [{ type: "ownPid", session: 1, seq: 3 }]);
      const outcome = await guest.do(connection, { type: "put", register, value, bindings });
      assert(typeof outcome === "object");
      void connection.send([{ type: "handed", id, outcome }]);
      assertEquals(await cluster.time.until(putting), { ok: true, value: node.id });
    }
  });

  it("the state of the members is told", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    cluster.isolate("n3");
    const status = await guest.do(connection, { type: "status" });
    assert(typeof status === "object" && status.type === "members");
    assertEquals(status.members.map(({ id, reachable }) => [id, reachable]), [
      ["n1", true],
      ["n2", true],
      ["n3", false],
    ]);
    assertEquals(status.waitingFor, ["n3"]);
  });
});
