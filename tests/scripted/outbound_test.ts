import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeValue, registerId } from "../../lib/codec.ts";
import { SessionMonitor } from "../../lib/owners/session_monitor.ts";
import { decodeQuestion, encodeAnswer } from "../../lib/singletons/bodies.ts";
import { Outbound } from "../../lib/singletons/outbound.ts";
import { life, ScriptedNode } from "./support/scripted_node.ts";

const REGISTER = registerId("s", "counter", "apple");
const ARGS = encodeValue([], 100);

/** A node that calls the instance on node h. */
class Script {
  readonly node: ScriptedNode;
  readonly outbound: Outbound;
  /** What became of the calls, in the order in which that was known. */
  readonly outcomes: string[] = [];
  #seen = 0;

  private constructor(node: ScriptedNode) {
    this.node = node;
    this.outbound = new Outbound(node.core, new SessionMonitor(node.core));
  }

  static async start(): Promise<Script> {
    return new Script(await ScriptedNode.start());
  }

  /** Calls; the session is that of this life of h. */
  call(host = life(5)): void {
    const pid = { node: "h", session: `h/${host}/1`, seq: 1 };
    const attempt = { pid, token: 3, register: REGISTER, method: "inc", args: ARGS };
    this.outbound.call(attempt, { deadline: Infinity }).then(
      ({ type }) => this.outcomes.push(type),
      (error) => this.outcomes.push(error.code),
    );
  }

  /** The attempts that h was sent since the last time: who asks, and which number it is. */
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
        const question = decodeQuestion(request.body);
        return question.type === "call" ? [`${header.life.slice(-1)}: ${question.sequence}`] : [];
      });
    });
  }

  /** h answers its latest question. */
  async answer(type: "running" | "refused"): Promise<void> {
    const { frame } = this.node.frames.findLast(({ to }) => to === "h")!;
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    const { id } = decoded.frame.requests.at(-1)!;
    const header = { ...this.node.header("a"), life: life(5), incarnation: null };
    const replies = [{ id, type: "told", body: encodeAnswer({ type }) } as const];
    this.node.receive("h", { header, replies });
    await this.node.settle();
  }
}

describe("Outbound: an attempt (section 10)", () => {
  it("keeps its number however often it is sent; each one has a number of its own", async () => {
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

  it("is lost when its own node takes a new life: under that name it would be another attempt", async () => {
    const script = await Script.start();
    script.call();
    assertEquals(await script.sent(), ["9: 1"]);
    await script.answer("running");
    script.node.engine.relive(life("A"));
    await script.node.time.pass(1_000);
    assertEquals([await script.sent(), script.outcomes], [[], ["lost"]]);
    script.call();
    assertEquals(await script.sent(), ["A: 2"]);
  });
});
