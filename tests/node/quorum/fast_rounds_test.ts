// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FastRounds } from "../../../lib/node/quorum/fast_rounds.ts";
import { CONFIGURATION } from "../../../lib/paxos/register.ts";
import { Voter } from "../../../lib/paxos/voter.ts";
import { registerId } from "../../../lib/codec.ts";
import type { Reachability } from "../../../lib/node/wire/routes.ts";
import { setOnce } from "../../paxos/support/changes.ts";
import {
  KEY,
  life,
  ScriptedNode,
  type ScriptOptions,
  sendable,
} from "../../support/scripted_node.ts";

async function start(
  options: ScriptOptions = {},
): Promise<{ node: ScriptedNode; rounds: FastRounds; others: { number: number } }> {
  const node = await ScriptedNode.start(options);
  const others = { number: 0 };
  const { pacing } = node.core;
  return { node, rounds: new FastRounds(node.engine, pacing, () => others.number + 1), others };
}

/** A round that waits for `member`, 10 ms after it was sent; `went`: whether it has gone on. */
function waiting(
  { node, rounds }: { node: ScriptedNode; rounds: FastRounds },
  member: string,
): { went: boolean; cancel: () => void } {
  const state = { went: false, cancel: () => {} };
  const asked = node.time.runtime.now() - 10;
  state.cancel = rounds.awaitRest(() => [member], asked, asked + 10, () => state.went = true);
  return state;
}

describe("FastRounds (section 3a)", () => {
  it("begin while every member is connected, and never for the configuration", async () => {
    const { rounds } = await start();
    assertEquals([rounds.mayBegin(KEY), rounds.mayBegin(CONFIGURATION)], [true, false]);
    let way: Reachability = "none";
    const other = await start({ way: (to) => to === "c" ? way : "direct" });
    assertEquals(other.rounds.mayBegin(KEY), false);
    way = "unknown";
    assertEquals(other.rounds.mayBegin(KEY), true);
  });

  it("wait as long again as a quorum took, then go on, and begin again when the member was heard", async () => {
    const one = await start();
    const round = waiting(one, "c");
    await one.node.time.pass(9);
    assertEquals(round.went, false);
    await one.node.time.pass(2);
    assertEquals([round.went, one.rounds.mayBegin(KEY)], [true, false]);
    await one.node.time.pass(60_000);
    assertEquals(one.rounds.mayBegin(KEY), false);
    one.rounds.heard("b");
    assertEquals(one.rounds.mayBegin(KEY), false);
    one.rounds.heard("c");
    assertEquals(one.rounds.mayBegin(KEY), true);
  });

  it("read what has come before they go on: the process may be late, and not the member", async () => {
    const one = await start();
    const round = waiting(one, "c");
    // Due at the same time as the round, but called behind it, as frames are.
    one.node.time.runtime.setTimer(() => round.cancel(), 10);
    await one.node.time.pass(20);
    assertEquals([round.went, one.rounds.mayBegin(KEY)], [false, true]);
  });

  it("do not pause for a delay that several of them meet, one after the other", async () => {
    const one = await start();
    const { runtime } = one.node.time;
    // With a member that is late for this time, in which each round takes 2 ms.
    const late = async (time: number) => {
      const since = runtime.now();
      while (runtime.now() < since + time && one.rounds.mayBegin(KEY)) {
        const now = runtime.now();
        one.rounds.awaitRest(() => ["c"], now, now + 1, () => {});
        await one.node.time.pass(2);
        one.rounds.heard("c");
      }
      return runtime.now() - since;
    };
    for (let i = 0; i < 5; i++) {
      await late(10);
      assertEquals(one.rounds.mayBegin(KEY), true);
      for (let good = 0; good < 4; good++) one.rounds.completed();
    }
    assertLessOrEqual(await late(1_000), 30);
  });

  it("that wait for a silent member go on with the first one, and later ones at once", async () => {
    const one = await start();
    const first = waiting(one, "c");
    await one.node.time.pass(5);
    const second = waiting(one, "c");
    const other = waiting(one, "b");
    await one.node.time.pass(6);
    assertEquals([first.went, second.went, other.went], [true, true, false]);
    assertEquals(waiting(one, "c").went, true);
    await one.node.time.pass(5);
    assertEquals(other.went, true);
  });

  it("do not begin while many others are under way, beside the time of a round trip", async () => {
    const { node, rounds, others } = await start({ withoutSession: true });
    const { pacing } = node.core;
    for (let i = 0; i < 50; i++) pacing.measured(50);
    others.number = 100;
    assertEquals(rounds.mayBegin(KEY), true);
    // That is the network, and the others have waited for the processor.
    pacing.measured(1);
    for (let i = 0; i < 50; i++) pacing.measured(50);
    others.number = 30;
    assertEquals(rounds.mayBegin(KEY), false);
    await node.time.pass(60);
    others.number = 10;
    assertEquals(rounds.mayBegin(KEY), true);
  });

  it("do not begin for a while after that many were under way: the next ones follow the same pace", async () => {
    const { node, rounds, others } = await start({ withoutSession: true });
    node.core.pacing.measured(1);
    others.number = 16;
    assertEquals(rounds.mayBegin(KEY), false);
    others.number = 0;
    await node.time.pass(49);
    assertEquals(rounds.mayBegin(KEY), false);
    await node.time.pass(2);
    assertEquals(rounds.mayBegin(KEY), true);
  });

  it("that are over wait no more, and leave one timer until its time, or until the node closes", async () => {
    const one = await start();
    const timers = one.node.time.timers;
    const rounds = ["b", "c"].map((member) => waiting(one, member));
    for (const round of rounds) round.cancel();
    assertEquals(one.node.time.timers, timers + 1);
    await one.node.time.pass(20);
    assertEquals(rounds.map(({ went }) => went), [false, false]);
    assertEquals([one.node.time.timers, one.rounds.mayBegin(KEY)], [timers, true]);
    waiting(one, "c").cancel();
    one.rounds.stop();
    assertEquals(one.node.time.timers, timers);
  });

  it("pause for longer and longer while a member is slow, and good ones make up for slow ones", async () => {
    const one = await start();
    const slow = async () => {
      const round = waiting(one, "c");
      await one.node.time.pass(11);
      assertEquals(round.went, true);
      one.rounds.heard("c");
    };
    for (const pause of [1_000, 2_000, 4_000]) {
      for (let i = 0; i < 10 && one.rounds.mayBegin(KEY); i++) await slow();
      await one.node.time.pass(pause - 2);
      assertEquals(one.rounds.mayBegin(KEY), false);
      await one.node.time.pass(2);
      assertEquals(one.rounds.mayBegin(KEY), true);
    }
    for (let i = 0; i < 20; i++) one.rounds.completed();
    for (let i = 0; i < 5; i++) {
      await slow();
      assertEquals(one.rounds.mayBegin(KEY), true);
      one.rounds.completed();
      one.rounds.completed();
    }
  });

  it("do not begin for a while where one has met something, nor after a lack of room", async () => {
    const one = await start();
    one.rounds.met(KEY);
    assertEquals([one.rounds.mayBegin(KEY), one.rounds.mayBegin(KEY + "x")], [false, true]);
    await one.node.time.pass(10_001);
    assertEquals(one.rounds.mayBegin(KEY), true);
    one.rounds.noRoom();
    assertEquals(one.rounds.mayBegin(KEY), false);
    await one.node.time.pass(59_000);
    assertEquals(one.rounds.mayBegin(KEY), false);
    await one.node.time.pass(1_001);
    assertEquals(one.rounds.mayBegin(KEY), true);
  });
});

describe("a fast round of a member (sections 3a and 8)", () => {
  it("does not begin while its room is promised to others", async () => {
    const { node, rounds } = await start({ self: "a" });
    const voter = new Voter(node.record, life(9), { ...node.voterSettings, maxBytes: 10_000 });
    node.engine.vote(voter);
    assertEquals(rounds.mayBegin(KEY), true);
    const ballot = { counter: 5, life: life(7) };
    const prepare = {
      type: "prepare",
      register: registerId("k", undefined, "other"),
      ballot,
    } as const;
    voter.acceptor.handle({ ...prepare, grows: 10_000 }, { node: "b", life: life(7) }, 0);
    assertEquals(rounds.mayBegin(KEY), false);
  });
});

describe("a change with a fast round (section 3a)", () => {
  it("begins with none while the node does not know its cluster: its ballot is below all floors", async () => {
    const node = new ScriptedNode({});
    const options = { deadline: Infinity, fast: true };
    node.core.proposals.change(KEY, sendable(setOnce("x")), options).catch(() => {});
    await node.settle();
    assertEquals((await node.asked("a")).map(({ type }) => type), ["prepare"]);
  });

  it("goes on with a quorum that it gets later, when replies that it waited with were dropped", async () => {
    const node = await ScriptedNode.start();
    let outcome = "pending";
    const options = { deadline: Infinity, fast: true };
    node.core.proposals.change(KEY, sendable(setOnce("v")), options).then(
      () => outcome = "done",
      (error) => outcome = String(error),
    );
    await node.ask("a", "b");
    // Both come back without memory, and c, which took it, too, has heard of that.
    node.crash("a", 2, "b", "c");
    node.crash("b", 2, "a", "c");
    await node.ask("c");
    // b is never heard again.
    for (let i = 0; i < 20 && outcome === "pending"; i++) {
      await node.time.pass(100);
      await node.ask("a", "c");
      await node.lose("b");
    }
    assertEquals(outcome, "done");
  });

  /** A change with a fast round, and whether another one may begin. */
  async function changing(signal?: AbortSignal) {
    const node = await ScriptedNode.start();
    const options = { deadline: Infinity, fast: true };
    const first = { ...options, signal };
    node.core.proposals.change(KEY, sendable(setOnce("v")), first).catch(() => {});
    assertEquals((await node.asked("a")).map(({ type }) => type), ["fast"]);
    const others = () => {
      const other = node.core.proposals.change(KEY + "x", sendable(setOnce("v")), options);
      other.catch(() => {});
    };
    return { node, others };
  }

  it("is the last one while a member does not answer, though no quorum does (section 3a)", async () => {
    const { node, others } = await changing();
    await node.ask("a");
    await node.time.pass(100);
    others();
    await node.settle();
    assertEquals((await node.asked("a")).map(({ type }) => type).includes("fast"), false);
  });

  it("is the last one after an operation that ended before a member answered", async () => {
    const controller = new AbortController();
    const { node, others } = await changing(controller.signal);
    await node.settle();
    controller.abort();
    others();
    await node.settle();
    assertEquals((await node.asked("a")).map(({ type }) => type), ["fast", "prepare"]);
  });

  it("is the last one for a while after a member had no room", async () => {
    const { node, others } = await changing();
    await node.settle();
    await node.reply("a", { type: "full", tidying: false, missing: [] });
    others();
    await node.settle();
    assertEquals((await node.asked("b")).map(({ type }) => type), ["fast", "prepare"]);
  });

  it("is not begun behind another change of the register", async () => {
    const { node } = await changing();
    const options = { deadline: Infinity, fast: true };
    node.core.proposals.change(KEY, sendable(setOnce("w")), options).catch(() => {});
    await node.ask("a", "b", "c");
    await node.settle();
    assertEquals((await node.asked("a")).map(({ type }) => type), ["prepare"]);
  });

  it("is never begun by a second attempt, or by what has to write", async () => {
    const node = await ScriptedNode.start();
    const change = (fast: boolean, mustWrite = false) =>
      void node.core.proposals.change(KEY, sendable(setOnce("v")), {
        ...{ deadline: node.time.runtime.now() + 500, fast, mustWrite },
      }).catch(() => {});
    change(true, true);
    assertEquals((await node.asked("a")).map(({ type }) => type), ["prepare"]);
    await node.ask("a", "b", "c");
    await node.ask("a", "b", "c");
    change(false);
    await node.settle();
    const { trace } = node;
    assertEquals(trace.some((line) => line.includes("fast")), false);
  });
});
