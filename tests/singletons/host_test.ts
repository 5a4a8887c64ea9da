// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { PaxosKV } from "../../lib/kv/paxos_kv.ts";
import type { ProcessLocks } from "../../lib/locks/process_locks.ts";
import { ProcessTable } from "../../lib/owners/process_table.ts";
import { Process } from "../../lib/processes/process.ts";
import {
  decodeSingletonReply,
  type SingletonReply,
  type SingletonRequest,
} from "../../lib/singletons/singleton_messages.ts";
import { Host } from "../../lib/singletons/host.ts";
import { singletonOf, takeChange } from "../../lib/singletons/singleton_value.ts";
import type { AnySpec } from "../../lib/singletons/spec.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";
import { acceptRequest } from "../support/accept_request.ts";

const REGISTER = registerId("s", "counter", "apple");
const ARGS = encodeValue([], 100);
const START = {
  ...{ type: "start", register: REGISTER, spec: "counter", args: ARGS } as const,
  ...{ chain: [], background: false, kept: false, after: null },
};

/** A host of counters whose messages a test delivers. */
class Script {
  readonly node: ScriptedNode;
  readonly host: Host;
  /** The number of instances made. */
  made = 0;
  /** The calls that instances have run. */
  readonly calls: string[] = [];
  process: Process<unknown> | undefined;
  #attempts = 0;

  private constructor(node: ScriptedNode) {
    this.node = node;
    const { core } = node;
    const table = new ProcessTable(core);
    const spec: AnySpec = {
      id: "counter",
      start: () => {
        this.made++;
        return { inc: () => void this.calls.push("inc") };
      },
    };
    this.host = new Host({
      core,
      specs: [spec],
      kept: new Map(),
      spawn: () => {
        // As a node does.
        core.session.check();
        return this.process = new Process<unknown>(
          {
            table,
            check: () => core.session.check(),
            kvFor: () => undefined as unknown as PaxosKV,
            locksFor: () => ({ close: () => Promise.resolve() }) as unknown as ProcessLocks,
            ended: () => {},
            failed: () => {},
            within: (promise) => promise,
          },
          undefined,
          {},
        );
      },
      left: () => {},
      began: () => {},
      startFailed: () => {},
      failed: () => {},
      instanceCalls: {
        name: () => ({}),
        call: () => Promise.reject(new Error("it makes no calls")),
      },
    });
  }

  static async start(): Promise<Script> {
    return new Script(await ScriptedNode.start());
  }

  /** Asks it to start the instance. */
  begin(timeout = 600_000): { answer: string } {
    const result = { answer: "pending" };
    this.host.start({ ...START, timeout }).then((answer) => {
      result.answer = answer.type === "failed" ? `failed: ${answer.failure.code}` : answer.type;
    });
    return result;
  }

  /** A caller calls `inc` of the instance with this token; returns the last reply. */
  async call(
    token: number,
    session = this.process!.pid.session,
    birth = 1,
  ): Promise<string | undefined> {
    let last: SingletonReply | undefined;
    const call: SingletonRequest = {
      ...{
        type: "call",
        register: REGISTER,
        session,
        token,
        birth,
        sequence: ++this.#attempts,
      } as const,
      ...{ done: this.#attempts - 1, open: [], full: false, method: "inc", args: ARGS },
      ...{ chain: [], awaited: true },
    };
    this.host.receive("m", life(6), call, (body) => last = decodeSingletonReply(body));
    await this.node.settle();
    return last?.type;
  }

  /** The instance's process as `member` holds it: its number, or nothing. */
  held(member: string): number | undefined {
    const reading = { id: 0, type: "read", register: REGISTER } as const;
    const { reply } = this.node.voter(member).handle(reading, { node: "r", life: life("r") }, 0);
    if (reply?.type !== "current") throw new Error("no answer");
    return singletonOf(reply.accepted?.state ?? null)?.pid?.seq;
  }

  /** Another host has the instance, as process 7, as these members have accepted. */
  taken(...members: string[]): void {
    const pid = { node: "n", session: `n/${life(4)}/1`, seq: 7 };
    const wish = { restart: "temporary", args: ARGS, decides: false, after: null } as const;
    const ballot = { counter: 3, life: life("r") };
    const take = takeChange(`${life("r")}/1`, pid, wish, () => false, () => true);
    const { draft } = take({ state: null, token: 0, ballot });
    if (!draft?.present) throw new Error("it is free");
    const state = { ...draft, token: 3, over: 0 };
    for (const member of members) {
      const accept = acceptRequest(REGISTER, ballot, state);
      const from = { node: "n", life: life(4) };
      const now = this.node.time.runtime.now();
      const voter = this.node.voter(member);
      voter.sessions.renew(pid.session, 5_000, 1, now);
      voter.handle(accept, from, now);
    }
    this.node.engine.clock.observe(3);
  }

  accepts(member: string): string[] {
    return this.node.trace.filter((line) => line.startsWith(`${member}< accept`));
  }
}

/** A host whose instance runs, with token 1. */
async function running(): Promise<Script> {
  const script = await Script.start();
  const start = script.begin();
  await script.node.ask("a", "b");
  await script.node.ask("a", "b");
  assertEquals([start.answer, script.made], ["started", 1]);
  return script;
}

describe("Host: first the register, then the instance (section 10)", () => {
  it("starts nothing before a quorum has accepted that it is the host", async () => {
    const script = await Script.start();
    const start = script.begin();
    await script.node.ask("a", "b");
    await script.node.ask("a");
    assertEquals([start.answer, script.made], ["pending", 0]);
    await script.node.ask("b");
    assertEquals([start.answer, script.made], ["started", 1]);
  });

  it("starts nothing when another host has won, and names that host", async () => {
    const script = await Script.start();
    script.taken("a", "b", "c");
    const start = script.begin();
    await script.node.ask("a", "b");
    assertEquals([start.answer, script.made], ["started", 0]);
    assertEquals([script.held("a"), script.accepts("a")], [7, []]);
    // Its own process is gone.
    assertEquals(script.process!.signal.aborted, true);
  });

  it("starts nothing if its session is over when it learns that it won", async () => {
    const script = await Script.start();
    const start = script.begin();
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    // Only the wall clock has advanced, as in a sleep: no timer has run.
    script.node.ahead = 5_000;
    await script.node.hear("a", "b");
    assertEquals([start.answer, script.made], ["failed: session_lost", 0]);
  });

  it("starts nothing in a session that no quorum has granted yet: others could fence it at once", async () => {
    const script = await Script.start();
    for (const member of ["a", "b", "c"]) script.node.voter(member).sessions.grantFrom(Infinity);
    const start = script.begin();
    // It has found its session valid, and is paused before it makes the process, which then belongs to the next
    // session.
    script.node.ahead = 5_000;
    for (let i = 0; i < 3; i++) await script.node.ask("a", "b");
    assertEquals(script.process!.pid.session, `x/${life(9)}/2`);
    assertEquals([start.answer, script.made], ["failed: session_lost", 0]);
    assertEquals(script.held("a"), undefined);
  });

  it("starts nothing if its process has ended by then", async () => {
    const script = await Script.start();
    const start = script.begin();
    await script.node.ask("a", "b");
    script.process!.exit();
    await script.node.ask("a", "b");
    assertEquals([start.answer, script.made], ["failed: session_lost", 0]);
  });
});

describe("Host: a start whose outcome is unknown (section 10)", () => {
  it("ends its process, and makes sure that its write is gone", async () => {
    const script = await Script.start();
    const start = script.begin(300);
    await script.node.ask("a", "b");
    // Its accept is only in transit to c, for a long time.
    const late = (await script.node.asked("c")).filter(({ type }) => type === "accept");
    await script.node.lose("a", "b", "c");
    await script.node.time.pass(400);
    assertEquals([start.answer, script.made], ["failed: no_quorum", 0]);
    assertEquals(script.process!.signal.aborted, true);
    await script.node.lose("a", "b", "c");
    // In steps that are too short for a resend.
    for (let i = 0; i < 40; i++) {
      await script.node.time.pass(25);
      await script.node.ask("a", "b");
    }
    // It saw an absent register, and wrote that.
    assertEquals(script.accepts("a").map((line) => line.includes("absent")), [true]);
    for (const accept of late) {
      if (accept.type !== "accept") continue;
      script.node.voter("c").handle(accept, { node: "x", life: life(9) }, 0);
    }
    assertEquals(script.held("c") !== undefined, true);
    const again = script.begin();
    for (let i = 0; i < 3; i++) await script.node.ask("c", "a");
    assertEquals([again.answer, script.made], ["started", 1]);
  });

  it("seals a value that has appeared meanwhile", async () => {
    const script = await Script.start();
    const start = script.begin(300);
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    await script.node.lose("a", "b", "c");
    await script.node.time.pass(400);
    assertEquals([start.answer, script.held("a")], ["failed: no_quorum", script.process!.pid.seq]);
    await script.node.lose("a", "b", "c");
    for (let i = 0; i < 10; i++) {
      await script.node.time.pass(100);
      await script.node.ask("a", "b");
    }
    assertEquals([script.held("a"), script.held("b"), script.made], [undefined, undefined, 0]);
  });
});

describe("Host: calls (section 10)", () => {
  it("runs those for exactly this instance, in exactly its session", async () => {
    const script = await running();
    assertEquals(await script.call(1), "returned");
    assertEquals(await script.call(2), "refused");
    assertEquals(await script.call(1, `x/${life(9)}/7`), "refused");
    assertEquals(script.calls, ["inc"]);
  });

  it("does not answer those for another life of it: that one may have run them", async () => {
    const script = await running();
    assertEquals(await script.call(1, `x/${life(5)}/1`), undefined);
    assertEquals(script.calls, []);
  });

  it("does not answer those of a caller whose birth is above every clock", async () => {
    const script = await running();
    const { counter } = script.node.engine.clock;
    const { session } = script.process!.pid;
    assertEquals(await script.call(1, session, counter + 1), undefined);
    assertEquals(script.calls, []);
    assertEquals(await script.call(1, session, counter), "returned");
  });

  it("refuses them from the session's deadline on, even if timers are late", async () => {
    const script = await running();
    script.node.ahead = 5_000;
    assertEquals(await script.call(1), "refused");
    assertEquals(script.calls, []);
  });

  it("refuses them once the process has ended", async () => {
    const script = await running();
    script.process!.exit();
    assertEquals(await script.call(1), "refused");
    assertEquals(script.calls, []);
  });

  it("numbers them from the start for each life of its own", async () => {
    const script = await running();
    await script.call(1);
    script.process!.exit();
    for (let i = 0; i < 3; i++) await script.node.ask("a", "b");
    script.node.core.session.end();
    script.node.engine.changeLife(life("9A"));
    script.node.core.session.open();
    await script.node.ask("a", "b", "c");
    const start = script.begin();
    for (let i = 0; i < 4; i++) await script.node.ask("a", "b");
    assertEquals(start.answer, "started");
    // The caller's first call to this life.
    let last: SingletonReply | undefined;
    const { session } = script.process!.pid;
    const call: SingletonRequest = {
      ...{ type: "call", register: REGISTER, session, token: 99, birth: 1, sequence: 1 } as const,
      ...{ done: 0, open: [], full: false, method: "inc", args: ARGS },
      ...{ chain: [], awaited: true },
    };
    script.host.receive("m", life(6), call, (body) => last = decodeSingletonReply(body));
    assertEquals(last?.type, "refused");
  });
});

describe("Host: the end of an instance (section 10)", () => {
  it("aborts its signal first, and then seals its entry", async () => {
    const script = await running();
    const { signal } = script.process!;
    const exit = script.process!.exit();
    assertEquals([signal.aborted, script.held("a")], [true, script.process!.pid.seq]);
    for (let i = 0; i < 3; i++) await script.node.ask("a", "b");
    assertEquals(script.held("a"), undefined);
    await exit;
  });
});
