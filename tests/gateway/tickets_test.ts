// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import type { GuestOptions } from "../../mod.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { encodeLock } from "../../lib/locks/lock_value.ts";
import type { Present } from "../../lib/paxos/register.ts";
import {
  GUEST_LIFE,
  type GuestConnection,
  LATER_LIFE,
  ScriptedGuest,
  UNLABELED,
} from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const TTL = 3_000;
const key = (name: string) => registerId("k", undefined, name);
const lock = (name: string) => registerId("l", undefined, name);
const value = encodeValue(1, 100);

async function begin(guests: GuestOptions = {}) {
  const cluster = await VirtualCluster.start(3, { clients: true, guests, sessionTtl: TTL });
  await cluster.pass(TTL);
  const guest = new ScriptedGuest(cluster, { ttl: TTL });
  const connection = await guest.connect("n1");
  await guest.renew(connection);
  const get = async (name: string) => await cluster.time.until(cluster.nodes[2].kv.get(name));
  return {
    ...{ cluster, guest, connection, get },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const put = (name: string, bindings: (GuestOperation & { type: "put" })["bindings"] = []) =>
  ({ type: "put", register: key(name), value, bindings }) as const;
const OWN = [{ type: "ownPid", session: 1, seq: 1 }] as const;
const release = (name: string, unsure: boolean) =>
  ({ type: "release", register: key(name), session: 1, seq: 1, unsure }) as const;
const wanted = (
  name: string,
  more: Partial<GuestOperation & { type: "lock" }> = {},
): GuestOperation => ({
  type: "lock",
  register: lock(name),
  session: 1,
  seq: 1,
  mode: "exclusive",
  ifAvailable: false,
  steal: false,
  ...UNLABELED,
  ...more,
});

/** Sends an operation on the ticket of this number. */
function runOn(
  connection: GuestConnection,
  guest: ScriptedGuest,
  ticket: number,
  operation: GuestOperation,
  again = false,
): number {
  const number = ++guest.last;
  const run = { type: "run", number, since: guest.clock, again, timeout: 0, operation } as const;
  void connection.send([run], { ticket });
  return number;
}

describe("tickets at a gateway (section 13)", () => {
  it("come with answers, and every tenth of the time to live without any", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const before = connection.ticket;
    await cluster.pass(TTL / 2);
    assert(connection.ticket >= before + 4, `${before} ${connection.ticket}`);
    const idle = connection.ticket;
    await cluster.pass(TTL / 10);
    await guest.do(connection, { type: "read", register: key("a") });
    assert(connection.ticket > idle);
  });

  it("an operation on an old ticket is not begun, and neither is one without a ticket", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    const old = connection.ticket;
    const fresh = new ScriptedGuest(cluster, { id: "h", ttl: TTL });
    const other = await fresh.connect("n1");
    await cluster.pass(TTL / 3 - 50);
    const inTime = runOn(connection, guest, old, put("a"));
    await cluster.pass(50);
    const late = runOn(connection, guest, old, put("b"));
    // A call changes no register here: it is not passed on at all.
    const numbers = { birth: 1, sequence: 1, done: 0, open: [], full: false };
    const session = `n2/${cluster.nodes[1].life}/1`;
    const call = { register: registerId("s", "x", "y"), session, token: 1, ...numbers } as const;
    const lateCall = runOn(connection, guest, old, {
      type: "call",
      ...call,
      method: "m",
      args: value,
    });
    const without = runOn(other, fresh, 0, put("c"));
    const reading = runOn(connection, guest, old, { type: "read", register: key("a") });
    await cluster.pass(50);
    assertEquals(connection.resultOf(late), "not_begun");
    assertEquals(connection.resultOf(lateCall), "not_begun");
    assertEquals(other.resultOf(without), "not_begun");
    assert(typeof connection.resultOf(reading) === "object", "it only reads");
    assert(typeof connection.resultOf(inTime) === "object", `${connection.resultOf(inTime)}`);
    assertEquals((await get("b")).ok, false);
    assertEquals((await get("c")).ok, false);
  });

  it("a put that is sent again is the guest's own, also if its gateway knows the value already", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const written = await guest.do(connection, put("a"), { number: 7 });
    assert(typeof written === "object" && written.type === "agreed");
    await cluster.time.until(cluster.nodes[1].kv.get("a"));
    const other = await guest.connect("n2");
    const again = await guest.do(other, put("a"), { number: 7, again: true });
    assertEquals(again, { type: "agreed", token: written.token, value: null });
    const foreign = await guest.do(other, put("a"), { number: 8 });
    assertEquals(foreign, { type: "agreed", token: written.token, value });
  });

  it("an operation that waits longer than its ticket lasts writes nothing", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    // Without a quorum the put is tried until there is one, which is too late.
    cluster.isolate("n1");
    const number = runOn(connection, guest, connection.ticket, put("a"));
    await cluster.pass(TTL / 3 + 50);
    cluster.heal();
    await cluster.pass(3_000);
    assertEquals(connection.resultOf(number), "late");
    assertEquals((await get("a")).ok, false);
  });

  it("later tickets that the guest shows extend it", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    cluster.isolate("n1");
    const number = runOn(connection, guest, connection.ticket, put("a"));
    for (let i = 0; i < 8; i++) {
      await cluster.pass(TTL / 6);
      connection.show();
    }
    cluster.heal();
    for (let i = 0; i < 8; i++) {
      await cluster.pass(TTL / 6);
      connection.show();
    }
    assert(typeof connection.resultOf(number) === "object", `${connection.resultOf(number)}`);
    assertEquals((await get("a")).ok, true);
  });

  it("later tickets do not extend it once the guest may have turned away and come back", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    cluster.isolate("n1");
    const number = runOn(connection, guest, connection.ticket, put("a"));
    await cluster.pass(TTL / 3 - 50);
    // The member stops for a while, and hears the guest before it looks at its tickets.
    cluster.time.stall(100);
    connection.show();
    cluster.heal();
    await cluster.pass(1_000);
    assertEquals(connection.resultOf(number), "late");
    assertEquals((await get("a")).ok, false);
  });

  it("a call whose host has left is not known never to have begun once the tickets are too old", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const { singletons } = partsOf(cluster.node("n1"));
    const host = partsOf(cluster.node("n3")).core.session.current;
    const call = (session: string) => {
      const numbers = { birth: guest.clock, sequence: 1, done: 0, open: [], full: false };
      const about = { register: registerId("s", "counter", "a"), token: 1, session, ...numbers };
      return connection.run({ type: "call", ...about, method: "inc", args: value }, { timeout: 0 });
    };
    // The word of the members about the host comes late.
    singletons.guests.attempt = (_, __, { isFirst }) => {
      assert(isFirst());
      cluster.time.stall(TTL / 3);
      return Promise.resolve({ type: isFirst() ? "refused" : "lost" });
    };
    const late = call(host);
    await cluster.pass(50);
    assertEquals(connection.resultOf(late), { type: "lost" });
  });

  it("a call that never left its gateway has not begun: the host's session is over", async () => {
    for (const [hasEnded, result] of [[true, { type: "refused" }], [false, "left"]] as const) {
      await using world = await begin();
      const { cluster, guest, connection } = world;
      const { core, singletons } = partsOf(cluster.node("n1"));
      // The word of the members about the session comes late once.
      let takes = TTL / 3;
      core.queries.hasEnded = () => {
        cluster.time.stall(takes);
        return Promise.resolve(hasEnded);
      };
      let left = 0;
      singletons.guests.attempt = () => {
        left++;
        return Promise.resolve({ type: "returned", value });
      };
      const numbers = { birth: guest.clock, sequence: 1, done: 0, open: [], full: false };
      const about = { register: registerId("s", "counter", "a"), token: 1, ...numbers };
      const session = guest.session(9);
      const call = { type: "call", ...about, session, method: "inc", args: value } as const;
      const number = connection.run(call, { timeout: 0 });
      await cluster.pass(50);
      assertEquals([connection.resultOf(number), left], ["not_begun", 0]);
      takes = 0;
      connection.show();
      connection.run(call, { number, timeout: 0 });
      await cluster.pass(50);
      const again = connection.resultOf(number);
      assertEquals([left > 0 ? "left" : again, left], [result, hasEnded ? 0 : 1]);
    }
  });

  it("a call that was begun is late when its tickets are too old", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const session = partsOf(cluster.node("n3")).core.session.current;
    cluster.isolate("n3");
    const numbers = { birth: guest.clock, sequence: 1, done: 0, open: [], full: false };
    const about = { register: registerId("s", "counter", "a"), token: 1, session, ...numbers };
    const number = connection.run({ type: "call", ...about, method: "inc", args: value }, {
      timeout: 0,
    });
    await cluster.pass(TTL / 3 + 200);
    assertEquals(connection.resultOf(number), "late");
  });

  it("a put of a late gateway does not come back after its process has exited", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    cluster.isolate("n1");
    const number = runOn(connection, guest, connection.ticket, put("a", OWN));
    await cluster.pass(TTL / 3 / 0.95 + 1);
    const second = await guest.connect("n2");
    await guest.renew(second);
    assertEquals(await guest.do(second, release("a", true)), { type: "done" });
    cluster.heal();
    await cluster.pass(2_000);
    assertEquals(connection.resultOf(number), "late");
    assertEquals(await get("a"), { ok: false, error: "not_found" });
  });

  it("a lock request of a late gateway leaves no ghost", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    cluster.isolate("n1");
    const number = runOn(connection, guest, connection.ticket, wanted("a"));
    await cluster.pass(TTL / 3 / 0.95 + 1);
    const second = await guest.connect("n2");
    await guest.renew(second);
    const unlock = { register: lock("a"), session: 1, request: number, unsure: true } as const;
    assertEquals(await guest.do(second, { type: "unlock", ...unlock }), { type: "done" });
    cluster.heal();
    await cluster.pass(2_000);
    assertEquals(
      await cluster.time.until(cluster.nodes[2].holders("a")),
      { ok: true, value: [] },
    );
  });
});

describe("an undo of what may have been accepted by one member (section 13)", () => {
  /** Has n3 alone accept `state`, as a gateway does that is cut off from all others then. */
  async function plant(
    { cluster }: { cluster: VirtualCluster },
    register: string,
    make: (token: number) => Pick<Present, "value" | "bindings" | "owners">,
  ) {
    const { voter, clock } = partsOf(cluster.nodes[2]).engine;
    const counter = clock.counter + 1;
    const ballot = { counter, life: LATER_LIFE };
    const base = { present: true, token: counter, over: 0, op: `~g/${GUEST_LIFE}/99` } as const;
    const state = { ...base, ...make(counter) };
    const from = { node: "n1", life: LATER_LIFE };
    const accept = { id: 1, type: "accept", register, ballot, state, next: false, fallback: null };
    const now = cluster.time.runtime.now();
    // A quorum has promised it before.
    const prepare = { id: 1, type: "prepare", register, ballot } as const;
    partsOf(cluster.nodes[0]).engine.voter!.handle(prepare, from, now);
    const { reply } = voter!.handle(accept as never, from, now);
    assertEquals(reply?.type, "accepted");
    cluster.isolate("n3");
    await cluster.pass(10);
  }

  it("writes, so that the put is not adopted later", async () => {
    await using world = await begin();
    const { cluster, guest, connection, get } = world;
    const session = guest.session();
    const bindings = [{ kind: "pid", pid: { node: "~g", session, seq: 1 } }] as const;
    await plant(world, key("a"), () => ({ value, bindings, owners: [session] }));
    assertEquals(await guest.do(connection, release("a", true)), { type: "done" });
    cluster.heal();
    cluster.isolate("n1");
    assertEquals(await get("a"), { ok: false, error: "not_found" });
  });

  it("writes, so that the lock request is not adopted later", async () => {
    await using world = await begin();
    const { cluster, guest, connection } = world;
    const session = guest.session();
    const pid = { node: "~g", session, seq: 1 };
    await plant(world, lock("a"), (token) => {
      const holders = [{ pid, request: 99, mode: "exclusive", token }] as const;
      return {
        value: encodeLock({ holders, queue: [], term: token, left: [] }),
        bindings: [],
        owners: [session],
      };
    });
    const unlock = { register: lock("a"), session: 1, request: 99, unsure: true } as const;
    assertEquals(await guest.do(connection, { type: "unlock", ...unlock }), { type: "done" });
    cluster.heal();
    cluster.isolate("n1");
    const holders = await cluster.time.until(cluster.nodes[2].holders("a"));
    assertEquals(holders, { ok: true, value: [] });
  });
});

describe("an operation that is sent again to another gateway (section 13)", () => {
  it("finds itself, and is run once", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const number = guest.last + 1;
    const { clock: since } = guest;
    const first = await guest.do(connection, put("a"));
    assert(typeof first === "object" && first.type === "agreed" && first.value === null);
    const second = await guest.connect("n2");
    await cluster.pass(20);
    const again = await guest.do(second, put("a"), { number, since, again: true });
    assertEquals(again, first);
  });

  it("does not take effect twice when its value has ended meanwhile", async () => {
    await using world = await begin();
    const { guest, connection, cluster, get } = world;
    const number = guest.last + 1;
    const { clock: since } = guest;
    const until = cluster.nodes[0].kv.now() + 500;
    const bound = put("a", [{ type: "until", time: until }]);
    await guest.do(connection, bound);
    await cluster.pass(600);
    assertEquals((await get("a")).ok, false);
    const second = await guest.connect("n2");
    const forever = put("a", [{ type: "until", time: until + 60_000 }]);
    const again = await guest.do(second, forever, { number, since, again: true });
    assertEquals(again, { type: "unknown" });
    assertEquals((await get("a")).ok, false);
    // With bindings that cannot be looked up any more it cannot be known, either.
    const third = await guest.do(second, bound, { number: number + 1, since, again: true });
    assertEquals(third, { type: "unknown" });
  });

  it("that comes twice runs once", async () => {
    await using world = await begin();
    const { guest, connection, cluster, get } = world;
    const number = guest.last + 1;
    await guest.do(connection, put("a", OWN), { number });
    await guest.do(connection, release("a", false), { number: number + 1 });
    connection.run(put("a", OWN), { number });
    await cluster.pass(100);
    assertEquals((await get("a")).ok, false);
  });

  it("waits for the session of its gateway, if it is bound to a process there", async () => {
    await using cluster = await VirtualCluster.start(0, {
      clients: true,
      guests: {},
      sessionTtl: TTL,
    });
    const members = ["n1", "n2", "n3"];
    for (const id of members) await cluster.join(id, { members });
    // Operational, but no session is granted yet: others may end it.
    await cluster.pass(500);
    const [gateway] = cluster.nodes;
    const { session, seq } = gateway.spawn().pid;
    const guest = new ScriptedGuest(cluster, { ttl: TTL });
    const connection = await guest.connect("n1");
    await cluster.pass(50);
    const bound = put("a", [{ type: "pid", session, seq }]);
    assertEquals(await guest.do(connection, bound, { timeout: 500 }), "no_quorum");
  });

  it("cannot be known if it is bound to a process of the gateway that has exited meanwhile", async () => {
    await using world = await begin();
    const { guest, connection, cluster: { time, nodes } } = world;
    const process = nodes[0].spawn();
    const { session, seq } = process.pid;
    await time.until(process.exit());
    const bound = put("a", [{ type: "pid", session, seq }]);
    const again = await guest.do(connection, bound, { again: true });
    assertEquals(again, { type: "unknown" });
    const first = await guest.do(connection, bound);
    assert(typeof first === "object" && first.type === "invalid");
  });

  it("a steal is not repeated after another one", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const number = guest.last + 1;
    const { clock: since } = guest;
    const steal = wanted("a", { steal: true });
    const first = await guest.do(connection, steal);
    assert(typeof first === "object" && first.type === "granted");
    const rival = await cluster.time.until(cluster.nodes[2].lock("a", { steal: true }));
    const second = await guest.connect("n2");
    await guest.renew(second);
    const again = await guest.do(second, steal, { number, since, again: true });
    assertEquals(again, { type: "stolen" });
    assert(rival.held);
  });

  it("a queued request goes on waiting at the other gateway", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const held = await cluster.time.until(cluster.nodes[2].lock("a"));
    const { clock: since } = guest;
    const number = connection.run(wanted("a"), { timeout: 0 });
    await cluster.pass(50);
    connection.break();
    const second = await guest.connect("n2");
    await guest.renew(second);
    await cluster.pass(TTL / 3 / 0.95);
    await guest.renew(second);
    second.run(wanted("a"), { number, since, again: true, timeout: 0 });
    await cluster.pass(50);
    assertEquals(second.eventsOf(number), [{ type: "queued" }]);
    await guest.renew(second);
    await cluster.time.until(held.release());
    await cluster.pass(50);
    const granted = second.resultOf(number);
    assert(typeof granted === "object" && granted.type === "granted");
  });

  it("to the same gateway it is not run again: its result is told again", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const number = connection.run(put("a"));
    await cluster.pass(50);
    const first = connection.resultOf(number);
    connection.break();
    const second = await guest.connect("n1");
    second.run(put("a"), { number, again: true });
    await cluster.pass(50);
    assertEquals(second.resultOf(number), first);
    // What the guest no longer waits for is over.
    guest.done = number;
    second.show();
    second.got.length = 0;
    second.run(put("b"), { number });
    await cluster.pass(50);
    assertEquals(second.resultOf(number), undefined);
  });

  it("stays open when later ones are done", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const held = await cluster.time.until(cluster.nodes[2].lock("a"));
    const waiting = connection.run(wanted("a"), { timeout: 0 });
    await guest.do(connection, put("b"));
    guest.done = guest.last;
    guest.open = [waiting];
    connection.show();
    await cluster.time.until(held.release());
    await cluster.pass(50);
    const granted = connection.resultOf(waiting);
    assert(typeof granted === "object" && granted.type === "granted");
  });
});

describe("what a gateway proposes for a guest (section 13)", () => {
  it("is above its since", async () => {
    await using world = await begin();
    const { guest, connection } = world;
    const since = guest.clock + 1_000_000;
    const agreed = await guest.do(connection, put("a"), { since });
    assert(typeof agreed === "object" && agreed.type === "agreed");
    assert(agreed.token > since, `${agreed.token} ${since}`);
  });

  it("is above its since also when the gateway keeps a promise that is lower", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const held = await cluster.time.until(cluster.nodes[0].lock("l", { mode: "shared" }));
    const since = held.token + 1_000_000;
    const shared = await guest.do(connection, wanted("l", { mode: "shared" }), { since });
    assert(typeof shared === "object" && shared.type === "granted");
    assert(shared.token > since, `${shared.token} ${since}`);
  });

  it("is refused with a since far above the clock, which no node can push", async () => {
    await using world = await begin();
    const { guest, connection, cluster } = world;
    const bound = 1_800_000_000_000 * 1_000 + 2 ** 40;
    const within = await guest.do(connection, put("a"), { since: bound });
    assert(typeof within === "object");
    // The members' counters have passed the bound now; it has not moved with them.
    const beyond = await guest.do(connection, put("b"), { since: bound + 60_000_000_000 });
    assertEquals(beyond, "TypeError");
    assertEquals(await cluster.time.until(cluster.nodes[1].kv.put("c", 1)), { ok: true, value: 1 });
  });
});
