import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Learned } from "../../lib/paxos/learner.ts";
import { showBallot, showState } from "../paxos/notation.ts";
import { KEY, life, ScriptedNode } from "./support/scripted_node.ts";

/** A node that watches the register, and what it is told; rereads are left to the script. */
async function watching(): Promise<{ node: ScriptedNode; told: string[] }> {
  const node = await ScriptedNode.start();
  const told: string[] = [];
  node.core.watches.watch(KEY, ({ ballot, state }) => {
    told.push(`${showState(state)} at ${showBallot({ ...ballot, life: "r" })}`);
  });
  await node.ask("a", "b", "c");
  node.trace.length = 0;
  return { node, told };
}

const learned = (counter: number): Learned => ({
  ballot: { counter, life: life("r") },
  state: { present: false, token: counter },
});

describe("Watches (section 3)", () => {
  it("tell what a quorum of acceptors says that it accepted at one ballot", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a");
    await node.hear("a");
    assertEquals(told, []);
    node.rival(3, "x", "b");
    await node.hear("b");
    assertEquals(told, ["x@3 at 3r"]);
  });

  it("never go back: a late quorum for a lower ballot is no news", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a", "b");
    await node.hear("a");
    node.rival(5, "y", "a", "c");
    await node.hear("a", "c");
    assertEquals(told, ["y@5 at 5r"]);
    await node.hear("b");
    assertEquals(told, ["y@5 at 5r"]);
  });

  it("nor behind what was read, nor by what was read", async () => {
    const { node, told } = await watching();
    node.core.watches.note(KEY, learned(7));
    node.rival(5, "y", "a", "b");
    await node.hear("a", "b");
    node.core.watches.note(KEY, learned(6));
    node.core.watches.note(KEY, learned(7));
    assertEquals(told, ["absent@7 at 7r"]);
    node.core.watches.note(KEY, learned(8));
    assertEquals(told, ["absent@7 at 7r", "absent@8 at 8r"]);
  });

  it("the quorum is crash-consistent", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a");
    await node.hear("a");
    node.crash("a", 3, "b");
    node.rival(3, "x", "b");
    await node.hear("b");
    assertEquals(told, []);
    node.rival(3, "x", "c");
    await node.hear("c");
    assertEquals(told, ["x@3 at 3r"]);
  });

  it("begin anew with another cluster: its ballots may be lower", async () => {
    const { node, told } = await watching();
    node.core.watches.note(KEY, learned(70));
    node.core.watches.restart();
    await node.ask("a", "b", "c");
    node.rival(5, "y", "a", "b");
    await node.hear("a", "b");
    assertEquals(told, ["absent@70 at 70r", "y@5 at 5r"]);
  });

  it("somebody who comes later is told what is known, not what was before", async () => {
    const { node } = await watching();
    node.core.watches.note(KEY, learned(7));
    const late: number[] = [];
    node.core.watches.watch(KEY, ({ ballot }) => void late.push(ballot.counter));
    assertEquals(late, []);
    node.core.watches.note(KEY, learned(6));
    assertEquals(late, [7]);
  });
});
