// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
/** Two clients that have no connection to each other, in a cluster whose members have one to both. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { afterEach, describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeFrame, registerId } from "../../lib/codec.ts";
import { encodeSingletonRequest } from "../../lib/singletons/singleton_messages.ts";
import type { RelayPayload, Request } from "../../lib/paxos/messages.ts";
import type { ChildSpec, ClusterNode, Remote } from "../../mod.ts";
import { type Counter, Counters } from "../singletons/support/counters.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { cutOff } from "../support/cut_transport.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";

/** The options of a test. */
interface Setting {
  /** Whether the transports know their connections. */
  readonly knows?: boolean;
  /** Pairs of nodes without a connection, besides the two clients. */
  readonly apart?: readonly string[];
  /** The singletons that `right` can host. */
  // deno-lint-ignore no-explicit-any -- specs of all types
  readonly hosts?: readonly ChildSpec<any, any>[];
}

/** The requests of these types in the frames that a node has sent. */
function said({ sent }: TappedTransport, ...types: Request["type"][]): Request[] {
  return sent.flatMap((bytes) => {
    const decoded = decodeFrame(bytes);
    return decoded.ok ? decoded.frame.requests.filter(({ type }) => types.includes(type)) : [];
  });
}

describe("two clients without a connection to each other", () => {
  let counters: Counters;
  let cluster: VirtualCluster;
  let taps: Record<string, TappedTransport>;
  /** Pairs, as `one two`; messages of the first do not reach the second. */
  let apart: Set<string>;
  let left: ClusterNode;
  let right: ClusterNode;
  let apple: Remote<Counter>;

  async function start({ knows = true, apart: more = [], hosts }: Setting = {}): Promise<void> {
    counters = new Counters();
    taps = {};
    const pairs = ["left right", ...more].map((pair) => pair.split(" "));
    apart = new Set(pairs.flatMap(([one, two]) => [`${one} ${two}`, `${two} ${one}`]));
    cluster = await VirtualCluster.start(3, { clients: true, sessionTtl: 2_000 }, (inner, id) => {
      const isApart = (one: string, other: string) => apart.has(`${one} ${other}`);
      return taps[id] = tapped(cutOff(inner, id, isApart, { knows }));
    });
    right = await cluster.join("right", { hosts: hosts ?? [counters.spec] });
    left = await cluster.join("left");
    await until(Promise.all([left.ready, right.ready]));
    apple = left.name("apple", counters.spec, 1);
  }

  afterEach(() => cluster[Symbol.asyncDispose]());

  const until = <T>(promise: Promise<T>): Promise<T> => cluster.time.until(promise);

  async function timed<T>(promise: Promise<T>): Promise<{ value: T; took: number }> {
    const { now } = cluster.time.runtime;
    const before = now();
    return { value: await until(promise), took: now() - before };
  }

  /** Increments the counter; returns the count, within the given milliseconds. */
  async function inc(milliseconds: number): Promise<number> {
    const { value, took } = await timed(apple.inc());
    assertLess(took, milliseconds);
    return value;
  }

  it("call through one member at once when their transports know", async () => {
    await start();
    assertEquals(await until(apple.node()), "right");
    for (const { sent } of Object.values(taps)) sent.length = 0;
    // Four frames of about half a millisecond: two there, and two back.
    assertEquals([await inc(3), await inc(3), await inc(3)], [1, 2, 3]);
    assertEquals(counters.executed, ["inc", "inc", "inc"]);
    assertEquals(said(taps.left, "relay").length, 3);
    assertEquals(said(taps.right, "relay").length, 3);
    const passedOn = cluster.members.map((id) => said(taps[id], "relayed").length);
    assertEquals(passedOn.toSorted(), [0, 0, 6]);
    assertEquals(said(taps.left, "ask").length, 0);
  });

  it("call through a member after a direct try without an answer, when their transports do not know", async () => {
    await start({ knows: false });
    assertEquals(await until(apple.node()), "right");
    // The route is known from the first call on.
    assertEquals([await inc(3), await inc(3)], [1, 2]);
    // It is tried directly again from time to time, and then it takes longer.
    await cluster.pass(5_000);
    for (const { sent } of Object.values(taps)) sent.length = 0;
    assertEquals(await inc(400), 3);
    assertGreater(said(taps.left, "ask").length, 0);
    assertEquals(await inc(3), 4);
    assertEquals(counters.executed.length, 4);
  });

  it("call directly again when they have a connection", async () => {
    for (const knows of [true, false]) {
      await start({ knows });
      assertEquals(await until(apple.inc()), 1);
      apart.clear();
      await cluster.pass(5_000);
      assertEquals(await inc(3), 2);
      for (const { sent } of Object.values(taps)) sent.length = 0;
      assertEquals(await inc(2), 3);
      assertEquals(said(taps.left, "relay"), []);
      assertEquals(said(taps.right, "relay"), []);
      if (knows) await cluster[Symbol.asyncDispose]();
    }
  });

  it("pass large arguments and results, and errors", async () => {
    const instance = {
      echo: (value: unknown) => value,
      fail: () => {
        throw new RangeError("out of it");
      },
    };
    const spec: ChildSpec<typeof instance, []> = { id: "echo", start: () => instance };
    await start({ hosts: [spec] });
    const remote = left.name("k", spec);
    const large = "x".repeat(1_000_000);
    assertEquals(await until(remote.echo(large)), large);
    const error = await until((remote.fail() as Promise<never>).catch((error) => error));
    assertEquals([error.name, error.message], ["RangeError", "out of it"]);
  });

  for (const knows of [true, false]) {
    const where = knows ? "when their transports know" : "when their transports do not know";

    it(`cast through a member, ${where}`, async () => {
      await start({ knows });
      await until(apple.node());
      await cluster.pass(10_000);
      for (let i = 0; i < 5; i++) left.cast(apple, "inc");
      await cluster.pass(10);
      assertEquals(counters.executed, Array(5).fill("inc"));
    });

    it(`use another member when that one is lost, ${where}`, async () => {
      await start({ knows });
      assertEquals(await until(apple.inc()), 1);
      const [lost] = cluster.members.filter((id) => said(taps[id], "relayed").length > 0);
      cluster.crash(lost);
      const { value, took } = await timed(apple.inc());
      assertEquals(value, 2);
      assertLess(took, 1_000);
      assertEquals(counters.executed, ["inc", "inc"]);
    });

    it(`run a call once that arrives by both routes, ${where}`, async () => {
      await start({ knows });
      // Only the host's messages are lost: the call arrives directly, and then through a member.
      apart.delete("left right");
      const { value, took } = await timed(apple.inc());
      assertEquals(value, 1);
      assertLess(took, 2_000);
      await cluster.pass(5_000);
      assertEquals(counters.executed, ["inc"]);
      assertGreater(said(taps.left, "ask").length, 0);
      assertGreater(said(taps.left, "relay").length, 0);
    });
  }

  it("ask another member at once when one has no connection to the destination", async () => {
    for (const lost of ["n1", "n2", "n3"]) {
      await start({ apart: [`${lost} right`] });
      for (let n = 1; n <= 3; n++) {
        const banana = left.name(["banana", n], counters.spec, 1);
        const { value, took } = await timed(banana.inc());
        assertEquals(value, 1);
        // The start of an instance, and a call: a resend would have taken longer.
        assertLess(took, 100);
      }
      if (lost !== "n3") await cluster[Symbol.asyncDispose]();
    }
  });

  it("find the only member that has a connection to both", async () => {
    await start({ apart: ["left n1", "right n3"] });
    assertEquals(await until(apple.inc()), 1);
    assertEquals(await inc(3), 2);
    assertEquals(said(taps.n1, "relayed").length + said(taps.n3, "relayed").length, 0);
    assertGreater(said(taps.n2, "relayed").length, 0);
  });

  it("learn from the host that it closes, and use another one", async () => {
    await start();
    assertEquals(await until(apple.node()), "right");
    await cluster.join("next", { hosts: [counters.spec] });
    await until(cluster.node("next").ready);
    await until(right.close());
    const { value, took } = await timed(apple.node());
    assertEquals(value, "next");
    assertLess(took, 1_000);
  });

  it("learn at once that nothing runs any more on a host that closed during a call", async () => {
    await start();
    const { now } = cluster.time.runtime;
    const waiting = assertCode(apple.wait("for ever"), "outcome_unknown");
    await cluster.pass(100);
    assertEquals(counters.executed, ["wait for ever"]);
    const before = now();
    void right.close({ timeout: 0 });
    await until(waiting);
    assertLess(now() - before, 200);
  });

  it("get outcome_unknown when the host vanishes during a call, and nothing runs twice", async () => {
    await start();
    const waiting = assertCode(apple.wait("for ever"), "outcome_unknown");
    await cluster.pass(100);
    assertEquals(counters.executed, ["wait for ever"]);
    cluster.crash("right");
    await until(waiting);
    assertEquals(counters.executed, ["wait for ever"]);
  });

  it("hand puts over through a member", async () => {
    for (const knows of [true, false]) {
      await start({ knows });
      const process = right.spawn();
      const claim = valueOf(await until(left.kv.claim("k", "v", { pid: process.pid })));
      assertEquals(claim.mine, true);
      assertEquals(valueOf(await until(left.kv.pid("k"))), process.pid);
      assertEquals(valueOf(await until(left.kv.token("k"))), claim.token);
      await until(process.exit());
      assertEquals(await until(left.kv.get("k")), { ok: false, error: "not_found" });
      assertGreater(said(taps.left, "relay").length, 0);
      if (knows) await cluster[Symbol.asyncDispose]();
    }
  });

  describe("take relayed messages", () => {
    /** Has `from` pass a request on to `right` in the name of `left`. */
    function bring(from: string, load: (body: Uint8Array) => Request): void {
      const last = decodeFrame(taps.n1.sent[taps.n1.sent.length - 1]);
      if (!last.ok) throw new Error("it has sent no frame");
      const { header } = last.frame;
      // No node can run this spec: a node that takes the request answers that it failed.
      const body = encodeSingletonRequest({
        ...{ type: "start", chain: [], background: false, kept: false, after: null },
        register: registerId("s", "x", "k"),
        spec: "x",
        args: new Uint8Array(0),
        timeout: 0,
      });
      const frame = { header, requests: [load(body)], repliesTo: null, replies: [] };
      taps.right.inject(from, encodeFrame(frame));
    }

    const relayed = (body: Uint8Array): Request => {
      const load: RelayPayload = { repliesTo: null, message: { id: 7, type: "ask", body } };
      return { id: 1, type: "relayed", from: "left", life: left.life, payload: load };
    };

    /** The number of answers of `right` to `left`. */
    const answers = async () => {
      await cluster.pass(10);
      return said(taps.right, "relay").filter((request) =>
        request.type === "relay" && request.to === "left"
      ).length;
    };

    it("only from members", async () => {
      await start();
      bring("n1", relayed);
      assertGreater(await answers(), 0);
      taps.right.sent.length = 0;
      bring("left", relayed);
      bring("right", relayed);
      assertEquals(await answers(), 0);
    });

    it("only under the same genesis", async () => {
      await start();
      bring("n1", relayed);
      assertGreater(await answers(), 0);
      taps.right.sent.length = 0;
      const { inject } = taps.right;
      taps.right.inject = (from, bytes) => {
        const decoded = decodeFrame(bytes);
        if (!decoded.ok) throw new Error("not a frame");
        const header = { ...decoded.frame.header, genesis: "another" };
        inject(from, encodeFrame({ ...decoded.frame, header }));
      };
      bring("n1", relayed);
      assertEquals(await answers(), 0);
    });

    it("and a node that is not a member passes nothing on", async () => {
      await start({ apart: [] });
      bring("n1", (body) => {
        const load: RelayPayload = { repliesTo: null, message: { id: 7, type: "ask", body } };
        return { id: 1, type: "relay", to: "n2", payload: load };
      });
      await cluster.pass(10);
      assertEquals(said(taps.right, "relayed"), []);
    });
  });
});
