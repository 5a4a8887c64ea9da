// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeCell } from "../../lib/cells/cell_value.ts";
import { PaxosCells } from "../../lib/cells/paxos_cells.ts";
import { registerId } from "../../lib/codec.ts";
import type { CellResult, CellWriter } from "../../lib/paxos/cell_register.ts";
import type { State } from "../../lib/paxos/register.ts";
import { acceptRequest } from "../support/accept_request.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";

const CELL = registerId("v", undefined, "c");
const VALUE = Uint8Array.of(1);
const RIVAL = life("r");

/** A node that sets a cell, whose members the test plays. */
async function setting() {
  const node = await ScriptedNode.start();
  const cells = new PaxosCells(node.core);
  const set = () => {
    const outcome: { result?: CellResult; sent: number } = { sent: 0 };
    const limits = { deadline: Infinity };
    cells.change(CELL, { type: "set", value: VALUE }, limits, () => outcome.sent++)
      .then((result) => outcome.result = result);
    return outcome;
  };
  /** A rival has all members accept a state with this token. */
  const rival = (token: number, writers: readonly CellWriter[] | null) => {
    const written = { token, over: 0, op: `${RIVAL}/1`, bindings: [], owners: [] };
    const state: State = writers === null
      ? { present: false, token }
      : { ...written, present: true, value: encodeCell({ value: VALUE, writers }) };
    for (const member of node.members) {
      node.give(member, acceptRequest(CELL, { counter: token, life: RIVAL }, state));
    }
  };
  /** Lets the node try until it has a result. */
  const finish = async (outcome: { result?: CellResult }) => {
    for (let i = 0; i < 30 && outcome.result === undefined; i++) {
      await node.time.pass(500);
      await node.ask("a", "b", "c");
    }
    return outcome.result;
  };
  return { node, set, rival, finish };
}

/** A set whose `accept` has reached one member, and whose answer is lost. */
async function halfSent() {
  const all = await setting();
  const outcome = all.set();
  await all.node.ask("a", "b");
  assertEquals(outcome.sent, 1);
  await all.node.send("a");
  await all.node.lose("a", "b", "c");
  return { ...all, outcome };
}

describe("PaxosCells (section 10)", () => {
  it("change a cell in two round trips, each time: a kept promise may be outdated", async () => {
    const { node, set } = await setting();
    for (let round = 0; round < 2; round++) {
      const outcome = set();
      node.trace.length = 0;
      await node.ask("a", "b");
      await node.ask("a", "b");
      assertEquals(node.trace.map((line) => line.split(" ")[1]), [
        ...["prepare", "promise", "prepare", "promise"],
        ...["accept", "accepted", "accept", "accepted"],
      ]);
      assertEquals([outcome.result?.kind, outcome.sent], ["done", 1]);
      await node.lose("c");
    }
  });

  it("do not know the outcome if others may have written over it and deleted the value", async () => {
    const { rival, finish, outcome } = await halfSent();
    rival(1_000, null);
    assertEquals(await finish(outcome), { kind: "unknown" });
  });

  it("do not know the outcome if others wrote more than a cell keeps", async () => {
    const { rival, finish, outcome } = await halfSent();
    rival(1_000, [{ op: `${RIVAL}/0`, token: 900 }, { op: `${RIVAL}/1`, token: 1_000 }]);
    assertEquals(await finish(outcome), { kind: "unknown" });
  });

  it("try again what was never chosen, and go on to count from the first try", async () => {
    const { node, rival, finish, outcome } = await halfSent();
    rival(1_000, [{ op: null, token: 0 }, { op: `${RIVAL}/1`, token: 1_000 }]);
    // The next `accept` reaches no member.
    for (let i = 0; i < 30; i++) {
      await node.time.pass(500);
      const asked = await node.asked("a");
      if (asked.some((request) => request.type === "accept" && request.ballot.counter > 1_000)) {
        break;
      }
      await node.ask("a", "b", "c");
    }
    await node.lose("a", "b", "c");
    const counter = node.engine.clock.counter;
    // All that was kept before is dropped: that is from before that `accept`, but not from before the first one.
    const before = { op: `${RIVAL}/1`, token: 1_000 };
    rival(counter + 500, [before, { op: `${RIVAL}/2`, token: counter + 500 }]);
    const result = await finish(outcome);
    assertEquals([result?.kind, outcome.sent], ["unknown", 1]);
  });
});
