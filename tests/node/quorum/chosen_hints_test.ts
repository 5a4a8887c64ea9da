// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ChosenHints } from "../../../lib/node/quorum/chosen_hints.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

const at = (counter: number) => ({ counter, life: life(9) });

async function start() {
  const node = await ScriptedNode.start();
  const hints = new ChosenHints(node.engine);
  /** The hints in transit to a, which are lost then. */
  const told = async () => {
    const asked = (await node.asked("a")).filter(({ type }) => type === "chosen");
    await node.lose("a", "b", "c");
    return asked.map((request) => request.type === "chosen" && request.ballot.counter);
  };
  return { node, hints, told };
}

describe("ChosenHints (section 3a)", () => {
  it("tell all members of what is chosen, together, some time later", async () => {
    const { node, hints, told } = await start();
    hints.add(KEY, at(5));
    hints.add(KEY + "x", at(7));
    await node.time.pass(99);
    assertEquals(await told(), []);
    await node.time.pass(2);
    assertEquals(await told(), [5, 7]);
    await node.time.pass(200);
    assertEquals(await told(), []);
  });

  it("tell nothing of what is written over by then", async () => {
    const { node, hints, told } = await start();
    hints.add(KEY, at(5));
    hints.add(KEY + "x", at(7));
    hints.outdated(KEY);
    await node.time.pass(101);
    assertEquals(await told(), [7]);
  });

  it("set one timer for all, also if one register is added again, and none when there is nothing to tell", async () => {
    const { node, hints } = await start();
    const timers = node.time.timers;
    for (let i = 0; i < 20; i++) hints.add(KEY, at(5));
    assertEquals(node.time.timers, timers + 1);
    hints.outdated(KEY);
    assertEquals(node.time.timers, timers);
    hints.add(KEY, at(6));
    hints.clear();
    assertEquals(node.time.timers, timers);
    hints.add(KEY, at(7));
    hints.tell();
    assertEquals(node.time.timers, timers);
  });

  it("tell at once when there are many", async () => {
    const { hints, told } = await start();
    for (let i = 1; i <= 1_000; i++) hints.add(`${KEY}${i}`, at(i));
    assertEquals((await told()).length, 1_000);
  });
});
