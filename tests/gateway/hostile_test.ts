// Runs in Deno alone: virtual time.
import { requestOf } from "../../lib/gateway/guest_work.ts";
import { STREAM_CALLS } from "../../lib/singletons/stream_calls.ts";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeValue, registerId } from "../../lib/codec.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import type { GuestOptions, GuestRequest } from "../../mod.ts";
import {
  GUEST_LIFE,
  GuestConnection,
  LATER_LIFE,
  ScriptedGuest,
  UNLABELED,
} from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { turn } from "../support/wait.ts";

const key = (name: string) => registerId("k", undefined, name);
const lock = (name: string) => registerId("l", undefined, name);
const value = encodeValue(1, 100);
const put = (name: string, bindings: readonly object[] = []) =>
  ({ type: "put", register: key(name), value, bindings }) as never;

async function begin(guests: GuestOptions = {}, options = {}) {
  const cluster = await VirtualCluster.start(3, { clients: true, guests, ...options });
  await cluster.pass(5_000);
  const guest = new ScriptedGuest(cluster);
  const connection = await guest.connect("n1");
  return {
    ...{ cluster, guest, connection },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

describe("a gateway and hostile guests (section 13)", () => {
  it("the id of a member is refused", async () => {
    await using world = await begin();
    const impostor = new ScriptedGuest(world.cluster, { id: "n2" });
    const connection = new GuestConnection(impostor, world.cluster.node("n1"));
    assertEquals(connection.closed?.why, "refused");
    assertStringIncludes(connection.closed!.reason, "n2");
  });

  it("a life that is none is refused", async () => {
    await using world = await begin();
    for (const life of ["", "x", "~", `${GUEST_LIFE}x`, "a/b"]) {
      const guest = new ScriptedGuest(world.cluster, { id: "h", life });
      assertEquals(new GuestConnection(guest, world.cluster.node("n1")).closed?.why, "refused");
    }
  });

  it("malformed frames close the connection, and harm nothing else", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    for (const bytes of [[], [7], [1], [1, 0xff], [1, 0x80], Array(100).fill(1)]) {
      const other = await new ScriptedGuest(cluster, { id: "h" }).connect("n1");
      await other.raw(Uint8Array.from(bytes));
      assertEquals(other.closed?.why, "malformed", `${bytes}`);
    }
    assert(typeof await guest.do(connection, put("a")) === "object");
  });

  it("a frame whose handling fails counts as dropped, and harms nothing else", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const { clock } = partsOf(cluster.node("n1")).core;
    const errors: string[] = [];
    cluster.node("n1").addEventListener(
      "error",
      ({ detail: { error } }) => errors.push(error.message),
    );
    const observe = clock.observe.bind(clock);
    clock.observe = () => {
      throw new Error("a test");
    };
    const read = { type: "read", register: key("a") } as const;
    const run = { type: "run", number: ++guest.last, since: 0, again: false, timeout: 0 } as const;
    const sent = connection.send([{ ...run, operation: read }]);
    clock.observe = observe;
    await sent;
    assertEquals(errors, ["a test"]);
    assert(typeof await guest.do(connection, read) === "object");
  });

  it("what comes before hello, for another life or for another genesis is not handled", async () => {
    await using world = await begin();
    const { cluster } = world;
    const run = {
      ...{ type: "run", number: 1, since: 0, again: false, timeout: 0 },
      operation: put("a"),
    } as never;
    const before = new GuestConnection(new ScriptedGuest(cluster, { id: "h" }), cluster.node("n1"));
    void before.send([run], { gateway: null });
    await cluster.pass(50);
    assertEquals(before.got.map(({ type }) => type), ["bye"]);
    assertEquals(before.closed?.why, "closing");
    for (const change of [{ gateway: LATER_LIFE }, { gateway: null }, { genesis: "another" }]) {
      const other = await new ScriptedGuest(cluster, { id: "h" }).connect("n1");
      void other.send([run], change);
      await cluster.pass(50);
      assertEquals(other.got.at(-1)?.type === "bye" && other.closed?.why, "closing");
    }
    assertEquals(await cluster.time.until(cluster.nodes[1].kv.get("a")), {
      ok: false,
      error: "not_found",
    });
  });

  it("a put cannot be bound to another life of the guest, as if it were a stranger's", async () => {
    await using world = await begin();
    const { guest, connection } = world;
    await guest.renew(connection);
    const session = `~g/${LATER_LIFE}/1`;
    const outcome = await guest.do(connection, put("a", [{ type: "pid", session, seq: 1 }]));
    assert(typeof outcome === "object" && outcome.type === "invalid");
  });

  it("operation ids name the guest, so no other guest has them", async () => {
    await using world = await begin();
    const { cluster } = world;
    // It has chosen the life of a member.
    const { life } = cluster.nodes[1];
    const thief = new ScriptedGuest(cluster, { id: "h", life });
    const connection = await thief.connect("n1");
    await thief.do(connection, put("a"));
    const { acceptor } = partsOf(cluster.nodes[0]).engine.voter!;
    const reply =
      acceptor.handle({ type: "read", register: key("a") }, { node: "x", life }, 0).reply;
    assert(reply?.type === "current" && reply.accepted?.state.present);
    assertEquals(reply.accepted.state.op, `~h/${life}/1`);
  });

  it("a session longer than the cluster's is not renewed", async () => {
    await using world = await begin();
    const { connection, cluster } = world;
    void connection.send([{ type: "renew", session: 1, renewal: 1, ttl: 5_001 }]);
    await cluster.pass(50);
    assertEquals(connection.closed?.why, "malformed");
    assertEquals(connection.got.some(({ type }) => type === "renewed"), false);
  });

  it("of renewals without end a quorum is asked for some, and operations cost a guest no renewal", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const renewals = Array.from({ length: 1_000 }, (_, index) => ({
      ...{ type: "renew", session: 1, renewal: index + 1, ttl: guest.ttl } as const,
    }));
    for (let at = 0; at < 1_000; at += 200) void connection.send(renewals.slice(at, at + 200));
    await cluster.pass(500);
    const granted = () => connection.got.filter(({ type }) => type === "renewed").length;
    // Two seconds of them at once, and those of the time that has passed.
    const most = granted();
    assert(most >= 200 && most <= 250, `${most}`);
    const puts = Array.from({ length: 1_000 }, (_, index) => ({
      ...{ type: "run", number: ++guest.last, since: guest.clock, again: false, timeout: 2_000 },
      operation: put(`p${index}`),
    }));
    for (let at = 0; at < 1_000; at += 200) {
      void connection.send(puts.slice(at, at + 200) as never);
    }
    await cluster.pass(500);
    const before = granted();
    void connection.send([{ ...renewals[0], renewal: 1_001 }]);
    await cluster.pass(500);
    assertEquals(granted() - before, 1);
  });

  it("members renew and end a guest's session for members only, and only for those that vote", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    const { core } = partsOf(client);
    const ended = core.queries.end(guest.session(), core.limits(500));
    assertEquals(await cluster.time.until(ended.then(() => "ended", () => "no")), "no");
    const { voter } = partsOf(cluster.nodes[0]).engine;
    const request = { id: 1, type: "end", session: guest.session() } as const;
    const from = { node: "n2", life: cluster.nodes[1].life };
    assertEquals(voter!.handle(request, from, cluster.time.runtime.now()).reply, undefined);
    assert(await guest.renew(connection));
    assertEquals(await guest.do(connection, { type: "end", session: 1 }), { type: "done" });
    assertEquals(await guest.renew(connection), false);
    assertEquals(connection.got.at(-1), { type: "lapsed", session: 1 });
  });

  it("a caller that a client names is not believed", async () => {
    const Counter = { id: "counter", start: () => ({ inc: () => 1 }) };
    await using world = await begin({}, { hosts: [Counter] });
    const { cluster } = world;
    const client = await cluster.join("client", { hosts: [] });
    await cluster.time.until(client.ready);
    const apple = client.name("apple", Counter);
    assertEquals(await cluster.time.until(apple.inc()), 1);
    const placed = await cluster.time.until(client.lookup(apple));
    assert(placed.ok);
    const { singletons, core } = partsOf(client);
    const call = {
      ...{ type: "call" as const, register: registerId("s", "counter", "apple") },
      ...{ session: placed.value.session, token: 1, birth: 1, sequence: 1, done: 0, open: [] },
      ...{ full: false, method: "inc", args: encodeValue([], 10), chain: [] },
      awaited: true,
      caller: `~g/${GUEST_LIFE}`,
    };
    const how = {
      begun: () => {},
      isGivenUp: () => false,
      isFirst: () => true,
      request: () => call,
    };
    const forged = singletons.guests.attempt(call, core.limits(1_000), how);
    const outcome = await cluster.time.until(forged.then(({ type }) => type, () => "no answer"));
    assert(outcome === "no answer" || outcome === "lost", outcome);
  });
});

describe("two lives of one guest (section 13)", () => {
  it("the later closes the earlier at one member, and the earlier does not come back", async () => {
    await using world = await begin();
    const { cluster, connection } = world;
    const later = new ScriptedGuest(cluster, { life: LATER_LIFE });
    const second = await later.connect("n1");
    assertEquals(connection.closed?.why, "replaced");
    const bye = connection.got.at(-1);
    assertEquals(bye?.type === "bye" && bye.code, "replaced");
    const again = new GuestConnection(world.guest, cluster.node("n1"));
    assertEquals(again.closed?.why, "replaced");
    assertEquals(second.closed, null);
  });

  it("the later closes the earlier at another member when that renews", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    assert(await guest.renew(connection));
    const later = new ScriptedGuest(cluster, { life: LATER_LIFE });
    const second = await later.connect("n2");
    assert(await later.renew(second));
    await guest.renew(connection);
    assertEquals(connection.closed?.why, "replaced");
    assertEquals(second.closed, null);
  });
});

describe("rights and bounds of guests (section 13)", () => {
  it("authorize is asked before anything is done, with what is asked for", async () => {
    const asked: [string, unknown, GuestRequest][] = [];
    await using world = await begin({
      authorize: ({ id, claims }, operation) => {
        asked.push([id, claims, operation]);
        return operation.type !== "steal" && operation.key !== "secret";
      },
    });
    const { cluster } = world;
    const guest = new ScriptedGuest(cluster, { id: "ada", claims: { team: 7 } });
    const connection = await guest.connect("n1");
    await guest.renew(connection);
    assert(typeof await guest.do(connection, put("open")) === "object");
    assertEquals(await guest.do(connection, put("secret")), "unauthorized");
    const read = { type: "read", register: registerId("k", "b", "open") } as const;
    await guest.do(connection, read);
    const wanted = {
      type: "lock",
      register: lock("l"),
      session: 1,
      seq: 1,
      mode: "exclusive",
      ifAvailable: false,
      ...UNLABELED,
    } as const;
    assert(typeof await guest.do(connection, { ...wanted, steal: false }) === "object");
    assertEquals(await guest.do(connection, { ...wanted, steal: true }), "unauthorized");
    const who = ["ada", { team: 7 }] as const;
    assertEquals(asked, [
      [...who, { type: "put", key: "open" }],
      [...who, { type: "put", key: "secret" }],
      [...who, { type: "get", key: "open", bucket: "b" }],
      [...who, { type: "lock", key: "l" }],
      [...who, { type: "steal", key: "l" }],
    ]);
    assertEquals((await cluster.time.until(cluster.nodes[1].kv.get("secret"))).ok, false);
  });

  it("authorize is asked for the call that opens a stream, and not for what follows it", () => {
    const call = (method: string) =>
      requestOf({
        ...{ type: "call", register: registerId("s", "source", "k"), method, token: 1 } as const,
        ...{ session: `w1/${"0".repeat(20)}/1`, birth: 1, sequence: 1, done: 0, open: [] },
        ...{ full: false, args: new Uint8Array() },
      });
    for (const method of ["items", "_other"]) {
      assertEquals(call(method), { type: "call", spec: "source", key: "k", method });
    }
    for (const method of Object.values(STREAM_CALLS)) assertEquals(call(method), null);
  });

  it("an authorize that throws, rejects or returns anything but true allows nothing", async () => {
    const answers: unknown[] = [
      () => {
        throw new Error("bug");
      },
      () => Promise.reject(new Error("bug")),
      () => Promise.resolve(false),
      () => 1,
    ];
    for (const authorize of answers) {
      await using world = await begin({ authorize: authorize as never });
      const { guest, connection } = world;
      assertEquals(await guest.do(connection, put("a")), "unauthorized");
    }
    await using world = await begin({ authorize: () => Promise.resolve(true) });
    assert(typeof await world.guest.do(world.connection, put("a")) === "object");
  });

  it("what is beyond a bound is refused with an error that says so, and others go on", async () => {
    const limits = { locks: 2, keys: 2, watches: 2, operations: 8 };
    await using world = await begin({ limits });
    const { cluster, guest, connection } = world;
    await guest.renew(connection);
    const own = [{ type: "ownPid", session: 1, seq: 1 }];
    for (const name of ["a", "b"]) {
      assert(typeof await guest.do(connection, put(name, own)) === "object");
      guest.done = guest.last;
    }
    const refused = async (operation: never, what: string) => {
      const number = guest.last + 1;
      assertEquals(await guest.do(connection, operation), "queue_full");
      assertStringIncludes(connection.errorOf(number), what);
    };
    await refused(put("c", own), "2 keys");
    const release = { type: "release", register: key("a"), session: 1, seq: 1, unsure: false };
    await guest.do(connection, release as never);
    assert(typeof await guest.do(connection, put("c", own)) === "object");
    const wanted = (name: string) =>
      ({
        ...{ type: "lock", register: lock(name), session: 1, seq: 1 },
        ...{ mode: "exclusive", ifAvailable: false, steal: false, ...UNLABELED },
      }) as never;
    guest.done = guest.last;
    await guest.do(connection, wanted("a"));
    await guest.do(connection, wanted("b"));
    await refused(wanted("c"), "2 locks");
    guest.done = guest.last;
    connection.run({ type: "watch", register: key("a") });
    connection.run({ type: "watch", register: key("b") });
    await refused({ type: "watch", register: key("c") } as never, "2 watches");
    for (let i = 0; i < 6; i++) await guest.do(connection, { type: "read", register: key("x") });
    await refused({ type: "read", register: key("x") } as never, "8 operations");
    const other = new ScriptedGuest(cluster, { id: "h" });
    assert(typeof await other.do(await other.connect("n1"), put("z")) === "object");
  });

  it("operations and bytes in a second are bounded", async () => {
    await using world = await begin({
      limits: { operationsPerSecond: 10, bytesPerSecond: 10_000 },
    });
    const { cluster, guest, connection } = world;
    const read = { type: "read", register: key("a") } as const;
    const numbers = Array.from({ length: 90 }, () => connection.run(read));
    await cluster.pass(4_500);
    const refused = numbers.filter((number) => connection.resultOf(number) === "queue_full");
    // Two seconds of them at once, and those of the time in which the messages were handled.
    assert(refused.length >= 55 && refused.length <= 70, `${refused.length}`);
    await cluster.pass(1_000);
    assert(typeof await guest.do(connection, read) === "object");
    const large = { ...(put("l") as object), value: new Uint8Array(60_000) } as never;
    connection.run(large);
    connection.run(read);
    assertEquals(connection.closed?.why, "full");
  });

  it("what is refused without end is refused no faster than it may be asked, and others go on", async () => {
    await using world = await begin({ limits: { operationsPerSecond: 10 } });
    const { cluster, guest, connection } = world;
    const other = new ScriptedGuest(cluster, { id: "h" });
    const calm = await other.connect("n1");
    const before = connection.got.length;
    // More than a quarter of a second of 40 messages, and of 200 that renew and show tickets.
    for (let frame = 0; frame < 45; frame++) {
      for (let index = 0; index < 20; index++) connection.run(put(`p${guest.last}`));
    }
    await cluster.pass(20);
    const told = () => connection.got.slice(before).filter(({ type }) => type !== "event").length;
    assert(told() <= 60, `${told()}`);
    assertEquals((await other.do(calm, put("calm")) as { type: string }).type, "agreed");
    await cluster.pass(5_000);
    // 240 messages a second: a frame counts as one, too.
    assert(told() > 560 && told() < 680, `${told()}`);
  });

  it("few long values of one guest are put at a time, and what is short does not wait for them", async () => {
    await using world = await begin();
    const { connection, cluster } = world;
    const long = encodeValue(new Uint8Array(100_000), 200_000);
    const numbers = Array.from(
      { length: 20 },
      (_, index) =>
        connection.run({ type: "put", register: key(`l${index}`), value: long, bindings: [] }),
    );
    const short = connection.run(put("short"));
    const done = () => numbers.filter((number) => connection.resultOf(number) !== undefined).length;
    while (connection.resultOf(short) === undefined) await cluster.pass(1);
    assert(done() <= 6, `${done()}`);
    await cluster.pass(1_000);
    assertEquals(done(), 20);
  });

  it("keys are listed for one guest once at a time", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const { queries } = partsOf(cluster.nodes[0]).core;
    const list = queries.list.bind(queries);
    let [now, most] = [0, 0];
    queries.list = async (...args) => {
      most = Math.max(most, ++now);
      return await list(...args).finally(() => now--);
    };
    const prefix = key("").slice(0, 2);
    const numbers = [1, 2, 3, 4].map(() => connection.run({ type: "list", prefix, values: false }));
    await cluster.pass(500);
    assertEquals(most, 1);
    assertEquals(numbers.map((number) => typeof connection.resultOf(number)), [
      ...["object", "object", "object", "object"],
    ]);
    assertEquals(guest.last, 4);
  });

  it("there are at most as many guests as allowed, and silent ones make room", async () => {
    await using world = await begin({ limits: { guests: 3 } });
    const { cluster } = world;
    const others = ["x", "y", "z"].map((id) => new ScriptedGuest(cluster, { id, ttl: 1_000 }));
    const connections = [];
    for (const guest of others) connections.push(await guest.connect("n1"));
    assertEquals(connections.map(({ closed }) => closed?.why), [undefined, undefined, "full"]);
    await cluster.pass(3_000);
    const late = await others[2].connect("n1");
    assertEquals(late.closed, null);
  });

  it("a value that is too long is refused", async () => {
    await using world = await begin({}, { maxValueBytes: 1_000 });
    const { guest, connection } = world;
    const large = { ...(put("l") as object), value: new Uint8Array(1_001) } as never;
    assertEquals(await guest.do(connection, large), "TypeError");
  });

  it("nothing is left when members and guests close", async () => {
    const world = await begin();
    const { cluster, guest, connection } = world;
    const { gateway } = partsOf(cluster.nodes[0]);
    connection.run({ type: "watch", register: key("a") });
    await guest.do(connection, put("a"));
    await connection.send([{ type: "bye" }]);
    assertEquals(gateway!.size, 0);
    await (await guest.connect("n1")).send([]);
    assertEquals(gateway!.size, 1);
    await world[Symbol.asyncDispose]();
    await turn();
    assertEquals([gateway!.size, cluster.time.timers], [0, 0]);
    assertEquals(new GuestConnection(guest, cluster.nodes[0]).closed?.why, "closing");
  });
});

describe("the option guests of join", () => {
  const refused = async (options: object) => {
    try {
      await VirtualCluster.start(1, options);
    } catch (error) {
      assert(error instanceof TypeError, String(error));
      return error.message;
    }
    return "accepted";
  };

  it("needs clients", async () => {
    assertStringIncludes(await refused({ guests: {} }), "clients: true");
    assertEquals(await refused({ guests: false }), "accepted");
  });

  it("names what is wrong with it", async () => {
    const wrong: [object, string][] = [
      [{ guests: true }, "guests must be"],
      [{ guests: { authorise: () => true } }, "authorise"],
      [{ guests: { authorize: 1 } }, "guests.authorize"],
      [{ guests: { limits: { lock: 1 } } }, "lock"],
      [{ guests: { limits: { locks: 0 } } }, "guests.limits.locks"],
      [{ guests: { limits: 5 } }, "guests.limits"],
    ];
    for (const [options, text] of wrong) {
      assertStringIncludes(await refused({ clients: true, ...options }), text);
    }
  });

  it("without it a member has no gateway, and a cluster without clients lets no guest in", async () => {
    await using cluster = await VirtualCluster.start(1, { clients: true });
    assertEquals(partsOf(cluster.nodes[0]).gateway, null);
    // The record is that of the first member.
    await using other = await VirtualCluster.start(1, {});
    const { core, puts, lockTable: table, singletons } = partsOf(other.nodes[0]);
    const { Gateway } = await import("../../lib/gateway/gateway.ts");
    const { checkGuests } = await import("../../lib/gateway/options.ts");
    const { LockFollowers } = await import("../../lib/gateway/lock_followers.ts");
    const gateway = new Gateway({
      followers: new LockFollowers(core, table),
      ...{ core, puts, table, singletons, settings: checkGuests({}, true)!, maxValueBytes: 100 },
      status: () => Promise.reject(new Error("not asked")),
    });
    (partsOf(other.nodes[0]) as { gateway: unknown }).gateway = gateway;
    const connection = await new ScriptedGuest(other).connect("n1");
    const bye = connection.got.at(-1);
    assertEquals(bye?.type === "bye" && bye.code, "clients_off");
    gateway.close();
  });
});
