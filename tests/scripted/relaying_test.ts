/** Two clients that have no connection to each other, in a cluster whose members have one to both. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { afterEach, describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeFrame, registerId } from "../../lib/codec.ts";
import { encodeQuestion } from "../../lib/singletons/bodies.ts";
import type { RelayPayload, Request } from "../../lib/paxos/messages.ts";
import type { ChildSpec, ClusterNode, Remote } from "../../mod.ts";
import { type Counter, Counters } from "../singletons/support/counters.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { cutOff } from "../support/cut_transport.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";

/** What a test begins with. */
interface Setting {
  /** Whether the transports can tell what they have a connection to. */
  readonly knows?: boolean;
  /** Who has no connection to whom, besides the two clients. */
  readonly apart?: readonly string[];
  /** What `right` can host. */
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
  /** Pairs, as `one two`; what the first says does not reach the second. */
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

  /** Counts on: the count, within so many milliseconds. */
  async function inc(milliseconds: number): Promise<number> {
    const { value, took } = await timed(apple.inc());
    assertLess(took, milliseconds);
    return value;
  }

  it("call by way of one member, at once, where their transports know", async () => {
    await start();
    assertEquals(await until(apple.node()), "right");
    for (const { sent } of Object.values(taps)) sent.length = 0;
    // Four frames of about half a millisecond: there by two, and back by two.
    assertEquals([await inc(3), await inc(3), await inc(3)], [1, 2, 3]);
    assertEquals(counters.executed, ["inc", "inc", "inc"]);
    assertEquals(said(taps.left, "relay").length, 3);
    assertEquals(said(taps.right, "relay").length, 3);
    const passedOn = cluster.members.map((id) => said(taps[id], "relayed").length);
    assertEquals(passedOn.toSorted(), [0, 0, 6]);
    assertEquals(said(taps.left, "ask").length, 0);
  });

  it("call by way of a member when it was tried directly in vain, where nobody can tell", async () => {
    await start({ knows: false });
    assertEquals(await until(apple.node()), "right");
    // Known from the first call on.
    assertEquals([await inc(3), await inc(3)], [1, 2]);
    // It is tried directly again now and then, and then it takes longer.
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

  it("bring large arguments and results, and errors", async () => {
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
    const where = knows ? "where their transports know" : "where nobody can tell";

    it(`cast by way of a member, ${where}`, async () => {
      await start({ knows });
      await until(apple.node());
      await cluster.pass(10_000);
      for (let i = 0; i < 5; i++) left.cast(apple, "inc");
      await cluster.pass(10);
      assertEquals(counters.executed, Array(5).fill("inc"));
    });

    it(`go by another member when that one is lost, ${where}`, async () => {
      await start({ knows });
      assertEquals(await until(apple.inc()), 1);
      const [lost] = cluster.members.filter((id) => said(taps[id], "relayed").length > 0);
      cluster.crash(lost);
      const { value, took } = await timed(apple.inc());
      assertEquals(value, 2);
      assertLess(took, 1_000);
      assertEquals(counters.executed, ["inc", "inc"]);
    });

    it(`run once what arrives by both ways, ${where}`, async () => {
      await start({ knows });
      // Only what the host says is lost: the call arrives directly, and then by way of a member.
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

  it("ask another member at once when one has no connection to the other side", async () => {
    for (const lost of ["n1", "n2", "n3"]) {
      await start({ apart: [`${lost} right`] });
      for (let n = 1; n <= 3; n++) {
        const banana = left.name(["banana", n], counters.spec, 1);
        const { value, took } = await timed(banana.inc());
        assertEquals(value, 1);
        // The start of an instance, and a call: to be sent again they would have had to wait for longer.
        assertLess(took, 100);
      }
      if (lost !== "n3") await cluster[Symbol.asyncDispose]();
    }
  });

  it("find the one member that has a connection to both", async () => {
    await start({ apart: ["left n1", "right n3"] });
    assertEquals(await until(apple.inc()), 1);
    assertEquals(await inc(3), 2);
    assertEquals(said(taps.n1, "relayed").length + said(taps.n3, "relayed").length, 0);
    assertGreater(said(taps.n2, "relayed").length, 0);
  });

  it("are told by the host that it closes, and go to another one", async () => {
    await start();
    assertEquals(await until(apple.node()), "right");
    await cluster.join("next", { hosts: [counters.spec] });
    await until(cluster.node("next").ready);
    await until(right.close());
    const { value, took } = await timed(apple.node());
    assertEquals(value, "next");
    assertLess(took, 1_000);
  });

  it("are told outcome_unknown when the host vanishes mid-call, and nothing runs twice", async () => {
    await start();
    const waiting = assertCode(apple.wait("for ever"), "outcome_unknown");
    await cluster.pass(100);
    assertEquals(counters.executed, ["wait for ever"]);
    cluster.crash("right");
    await until(waiting);
    assertEquals(counters.executed, ["wait for ever"]);
  });

  it("hand puts over by way of a member", async () => {
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

  describe("take what is relayed", () => {
    /** Has `from` bring a question to `right` that `left` is said to have asked. */
    function bring(from: string, load: (body: Uint8Array) => Request): void {
      const last = decodeFrame(taps.n1.sent[taps.n1.sent.length - 1]);
      if (!last.ok) throw new Error("it has sent no frame");
      const { header } = last.frame;
      // Nobody can run this spec: whoever takes the question answers that it failed.
      const body = encodeQuestion({
        ...{ type: "start", chain: [], background: false },
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

    /** How often `right` has answered `left`. */
    const answers = async () => {
      await cluster.pass(10);
      return said(taps.right, "relay").filter((request) =>
        request.type === "relay" && request.to === "left"
      ).length;
    };

    it("from members, and from nobody else", async () => {
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

    it("and a node that is no member passes nothing on", async () => {
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
