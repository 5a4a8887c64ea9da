// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { poll, type PollOptions } from "../../../lib/node/quorum/poll.ts";
import { KEY, ScriptedNode } from "../../support/scripted_node.ts";

/** Reads until `enough` members have answered in one round. */
async function start(enough: number, options: Partial<PollOptions<string>> = {}) {
  const node = await ScriptedNode.start();
  const answered = new Set<string>();
  const found = { outcome: "pending" };
  poll<string>(node.engine, node.core.pacing, { deadline: 10_000 }, () => ({
    request: { type: "read", register: KEY },
    receive: ({ member }, reply, round) => {
      if (reply.type !== "current") return undefined;
      answered.add(`${member}${round}`);
      return answered.size >= enough ? [...answered].join(" ") : undefined;
    },
    missing: () => node.members.filter((member) => !answered.has(`${member}0`)),
    ...options,
  })).then((outcome) => found.outcome = outcome, (error) => found.outcome = error.code);
  await node.settle();
  const asked = async () => {
    const kinds: number[] = [];
    for (const member of node.members) {
      const all = await node.asked(member);
      kinds.push(all.filter(({ type }) => type === "read").length);
    }
    return kinds;
  };
  return { node, found, asked };
}

describe("poll()", () => {
  it("asks all members, and those that have not answered once more", async () => {
    const { node, found, asked } = await start(2);
    assertEquals(await asked(), [1, 1, 1]);
    await node.ask("b");
    await node.lose("a", "c");
    await node.time.pass(100);
    assertEquals(await asked(), [1, 0, 1]);
    await node.ask("c");
    assertEquals(found.outcome, "b0 c0");
    await node.lose("a", "b", "c");
    await node.time.pass(1_000);
    assertEquals(await asked(), [0, 0, 0]);
  });

  it("can end without the members that do not answer", async () => {
    const { node, found } = await start(3, { undecided: () => "in time" });
    await node.ask("a", "b");
    assertEquals(found.outcome, "pending");
    await node.time.pass(100);
    await node.settle();
    assertEquals(found.outcome, "in time");
  });

  it("ends at its deadline", async () => {
    const { node, found } = await start(4);
    await node.ask("a", "b", "c");
    await node.time.pass(10_000);
    await node.settle();
    assertEquals(found.outcome, "no_quorum");
  });

  it("asks all members again in a new round; answers to the one before no longer count", async () => {
    let number = 0;
    const { node, found, asked } = await start(3, { round: () => number });
    await node.ask("a");
    await node.send("b");
    await node.lose("c");
    number = 1;
    await node.time.pass(100);
    assertEquals(await asked(), [1, 1, 1]);
    await node.hear("b");
    await node.ask("a", "c");
    assertEquals(found.outcome, "a0 a1 c1");
  });

  it("unless they count for longer, with the number of their round", async () => {
    let number = 0;
    const { node, found } = await start(2, { round: () => number, answersCountFor: 1_000 });
    await node.send("b");
    await node.lose("a", "c");
    number = 1;
    await node.time.pass(100);
    await node.hear("b");
    await node.ask("c");
    assertEquals(found.outcome, "b0 c1");
  });
});
