import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Sweeper } from "../../lib/node/quorum/sweeper.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { release } from "../paxos/changes.ts";
import { KEY, life, ScriptedNode } from "./support/scripted_node.ts";
import { acceptRequest } from "../support/accept_request.ts";

/** A node that has released a register: a and b have accepted that. */
async function released(): Promise<{ node: ScriptedNode; sweeper: Sweeper }> {
  const node = await ScriptedNode.start();
  const { engine, proposals, reads } = node.core;
  const sweeper = new Sweeper(engine, proposals, reads);
  node.rival(3, "x", "a", "b", "c");
  engine.clock.observe(3);
  proposals.change(KEY, release, { deadline: Infinity }).catch(() => {});
  await node.lose("c");
  await node.ask("a", "b");
  await node.ask("a", "b");
  return { node, sweeper };
}

/** What the members hold of the register. */
function held(node: ScriptedNode): Record<string, string> {
  return Object.fromEntries(node.members.map((member) => {
    const { acceptor } = node.voter(member);
    return [member, acceptor.size === 0 ? `floor ${acceptor.floor}` : "has it"];
  }));
}

const FORGOTTEN = { a: "floor 4", b: "floor 4", c: "floor 4" };
const ALL_HAVE_IT = { a: "has it", b: "has it", c: "has it" };

describe("Sweeper: forgetting released registers (section 8)", () => {
  it("a tombstone is forgotten once every member has said that it accepted it, and not before", async () => {
    const { node, sweeper } = await released();
    await node.lose("a", "b");
    assertEquals((await node.asked("a")).length, 0);
    assertEquals(held(node), ALL_HAVE_IT);
    // c's accept is still on its way to it.
    await node.ask("c");
    node.trace.length = 0;
    // What else may be forgotten by then is named with it.
    await node.time.pass(9);
    assertEquals((await node.asked("a")).length, 0);
    await node.time.pass(1);
    await node.ask("a", "b", "c");
    node.expect(`
      a< forget 4x
      b< forget 4x
      c< forget 4x
    `);
    assertEquals(held(node), FORGOTTEN);
    sweeper.stop();
  });

  it("a refusal, or an answer about something else, is no such word", async () => {
    const { node, sweeper } = await released();
    await node.lose("a", "b");
    await node.reply("c", { type: "nack", promised: { counter: 9, life: node.engine.life } });
    await node.reply("c", { type: "accepted", ballot: { counter: 9, life: node.engine.life } });
    await node.time.pass(20);
    await node.ask("a", "b");
    assertEquals(held(node), ALL_HAVE_IT);
    sweeper.stop();
  });

  it("a member that has lost its memory since has to say so again", async () => {
    const { node, sweeper } = await released();
    node.crash("a", 3, "c");
    // a's word is from before its crash; c knows of that.
    await node.ask("c");
    await node.time.pass(20);
    await node.ask("a", "b", "c");
    assertEquals(held(node).b, "has it");
    sweeper.stop();
  });

  it("the last answer may take as long as the longest round trip", async () => {
    for (const [time, isForgotten] of [[24_900, true], [25_100, false]] as const) {
      const { node, sweeper } = await released();
      await node.time.pass(time);
      await node.ask("c");
      await node.time.pass(20);
      await node.ask("a", "b", "c");
      assertEquals(held(node), isForgotten ? FORGOTTEN : ALL_HAVE_IT);
      sweeper.stop();
    }
  });

  it("the slow sweep has those accept a tombstone that missed it or only copied it: it writes", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    const { engine, proposals, reads } = node.core;
    const own = new Voter(node.record, life(1), 1_000);
    engine.vote(own, node.record.lives);
    const sweeper = new Sweeper(engine, proposals, reads);
    const ballot = { counter: 3, life: life(8) };
    const state = { present: false, token: 3 } as const;
    const request = acceptRequest(KEY, ballot, state);
    for (const voter of [own, node.voter("a")]) {
      voter.handle(request, { node: "n", life: life(8) }, node.time.runtime.now());
    }
    engine.clock.observe(3);
    sweeper.start();
    // Nobody else sweeps here: a and b just answer, and a, which has it, answers first.
    for (let i = 0; i < 60 && own.acceptor.size > 0; i++) {
      await node.time.pass(500);
      await node.ask("a");
      await node.ask("a");
      await node.ask("b");
    }
    await node.ask("a", "b");
    assertEquals([own, node.voter("a"), node.voter("b")].map(({ acceptor }) => acceptor.size), [
      0,
      0,
      0,
    ]);
    assertEquals(node.trace.includes("b< accept 4x absent@3"), true);
    sweeper.stop();
  });
});
