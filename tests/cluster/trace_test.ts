// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join, type TraceEvent, type TraceEventType, type Transport } from "../../mod.ts";
import { registerId } from "../../lib/codec.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import type { TransportUser } from "../../transports/transport.ts";
import { valueOf } from "../support/expect.ts";
import { frameOf, laterLife } from "../support/frames.ts";
import { joinAsGuest, SERVING } from "../support/node_kind.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";

type Of<T extends TraceEventType> = Extract<TraceEvent, { type: T }>;

/** The events of a node, as they come. */
class Trace {
  readonly events: TraceEvent[] = [];
  readonly trace = (event: TraceEvent): void => void this.events.push(event);

  of<T extends TraceEventType>(...types: T[]): Of<T>[] {
    return this.events.filter((event): event is Of<T> => types.includes(event.type as T));
  }
}

/** The types of the events, without repetitions in a row. */
const order = (events: readonly TraceEvent[]) =>
  events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);

const Counter = {
  id: "counter",
  start: () => {
    let count = 0;
    return {
      inc: () => ++count,
      fail: () => {
        throw new RangeError("no");
      },
    };
  },
};

describe("trace", () => {
  it("tells of a put: its ballots, its round trips, and its token", async () => {
    const seen = new Trace();
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 });
    const { time } = cluster;
    cluster.crash("n3");
    const node = await cluster.join("n3", { trace: seen.trace });
    await time.until(node.ready);
    seen.events.length = 0;
    const before = time.runtime.wallNow();
    const { token } = valueOf(await time.until(node.kv.claim("k", 1, { bucket: "b" })));
    const events = seen.events.filter(({ type }) => type.startsWith("proposal."));
    const register = { kind: "key" as const, bucket: "b", key: "k" };
    const [fast, chosen] = events as [Of<"proposal.fast">, Of<"proposal.chosen">];
    assertEquals(order(events), ["proposal.fast", "proposal.chosen"]);
    const { ballot } = fast;
    assertEquals(ballot, { counter: token, life: node.life });
    assertEquals(fast, { type: "proposal.fast", register, ballot, at: fast.at });
    const { at, duration, ...rest } = chosen;
    assertGreater(duration, 0);
    assert(at >= before && at <= time.runtime.wallNow());
    const counts = { changes: 1, roundTrips: 1, written: true };
    assertEquals(rest, { type: "proposal.chosen", register, ballot, token, ...counts });
  });

  it("tells of a lock from its request to its release, with the time that it waited", async () => {
    const seen = new Trace();
    await using cluster = await VirtualCluster.start(3, { trace: seen.trace });
    const { time, nodes: [first, second] } = cluster;
    const lock = await time.until(first.lock("k"));
    const waiting = second.lock("k");
    await cluster.pass(300);
    await time.until(lock.release());
    const later = await time.until(waiting);
    assertEquals(await time.until(first.lock("k", { ifAvailable: true })), null);
    await time.until(later.release());
    const events = seen.of(
      ...[
        "lock.requested",
        "lock.queued",
        "lock.granted",
        "lock.released",
        "lock.refused",
      ] as const,
    );
    assertEquals(order(events), [
      ...["lock.requested", "lock.granted", "lock.requested", "lock.queued", "lock.released"],
      ...["lock.granted", "lock.requested", "lock.refused", "lock.released"],
    ]);
    const [, , , , , granted] = events as Of<"lock.granted">[];
    assertEquals(granted.pid.node, "n2");
    assertEquals([granted.key, granted.token, granted.mode], ["k", later.token, "exclusive"]);
    assertGreater(granted.waited, 300);
    const [refused] = seen.of("lock.refused");
    assertEquals(refused.reason, "unavailable");
  });

  it("tells of a call to its caller and at its host", async () => {
    const seen = new Trace();
    const options = { hosts: [Counter], trace: seen.trace };
    await using cluster = await VirtualCluster.start(3, options);
    const { time, nodes: [first, second, third] } = cluster;
    const remote = first.name("apple", Counter);
    await time.until(remote.inc());
    const host = valueOf(await time.until(first.whereis(remote))).node;
    const caller = [second, third].find(({ id }) => id !== host)!;
    seen.events.length = 0;
    await time.until(caller.name("apple", Counter).fail().catch(() => {}));
    const call = { spec: "counter", key: "apple", method: "fail" };
    const events = seen.events.filter(({ type }) => type.startsWith("call."));
    assertEquals(order(events), ["call.sent", "call.began", "call.answered", "call.ended"]);
    for (const { at: _, ...event } of events) {
      if ("duration" in event) assert(event.duration >= 0);
      assertEquals({ ...event, ...call }, event);
    }
    const [ended] = seen.of("call.ended");
    assertEquals([ended.to, ended.outcome], [host, "threw"]);
    const [began] = seen.of("call.began");
    assertEquals(began.from, caller.id);
  });

  it("is plain data", async () => {
    const seen = new Trace();
    const cluster = await VirtualCluster.start(3, { trace: seen.trace, hosts: [Counter] });
    const { time, nodes: [first, , third] } = cluster;
    await time.until(first.name("a", Counter).inc());
    await time.until(third.lock("k"));
    await time.until(first.kv.put({ a: [1n, new Date(0)] }, 1));
    await cluster[Symbol.asyncDispose]();
    assertGreater(seen.events.length, 40);
    for (const event of seen.events) {
      assertEquals(structuredClone(event), event);
      assertGreater(event.at, 1_700_000_000_000);
    }
  });

  it("is a function", async () => {
    const transport = memoryNetwork().transport();
    // deno-lint-ignore no-explicit-any -- what no program with types would pass
    const bad = { id: "a", members: ["a"], transport, trace: { log: 1 } } as any;
    await assertRejects(() => join(bad), TypeError, "trace must be a function");
  });
});

describe("a callback of trace that fails", () => {
  for (
    const [how, fail] of [
      ["throws", () => {
        throw new RangeError("of the user");
      }],
      ["rejects", () => Promise.reject(new RangeError("of the user"))],
    ] as const
  ) {
    it(`${how}: the node goes on, and says so once a second`, async () => {
      let calls = 0;
      const trace = () => {
        calls++;
        return fail();
      };
      await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 });
      const { time } = cluster;
      cluster.crash("n3");
      const node = await cluster.join("n3", { trace, hosts: [Counter] });
      const errors = collectEvents(node, "error");
      await time.until(node.ready);
      for (let i = 0; i < 20; i++) {
        valueOf(await time.until(node.kv.put(i, i)));
        const lock = await time.until(node.lock("k"));
        await time.until(lock.release());
        await time.until(node.name("a", Counter).inc());
        await cluster.pass(100);
      }
      assert(node.hasQuorum);
      assertGreater(calls, 200);
      assert(errors.length >= 2 && errors.length <= 6, `${errors.length}`);
      assert(errors.every(({ detail: { error } }) => error.message === "of the user"));
      await time.until(node.close());
    });
  }
});

describe("the types of events", () => {
  /** What has each type emitted; TypeScript refuses a type that is missing here. */
  const STORIES: Record<TraceEventType, keyof typeof stories> = {
    "proposal.fast": "work",
    "proposal.prepare": "work",
    "proposal.accept": "work",
    "proposal.chosen": "work",
    "proposal.refused": "rivals",
    "proposal.restarted": "rivals",
    "proposal.full": "full",
    "proposal.abandoned": "cut",
    read: "work",
    "session.granted": "work",
    "session.renewed": "work",
    "session.refused": "reported",
    "session.lost": "reported",
    "session.fenced": "cut",
    life: "losses",
    genesis: "work",
    "genesis.lost": "losses",
    "recovery.began": "losses",
    "recovery.ended": "losses",
    vote: "work",
    member: "cut",
    members: "changes",
    removed: "changes",
    "connection.opened": "connections",
    "connection.failed": "connections",
    error: "connections",
    "lock.requested": "work",
    "lock.queued": "cut",
    "lock.granted": "work",
    "lock.refused": "cut",
    "lock.released": "work",
    "lock.lost": "reported",
    "call.sent": "work",
    "call.ended": "work",
    "call.began": "work",
    "call.answered": "work",
    "instance.started": "work",
    "instance.ended": "work",
    "frame.dropped": "hostile",
    "message.refused": "hostile",
    "guest.operation": "guests",
  };

  const stories = {
    /** Everything that a healthy cluster does. */
    async work({ trace }: Trace) {
      const cluster = await VirtualCluster.start(3, { trace, hosts: [Counter] });
      const { time, nodes: [first, second] } = cluster;
      await time.until(first.kv.put("k", 1));
      await time.until(second.kv.get("other"));
      await time.until((await time.until(first.lock("k"))).release());
      await time.until(first.name("a", Counter).inc());
      await cluster[Symbol.asyncDispose]();
    },

    /** Two nodes that write the same keys at the same time. */
    async rivals({ trace }: Trace) {
      await using cluster = await VirtualCluster.start(3, { trace });
      const { time, nodes } = cluster;
      time.jitter = 0.9;
      for (let i = 0; i < 30; i++) {
        await time.until(Promise.all(nodes.map((node) => node.kv.put(i, node.id))));
        await time.until(Promise.all(nodes.map(async (node) => {
          await (await node.lock("k")).release();
        })));
      }
    },

    async full({ trace }: Trace) {
      await using cluster = await VirtualCluster.start(3, { trace, maxKeys: 3 });
      const { time, nodes: [first] } = cluster;
      for (let i = 0; i < 8; i++) await time.until(first.kv.put(i, i).catch(() => {}));
    },

    /** A node that is cut off while it holds a lock, and another one that asks for both. */
    async cut({ trace }: Trace) {
      const options = { trace, sessionTtl: 500, timeout: 300 };
      await using cluster = await VirtualCluster.start(3, options);
      const { time, nodes: [first, , third] } = cluster;
      await time.until(third.lock("k"));
      const waiting = first.lock("k");
      await cluster.pass(10);
      cluster.isolate("n3");
      await time.until(third.kv.put("k", 1));
      await time.until(third.lock("other", { timeout: 100 }).catch(() => {}));
      await time.until((await time.until(waiting)).release());
    },

    /** A life that is reported to be over, while it holds a lock. */
    async reported({ trace }: Trace) {
      await using cluster = await VirtualCluster.start(3, { trace, sessionTtl: 1_000 });
      const { time, nodes: [first, , third] } = cluster;
      await time.until(third.lock("k"));
      await time.until(first.reportExit(third.life));
      await cluster.pass(3_000);
    },

    /** One member that lost its memory comes back, and then two of them at once. */
    async losses({ trace }: Trace) {
      await using cluster = await VirtualCluster.start(3, { trace, sessionTtl: 500 });
      const { time } = cluster;
      await time.until(cluster.nodes[0].kv.put("k", 1));
      for (const lost of [["n3"], ["n2", "n3"]]) {
        for (const id of lost) cluster.crash(id);
        await cluster.pass(2_000);
        const again = [];
        for (const id of lost) again.push(await cluster.join(id));
        await time.until(Promise.all(again.map(({ ready }) => ready)));
      }
    },

    async changes({ trace }: Trace) {
      const options = { trace, clients: true, sessionTtl: 500 };
      await using cluster = await VirtualCluster.start(3, options);
      const { time } = cluster;
      const fourth = await cluster.join("n4");
      await cluster.pass(1_000);
      await time.until(fourth.changeMembers(["n1", "n2", "n4"]));
      await cluster.pass(1_000);
    },

    /** What a transport with connections tells its node. */
    async connections({ trace }: Trace) {
      const time = new VirtualTime();
      let user!: TransportUser;
      const transport: Transport = {
        open: (_self, _receive, _report, given) => void (user = given!),
        send: () => {},
        close: () => {},
      };
      const options = { id: "a", members: ["a", "b"], transport, trace };
      const node = await joinWith(options, time.runtime);
      user.reached?.("b");
      for (let i = 0; i < 10; i++) user.failed?.("b", "ws://b/synod: ECONNREFUSED");
      await time.until(node.close());
    },

    async hostile({ trace }: Trace) {
      const taps = new Map<string, TappedTransport>();
      const options = { trace, clients: true, sessionTtl: 500 };
      await using cluster = await VirtualCluster.start(3, options, (transport, id) => {
        const tap = tapped(transport);
        taps.set(id, tap);
        return tap;
      });
      const { genesis } = await cluster.time.until(cluster.nodes[0].status());
      const register = registerId("k", undefined, "k");
      const ballot = { counter: 7, life: laterLife() };
      const forget = { id: 1, type: "forget", register, ballot } as const;
      const frame = frameOf({ clock: 7, genesis, life: laterLife() }, { requests: [forget] });
      taps.get("n1")!.inject("stranger", frame);
      taps.get("n1")!.inject("stranger", new Uint8Array([2, 1, 2]));
      await cluster.pass(10);
    },

    async guests({ trace }: Trace) {
      await using cluster = await VirtualCluster.start(3, { ...SERVING, trace, sessionTtl: 500 });
      const { network, runtime } = cluster.time;
      const { node } = joinAsGuest("page", {}, network, cluster.members, runtime);
      await cluster.time.until(node.kv.put("k", 1));
      await cluster.time.until(node.close());
    },
  };

  for (const story of Object.keys(stories) as (keyof typeof stories)[]) {
    const types = Object.entries(STORIES).filter(([, by]) => by === story).map(([type]) => type);
    it(`${story}: ${types.join(", ")}`, async () => {
      const seen = new Trace();
      await stories[story](seen);
      const missing = types.filter((type) => !seen.events.some((event) => event.type === type));
      assertEquals(missing, []);
    });
  }

  it("are those of the page", async () => {
    const page = await Deno.readTextFile(new URL("../../docs/inspecting.md", import.meta.url));
    const named = [...page.matchAll(/^\| `([a-z.]+)`/gm)].map(([, type]) => type);
    assertEquals(named.sort(), Object.keys(STORIES).sort());
  });
});
