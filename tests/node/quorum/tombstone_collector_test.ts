// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { TombstoneCollector } from "../../../lib/node/quorum/tombstone_collector.ts";
import { release } from "../../paxos/support/changes.ts";
import { KEY, ScriptedNode } from "../../support/scripted_node.ts";

/** A node that has released a register: a and b have accepted the tombstone. */
async function released(): Promise<{ node: ScriptedNode; tombstones: TombstoneCollector }> {
  const node = await ScriptedNode.start();
  const { engine, proposals } = node.core;
  const tombstones = new TombstoneCollector(engine, proposals);
  node.rival(3, "x", "a", "b", "c");
  engine.clock.observe(3);
  proposals.change(KEY, release, { deadline: Infinity }).catch(() => {});
  await node.lose("c");
  await node.ask("a", "b");
  await node.ask("a", "b");
  return { node, tombstones };
}

/** The state of the register at each member. */
function held(node: ScriptedNode): Record<string, string> {
  return Object.fromEntries(node.members.map((member) => {
    const { acceptor } = node.voter(member);
    return [member, acceptor.size === 0 ? `floor ${acceptor.floor}` : "has it"];
  }));
}

const FORGOTTEN = { a: "floor 4", b: "floor 4", c: "floor 4" };
const ALL_HAVE_IT = { a: "has it", b: "has it", c: "has it" };

describe("TombstoneCollector: forgetting released registers (section 8)", () => {
  it("a tombstone is forgotten once every member has reported that it accepted it, and not before", async () => {
    const { node, tombstones } = await released();
    await node.lose("a", "b");
    assertEquals((await node.asked("a")).length, 0);
    assertEquals(held(node), ALL_HAVE_IT);
    // The accept to c is still in transit.
    await node.ask("c");
    node.trace.length = 0;
    // Other registers that may be forgotten by then are named with it.
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
    tombstones.stop();
  });

  it("a nack, or a reply to another request, does not count", async () => {
    const { node, tombstones } = await released();
    await node.lose("a", "b");
    await node.reply("c", { type: "nack", promised: { counter: 9, life: node.engine.life } });
    await node.reply("c", { type: "accepted", ballot: { counter: 9, life: node.engine.life } });
    await node.time.pass(20);
    await node.ask("a", "b");
    assertEquals(held(node), ALL_HAVE_IT);
    tombstones.stop();
  });

  it("a member that has lost its memory since has to report it again", async () => {
    const { node, tombstones } = await released();
    node.crash("a", 3, "c");
    // a's report is from before its crash; c knows of the crash.
    await node.ask("c");
    await node.time.pass(20);
    await node.ask("a", "b", "c");
    assertEquals(held(node).b, "has it");
    tombstones.stop();
  });

  it("the last answer may take as long as the longest round trip", async () => {
    for (const [time, isForgotten] of [[24_900, true], [25_100, false]] as const) {
      const { node, tombstones } = await released();
      await node.time.pass(time);
      await node.ask("c");
      await node.time.pass(20);
      await node.ask("a", "b", "c");
      assertEquals(held(node), isForgotten ? FORGOTTEN : ALL_HAVE_IT);
      tombstones.stop();
    }
  });
});
