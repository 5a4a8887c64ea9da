/** Statements and claims of a node that is not a member change nothing (sections 2, 7 and 13). */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, registerId } from "../../lib/codec.ts";
import { type Life, MAX_COUNTER } from "../../lib/paxos/ballot.ts";
import type { Frame, Header, Request } from "../../lib/paxos/messages.ts";
import type { State } from "../../lib/paxos/register.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { Transport } from "../../mod.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { frameOf, laterLife } from "../support/frames.ts";
import type { NodeOptions } from "../support/real_cluster.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";
import { collectEvents } from "../support/wait.ts";
import { valueOf } from "../support/expect.ts";

const LAST = MAX_COUNTER - 1;

/** Distance above the wall clock up to which a node that is not a member may count, in counters. */
const LEAD = 2 ** 40;

/** A cluster whose frames a test can read, and to which it can send any frame. */
interface Besieged extends AsyncDisposable {
  readonly cluster: VirtualCluster;
  readonly taps: Map<string, TappedTransport>;
  /** The id of the genesis, which is in every frame of a member. */
  readonly genesis: string;
  /** Delivers a frame of `from` to each of the members. */
  inject(from: string, frame: Uint8Array): Promise<void>;
}

async function besiege(options: NodeOptions = {}): Promise<Besieged> {
  const taps = new Map<string, TappedTransport>();
  const cluster = await VirtualCluster.start(3, options, (transport, id) => {
    const tap = tapped(transport);
    taps.set(id, tap);
    return tap;
  });
  const header = headers(taps).find(({ genesis }) => genesis !== null)!;
  return {
    cluster,
    taps,
    genesis: header.genesis!,
    async inject(from, frame) {
      for (const id of cluster.members) taps.get(id)!.inject(from, frame);
      await cluster.pass(10);
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** The frames that a node has sent. */
function framesOf({ sent }: TappedTransport): Frame[] {
  return sent.map((bytes) => {
    const decoded = decodeFrame(bytes);
    assert(decoded.ok);
    return decoded.frame;
  });
}

function headers(taps: Map<string, TappedTransport>): Header[] {
  return [...taps.values()].flatMap(framesOf).map(({ header }) => header);
}

/** A transport that delivers a frame of `from` first. */
function hearing(tap: TappedTransport, from: string, frame: Uint8Array): Transport {
  return {
    open: async (self, receive) => {
      await tap.open(self, receive);
      receive(from, frame);
    },
    send: (to, frame) => tap.send(to, frame),
    close: () => tap.close(),
  };
}

/** Checks that every member puts, locks and reads as usual. */
async function assertWorks({ cluster }: Besieged, key = "after"): Promise<void> {
  const { time, members } = cluster;
  for (const id of members) {
    const node = cluster.node(id);
    assertEquals((await time.until(node.kv.put(`${key} ${id}`, 1))).ok, true, `put by ${id}`);
    const lock = await time.until(node.lock(`${key} ${id}`, { timeout: 5_000 }));
    await time.until(lock.release());
    assertEquals(node.hasQuorum, true);
  }
}

/** Checks that counters are too low to be used up while the wall clock is below the year 2100. */
function assertInBounds({ cluster, taps }: Besieged, margin = 1_000): void {
  const highest = Math.max(...headers(taps).map(({ clock }) => clock));
  assertLess(highest, cluster.time.runtime.wallNow() * 1_000 + LEAD + margin);
}

describe("the clock of a node that is not a member (section 2)", () => {
  it("is not taken from a stranger that claims any genesis", async () => {
    await using siege = await besiege();
    for (const genesis of [null, siege.genesis, laterLife()]) {
      await siege.inject("stranger", frameOf({ clock: LAST, genesis }));
    }
    await assertWorks(siege);
    const { token } = valueOf(
      await siege.cluster.time.until(siege.cluster.nodes[0].kv.claim("k", 1)),
    );
    assertLess(token, siege.cluster.time.runtime.wallNow() * 1_000 + 10_000);
  });

  it("is not taken from a member of another genesis", async () => {
    await using siege = await besiege();
    siege.taps.get("n1")!.inject("n2", frameOf({ clock: LAST, genesis: laterLife() }));
    siege.taps.get("n1")!.inject("n2", frameOf({ clock: LAST }));
    await assertWorks(siege);
  });

  it("is not taken into the floor of a genesis", async () => {
    await using started = await VirtualCluster.start(
      3,
      {},
      (transport) => hearing(tapped(transport), "stranger", frameOf({ clock: LAST })),
    );
    const { time, nodes } = started;
    const { token } = valueOf(await time.until(nodes[0].kv.claim("k", 1)));
    assertLess(token, time.runtime.wallNow() * 1_000 + 10_000);
  });

  it("drops the frame of a client that names a counter out of bounds, anywhere in it", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000 });
    const { cluster, genesis } = siege;
    const life = laterLife();
    const register = registerId("k", undefined, "k");
    const state = { present: false, token: 5 } as const;
    const accept = { id: 1, type: "accept", register, state, next: false } as const;
    const fine = { counter: 7, life };
    const beyond = { counter: LAST, life };
    const requests: Request[][] = [
      [],
      [{ id: 1, type: "prepare", register, ballot: beyond }],
      [{ ...accept, ballot: beyond, fallback: null }],
      [{ ...accept, ballot: fine, fallback: LAST }],
      [{ ...accept, ballot: fine, fallback: null, state: { present: false, token: LAST } }],
    ];
    for (const [index, each] of requests.entries()) {
      const before = (await cluster.time.until(cluster.nodes[0].status())).frames.dropped;
      const clock = index === 0 ? LAST : 7;
      await siege.inject("client", frameOf({ clock, genesis, life }, { requests: each }));
      const { frames } = await cluster.time.until(cluster.nodes[0].status());
      assertEquals(frames.dropped - before, 1, `frame ${index}`);
    }
    await assertWorks(siege);
    assertEquals(valueOf(await cluster.time.until(cluster.nodes[2].kv.claim("k", 1))).mine, true);
    assertInBounds(siege);
  });

  it("takes that of a client in bounds, which cannot climb by repetition", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000 });
    const { cluster, genesis, taps } = siege;
    for (let step = 0; step < 100; step++) {
      const known = Math.max(...headers(taps).map(({ clock }) => clock));
      await siege.inject("client", frameOf({ clock: known + LEAD / 2, genesis }));
      await cluster.time.until(cluster.nodes[step % 3].kv.put(step, 1));
    }
    const highest = Math.max(...headers(taps).map(({ clock }) => clock));
    assertGreater(highest, cluster.time.runtime.wallNow() * 1_000 + LEAD / 4);
    assertInBounds(siege);
    await assertWorks(siege);
  });
});

describe("the crash vector of a node that is not a member (section 7)", () => {
  for (const clients of [false, true]) {
    it(`replaces no member ${clients ? "with clients" : "without clients"}`, async () => {
      await using siege = await besiege({ clients, sessionTtl: 1_000 });
      const { cluster, genesis } = siege;
      const vector = [laterLife(), laterLife(2101), laterLife(2102)];
      for (const incarnation of [null, laterLife()]) {
        await siege.inject("other", frameOf({ genesis, vector, incarnation }));
      }
      await assertWorks(siege);
      // Nor does it keep a returning member out.
      cluster.crash("n3");
      const again = await cluster.join("n3", { clients, sessionTtl: 1_000 });
      await cluster.time.until(again.ready);
      assertLess(again.life, laterLife(2099));
    });
  }
});

describe("ballots above which there is no higher one", () => {
  it("of a client do not end the use of a key", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000 });
    const register = registerId("k", undefined, "k");
    const life = laterLife();
    for (let i = 0; i < 3; i++) {
      const ballot = { counter: LAST - i, life };
      const prepare = { id: i, type: "prepare", register, ballot } as const;
      await siege.inject(
        "client",
        frameOf({ genesis: siege.genesis, life }, { requests: [prepare] }),
      );
    }
    const { time, nodes } = siege.cluster;
    assertEquals(await time.until(nodes[1].kv.put("k", 1)), { ok: true, value: 1 });
  });

  it("of a member, which is trusted, end the operation and not the process", async () => {
    await using siege = await besiege();
    const { cluster, genesis } = siege;
    const register = registerId("k", undefined, "k");
    const prepare = {
      id: 1,
      type: "prepare",
      register,
      ballot: { counter: LAST, life: laterLife() },
    };
    const requests = [prepare as Request];
    for (const id of ["n2", "n3"]) {
      siege.taps.get(id)!.inject(
        "n1",
        frameOf({ genesis, life: cluster.node("n1").life }, { requests }),
      );
    }
    const { time, nodes } = cluster;
    const ended = await time.until(
      nodes[0].kv.put("k", 1, { noQuorum: "fail" }).then(() => "put", (error) => error.name),
    );
    assertEquals(ended, "RangeError");
    const lock = time.until(
      nodes[0].lock("l", { timeout: 100 }).then(() => "held", (error) => error.name),
    );
    assertEquals(await lock, "RangeError");
  });
});

describe("a message of a node that is not a member", () => {
  it("does not make starting members reject `ready` if it lists other members", async () => {
    const request: Request = {
      id: 1,
      type: "enquire",
      members: ["n1", "x"],
      purpose: "record",
      round: 1,
    };
    const taps: TappedTransport[] = [];
    await using cluster = await VirtualCluster.start(3, {}, (transport) => {
      const tap = tapped(transport);
      taps.push(tap);
      return hearing(tap, "tab", frameOf({}, { requests: [request] }));
    });
    assertEquals(cluster.nodes.map(({ hasQuorum }) => hasQuorum), [true, true, true]);
    await cluster.pass(1_000);
    // The node itself gets an answer, though.
    const told = taps.flatMap(framesOf).flatMap(({ replies }) => replies.map(({ type }) => type));
    assert(told.includes("membersMismatch"));
  });

  it("does not either if it goes on for longer than members may list different nodes", async () => {
    const request: Request = {
      id: 1,
      type: "enquire",
      members: ["n1", "x"],
      purpose: "record",
      round: 1,
    };
    const members = ["n1", "n2", "n3"];
    const listed = async (from: string) => {
      const time = new VirtualTime();
      const tap = tapped(time.network.transport());
      const join = (id: string, transport: Transport) =>
        joinWith({ id, members, transport }, time.runtime);
      const nodes = [await join("n1", tap)];
      const ready = nodes[0].ready.then(() => "ready", ({ code }) => code);
      for (let asked = 0; asked < 30; asked++) {
        tap.inject(from, frameOf({}, { requests: [request] }));
        await time.pass(100);
      }
      for (const id of ["n2", "n3"]) nodes.push(await join(id, time.network.transport()));
      const outcome = await time.until(ready);
      await time.until(Promise.all(nodes.map((node) => node.close())));
      return outcome;
    };
    assertEquals([await listed("tab"), await listed("n2")], ["ready", "members_mismatch"]);
  });

  it("answers no question of genesis: a starting member follows members only", async () => {
    const genesis = laterLife();
    const members = ["n1", "n2", "n3"];
    const replies = (id: number, life: Life) => [
      { id, type: "replaced" } as const,
      { id, type: "membersMismatch", members: ["n1", "x"] } as const,
      {
        id,
        type: "record",
        members,
        record: {
          id: genesis,
          lives: [life, life, life],
          floor: LAST,
          maxTtl: 1_000,
          clients: false,
        },
      } as const,
    ];
    const time = new VirtualTime();
    const tap = tapped(time.network.transport());
    const join = (id: string, transport: Transport) =>
      joinWith({ id, members, transport }, time.runtime);
    const first = await join("n1", tap);
    for (let id = 0; id < 50; id++) {
      for (const reply of replies(id, first.life)) {
        tap.inject("stranger", frameOf({ genesis }, { repliesTo: first.life, replies: [reply] }));
      }
    }
    const others = [
      await join("n2", time.network.transport()),
      await join("n3", time.network.transport()),
    ];
    await time.until(first.ready);
    assertEquals(await time.until(first.kv.put("k", 1)), { ok: true, value: 1 });
    await time.until(Promise.all([first, ...others].map((node) => node.close())));
  });

  it("does not invalidate the answers that a recovering member has received", async () => {
    let nagging = false;
    const nagged = (transport: Transport): Transport => ({
      ...transport,
      open: (self, receive) =>
        transport.open(self, (from, frame) => {
          for (const purpose of nagging ? ["genesis", "givingUp"] as const : []) {
            const request: Request = { id: 1, type: "enquire", members, purpose, round: 2 };
            receive("client", frameOf({}, { requests: [request] }));
          }
          receive(from, frame);
        }),
      send: (to, frame) => transport.send(to, frame),
      close: () => transport.close(),
    });
    await using cluster = await VirtualCluster.start(
      3,
      { clients: true, sessionTtl: 1_000 },
      (transport) => nagged(transport),
    );
    const { members } = cluster;
    cluster.crash("n3");
    nagging = true;
    const again = await cluster.join("n3");
    await cluster.pass(2_000);
    assertEquals(again.hasQuorum, true);
    assertEquals(await cluster.time.until(again.kv.put("k", 1)), { ok: true, value: 1 });
  });

  it("gets no copy of the members' state, and no node reports a recovery", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000 });
    const { cluster, genesis, taps } = siege;
    const told = cluster.nodes.flatMap((node) => [collectEvents(node, "membership")]);
    const life = laterLife();
    const asked = { members: cluster.members, announcement: 1, incarnation: life, after: "" };
    const requests: Request[] = [
      { id: 1, type: "incarnation", members: cluster.members },
      { id: 2, type: "transfer", ...asked },
    ];
    await siege.inject("client", frameOf({ genesis, life }, { requests }));
    assertEquals(told.flat(), []);
    const replies = [...taps.values()].flatMap(framesOf).flatMap(({ replies }) => replies);
    assertEquals(replies.filter(({ type }) => type === "known" || type === "piece"), []);
  });

  it("makes no member forget a register that others still need", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000 });
    const { cluster, genesis, taps } = siege;
    const { time, nodes: [first] } = cluster;
    cluster.isolate("n3");
    const process = first.spawn();
    assertEquals((await time.until(first.kv.put("k", 1, { pid: process }))).ok, true);
    await time.until(process.exit());
    const requests = framesOf(taps.get("n1")!).flatMap(({ requests }) => requests).flatMap((one) =>
      one.type === "accept" && !one.state.present
        ? [{ id: 1, type: "forget", register: one.register, ballot: one.ballot } as const]
        : []
    );
    assertGreater(requests.length, 0);
    const before = (await time.until(first.status())).entries;
    await siege.inject("client", frameOf({ genesis }, { requests }));
    assertEquals((await time.until(first.status())).entries, before);
    assertEquals(before, 1);
  });
});

describe("a value that a client writes", () => {
  const life = laterLife();
  const owner = `client/${life}/1`;
  const pid = { node: "client", session: owner, seq: 1 };
  const value = new Uint8Array(1_001);
  const op = `${life}/1`;
  const present = { present: true, token: 7, over: 0, op, value: new Uint8Array(8) } as const;
  const unbound = { ...present, bindings: [], owners: [] };
  const key = registerId("k", undefined, "k");
  const lock = registerId("l", undefined, "k");
  const wrong: Readonly<Record<string, readonly [register: string, state: State]>> = {
    "a value above the bound": [key, { ...unbound, value }],
    "a malformed key": ["k\xf6\xff\xff", unbound],
    "a configuration": ["c" + key.slice(1), unbound],
    "a lock that is bound": [lock, { ...unbound, bindings: [{ kind: "until", time: 1 }] }],
    "a singleton that is bound": ["s" + lock.slice(1), {
      ...unbound,
      bindings: [{ kind: "pid", pid }],
    }],
    "a key whose owners no binding names": [key, { ...unbound, owners: [owner] }],
    "a key whose owners lack the session of a binding": [key, {
      ...unbound,
      bindings: [{ kind: "pid", pid }],
    }],
  };

  it("has to fit the kind of the register and the limit of values", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000, maxValueBytes: 1_000 });
    const { cluster, genesis } = siege;
    const { time, nodes: [first] } = cluster;
    const write = async (register: string, state: State): Promise<number> => {
      const ballot = { counter: time.runtime.wallNow() * 1_000 + LEAD / 2, life };
      const accept = { id: 1, type: "accept", register, ballot, state, next: false } as const;
      const requests: Request[] = [{ ...accept, fallback: null }];
      await siege.inject("client", frameOf({ genesis, life }, { requests }));
      return (await time.until(first.status())).entries;
    };
    for (const [what, [register, state]] of Object.entries(wrong)) {
      assertEquals(await write(register, state), 0, what);
    }
    assertEquals(await time.until(first.kv.keys()), []);
    assertEquals(await write(key, { ...unbound, value: Uint8Array.of(1) }), 1);
  });

  it("is handed over to the owner's node only for keys, and within the limit of values", async () => {
    await using siege = await besiege({ clients: true, sessionTtl: 1_000, maxValueBytes: 1_000 });
    const { cluster, genesis } = siege;
    const { time, nodes: [first] } = cluster;
    const process = first.spawn();
    const bindings = [{ kind: "pid", pid: process.pid }] as const;
    const put = { type: "handover", pid: process.pid, bindings, timeout: 1_000, since: 1 } as const;
    const requests: Request[] = [
      { ...put, id: 1, op: `${life}/1`, register: lock, value: present.value },
      { ...put, id: 2, op: `${life}/2`, register: "k\xf6\xff\xff", value: present.value },
      { ...put, id: 3, op: `${life}/3`, register: key, value },
    ];
    await siege.inject("client", frameOf({ genesis, life }, { requests }));
    await cluster.pass(100);
    assertEquals((await time.until(first.status())).entries, 0);
    await time.until(process.exit());
  });
});

describe("an answer of an outsider that tells of the members (sections 7 and 11)", () => {
  for (const [what, epoch] of [["another configuration", 7], ["later lives", 0]] as const) {
    it(`with ${what} changes nothing, asked or not`, async () => {
      const { cluster, genesis, inject } = await besiege({ clients: false });
      await using _ = cluster;
      const { nodes: [n1, n2, n3], members, time } = cluster;
      const closed: string[] = [];
      for (const { id, closed: ended } of [n1, n2, n3]) {
        void ended.then(({ reason }) => closed.push(`${id} ${reason?.code}`));
      }
      const life = laterLife();
      const ids = epoch === 0 ? members : ["evil"];
      const reply = {
        ...{ id: 0, type: "record", members: ids } as const,
        record: {
          id: genesis,
          lives: ids.map(() => life),
          floor: 0,
          maxTtl: 1_000,
          clients: false,
        },
        configuration: {
          ...{ epoch, joining: null, leaving: null, settled: true },
          members: ids.map((id) => ({ id, life, since: epoch })),
        },
        incarnations: members.map((id) => [id, life] as const),
      };
      for (const { life: repliesTo } of [n1, n2, n3]) {
        await inject("evil", frameOf({ life, genesis, epoch }, { repliesTo, replies: [reply] }));
      }
      await cluster.pass(15_000);
      assertEquals(closed, []);
      for (const node of [n1, n2, n3]) assertEquals(node.members, members);
      assertEquals((await time.until(n1.status())).epoch, 0);
      assert((await time.until(n2.kv.put("a", 1))).ok);
    });
  }
});
