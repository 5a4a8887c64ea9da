// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeValue, registerId } from "../../lib/codec.ts";
import { SessionMonitor } from "../../lib/owners/session_monitor.ts";
import {
  decodeSingletonRequest,
  encodeSingletonReply,
} from "../../lib/singletons/singleton_messages.ts";
import { Outbound } from "../../lib/singletons/outbound.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";

const REGISTER = registerId("s", "counter", "apple");
const ARGS = encodeValue([], 100);

/** A node that calls the instance on node h. */
class Script {
  readonly node: ScriptedNode;
  readonly outbound: Outbound;
  readonly monitor: SessionMonitor;
  /** Whether the members say that hosts have left in order. */
  hasLeft = false;
  /** The outcomes of the calls, in the order in which they were known. */
  readonly outcomes: string[] = [];
  #seen = 0;

  private constructor(node: ScriptedNode) {
    this.node = node;
    this.monitor = new SessionMonitor(node.core);
    this.outbound = new Outbound(node.core, this.monitor, {
      hasLeft: () => Promise.resolve(this.hasLeft),
    });
  }

  static async start(): Promise<Script> {
    return new Script(await ScriptedNode.start());
  }

  /** Casts to the given life of h. */
  cast(host: string): void {
    const pid = { node: "h", session: `h/${host}/1`, seq: 1 };
    this.outbound.cast({ pid, token: 3, register: REGISTER, method: "inc", args: ARGS, chain: [] });
  }

  /** The birth in the latest attempt sent to h. */
  async birth(): Promise<number> {
    await this.node.settle();
    const { frame } = this.node.frames.findLast(({ to }) => to === "h")!;
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    const request = decoded.frame.requests.at(-1)!;
    const question = request.type === "ask" ? decodeSingletonRequest(request.body) : undefined;
    if (question?.type !== "call") throw new Error("not a call");
    assertLessOrEqual(question.birth, decoded.frame.header.clock);
    return question.birth;
  }

  /** Calls; the session is that of the given life of h. */
  call(host = life(5)): void {
    const pid = { node: "h", session: `h/${host}/1`, seq: 1 };
    const attempt = { pid, token: 3, register: REGISTER, method: "inc", args: ARGS, chain: [] };
    this.outbound.call(attempt, { deadline: Infinity }).then(
      ({ type }) => this.outcomes.push(type),
      (error) => this.outcomes.push(error.code),
    );
  }

  /** The attempts sent to h since the last call: the caller and the number of each. */
  async sent(): Promise<string[]> {
    await this.node.settle();
    const frames = this.node.frames.slice(this.#seen);
    this.#seen = this.node.frames.length;
    return frames.filter(({ to }) => to === "h").flatMap(({ frame }) => {
      const decoded = decodeFrame(frame);
      if (!decoded.ok) throw new Error("not a frame");
      const { header, requests } = decoded.frame;
      return requests.flatMap((request) => {
        if (request.type !== "ask") return [];
        const question = decodeSingletonRequest(request.body);
        return question?.type === "call" ? [`${header.life.slice(-1)}: ${question.sequence}`] : [];
      });
    });
  }

  /** h answers its latest request. */
  async answer(type: "running" | "begun" | "refused" | "stale"): Promise<void> {
    const { frame } = this.node.frames.findLast(({ to }) => to === "h")!;
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    const { id } = decoded.frame.requests.at(-1)!;
    const header = { ...this.node.header("a"), life: life(5), incarnation: null };
    const replies = [{ id, type: "told", body: encodeSingletonReply({ type }) } as const];
    this.node.receive("h", { header, replies });
    await this.node.settle();
  }
}

describe("Outbound: an attempt (section 10)", () => {
  it("keeps its number in every resend; each attempt has its own number", async () => {
    const script = await Script.start();
    script.call();
    script.call();
    assertEquals(await script.sent(), ["9: 1", "9: 2"]);
    await script.node.time.pass(300);
    const again = await script.sent();
    assertEquals([...new Set(again)].sort(), ["9: 1", "9: 2"]);
  });

  it("is not made again when it was refused: the next one has the next number", async () => {
    const script = await Script.start();
    script.call();
    await script.sent();
    await script.answer("refused");
    assertEquals(script.outcomes, ["refused"]);
    script.call();
    assertEquals(await script.sent(), ["9: 2"]);
  });

  it("is numbered for each life of a host", async () => {
    const script = await Script.start();
    script.call();
    script.call(life(6));
    assertEquals(await script.sent(), ["9: 1", "9: 1"]);
  });

  it("is lost when its own node takes a new life: under that life it would be another attempt", async () => {
    const script = await Script.start();
    script.call();
    assertEquals(await script.sent(), ["9: 1"]);
    await script.answer("running");
    script.node.engine.changeLife(life("A"));
    await script.node.time.pass(1_000);
    assertEquals([await script.sent(), script.outcomes], [[], ["lost"]]);
    const before = await script.birth();
    script.call();
    assertEquals(await script.sent(), ["A: 1"]);
    assertGreater(await script.birth(), before);
  });
});

describe("Outbound: a host whose session ends", () => {
  const SESSION = `h/${life(5)}/1`;
  /** The members are told that the session is over, and tell the node, which has asked them. */
  async function end({ node }: Script): Promise<void> {
    for (const member of node.members) {
      node.give(member, { id: 1, type: "over", life: life(5) });
      node.voter(member).sessions.end(SESSION, node.time.runtime.now());
    }
    for (let i = 0; i < 3; i++) await node.ask(...node.members);
  }

  it("the call is lost at once if the session is watched already, as it is for a known location", async () => {
    const script = await Script.start();
    script.monitor.watch(SESSION, () => {});
    await script.node.ask(...script.node.members);
    script.call();
    await script.sent();
    await end(script);
    assertEquals([script.outcomes, script.node.time.runtime.now()], [["lost"], 0]);
  });

  it("otherwise the members are not asked before the first resend", async () => {
    const script = await Script.start();
    script.call();
    await script.sent();
    assertEquals(await script.node.asked("a"), []);
    await end(script);
    assertEquals(script.outcomes, []);
    await script.node.time.pass(300);
    await script.node.ask(...script.node.members);
    await script.node.ask(...script.node.members);
    assertEquals(script.outcomes, ["lost"]);
  });

  it("the call is refused if the host has left in order, unless it said that the method has begun", async () => {
    for (const said of ["running", "begun"] as const) {
      const script = await Script.start();
      script.hasLeft = true;
      script.monitor.watch(SESSION, () => {});
      await script.node.ask(...script.node.members);
      script.call();
      await script.sent();
      await script.answer(said);
      await end(script);
      assertEquals(script.outcomes, [said === "begun" ? "lost" : "refused"]);
    }
  });

  it("a call of a guest may have begun if another gateway has got it before the members have answered", async () => {
    for (const isElsewhere of [false, true]) {
      const script = await Script.start();
      script.hasLeft = true;
      script.monitor.watch(SESSION, () => {});
      await script.node.ask(...script.node.members);
      let asked = 0;
      const isFirst = () => asked++ === 0 || !isElsewhere;
      const numbers = { birth: 1, sequence: 1, done: 0, open: [], full: false };
      const about = { register: REGISTER, session: SESSION, token: 3, ...numbers, method: "inc" };
      const call = { type: "call", ...about, args: ARGS, chain: [], awaited: true } as const;
      const how = { begun: () => {}, isGivenUp: () => false, isFirst, request: () => call };
      script.outbound.attempt(call, { deadline: Infinity }, how).then(
        ({ type }) => script.outcomes.push(type),
      );
      await script.sent();
      await end(script);
      assertEquals(script.outcomes, [isElsewhere ? "lost" : "refused"]);
    }
  });

  it("a call that a guest has sent before is lost at once, however soon it comes again", async () => {
    for (const isFirst of [true, false]) {
      const script = await Script.start();
      await end(script);
      const numbers = { birth: 1, sequence: 1, done: 0, open: [], full: false };
      const about = { register: REGISTER, session: SESSION, token: 3, ...numbers, method: "inc" };
      const call = { type: "call", ...about, args: ARGS, chain: [], awaited: true } as const;
      const how = {
        begun: () => {},
        isGivenUp: () => false,
        isFirst: () => isFirst,
        request: () => call,
      };
      script.outbound.attempt(call, { deadline: Infinity }, how).then(
        ({ type }) => script.outcomes.push(type),
      );
      assertEquals(await script.sent(), ["9: 1"]);
      for (let i = 0; i < 3; i++) await script.node.ask(...script.node.members);
      assertEquals([script.outcomes, script.node.time.runtime.now()], [isFirst ? [] : ["lost"], 0]);
    }
  });

  it("a call that was answered is watched no more", async () => {
    const script = await Script.start();
    const stop = script.monitor.watch(SESSION, () => {});
    script.call();
    await script.sent();
    await script.node.time.pass(300);
    await script.answer("refused");
    assertEquals(script.monitor.has(SESSION), true);
    stop();
    assertEquals(script.monitor.has(SESSION), false);
  });
});

describe("Outbound: births (section 10)", () => {
  it("numbers continue while an attempt is open, and for a second after that", async () => {
    const script = await Script.start();
    script.call();
    await script.sent();
    const birth = await script.birth();
    for (let i = 0; i < 3; i++) {
      await script.node.time.pass(1_000);
      await script.answer("running");
    }
    await script.sent();
    script.call();
    assertEquals(new Set(await script.sent()).has("9: 2"), true);
    assertEquals(await script.birth(), birth);
  });

  it("after a second without an attempt the next one is the first of a later birth", async () => {
    const script = await Script.start();
    script.call();
    await script.sent();
    const birth = await script.birth();
    await script.answer("refused");
    await script.node.time.pass(900);
    script.call();
    assertEquals([await script.sent(), await script.birth()], [["9: 2"], birth]);
    await script.answer("refused");
    await script.node.time.pass(1_100);
    script.call();
    assertEquals(await script.sent(), ["9: 1"]);
    assertGreater(await script.birth(), birth);
  });

  it("an attempt that its host has forgotten is lost; those after it have a later birth", async () => {
    const script = await Script.start();
    script.call();
    await script.sent();
    const birth = await script.birth();
    await script.answer("stale");
    assertEquals(script.outcomes, ["lost"]);
    script.call();
    assertEquals(await script.sent(), ["9: 1"]);
    assertGreater(await script.birth(), birth);
  });

  it("at most a thousand of 20,000 lives of hosts are remembered, and the next one is still called", async () => {
    const script = await Script.start();
    const host = (n: number) => `-P70F6sqFhqk35e${String(n).padStart(5, "0")}`;
    for (let n = 0; n < 20_000; n++) {
      script.cast(host(n));
      assertLessOrEqual(script.outbound.channels, 1_000);
      if (n % 1_000 === 0) await script.sent();
    }
    await script.sent();
    script.call(host(20_000));
    assertEquals(await script.sent(), ["9: 1"]);
    assertEquals(script.outcomes, []);
  });
});
