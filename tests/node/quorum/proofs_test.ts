// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Proofs } from "../../../lib/node/quorum/proofs.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

const LIFE = life(4);
const OTHER = life(5);

/** A node that gives proofs, and the outcome of the proof of `LIFE`. */
async function start() {
  const node = await ScriptedNode.start();
  const proofs = new Proofs(node.engine, node.core.pacing);
  const limits = { deadline: node.time.runtime.now() + 2_000 };
  const outcome = { value: "pending" };
  const give = () => {
    proofs.give(LIFE, limits).then(() => outcome.value = "given", (error) => {
      outcome.value = error.code;
    });
  };
  return { node, proofs, give, outcome };
}

/** The members that have the proof. */
function informed(node: ScriptedNode): string[] {
  return node.members.filter((member) => node.voter(member).sessions.isLifeOver(LIFE));
}

describe("Proofs (section 6)", () => {
  it("are given once a quorum has them", async () => {
    const { node, give, outcome } = await start();
    give();
    await node.ask("a");
    assertEquals([outcome.value, informed(node)], ["pending", ["a"]]);
    await node.ask("c");
    assertEquals([outcome.value, informed(node)], ["given", ["a", "c"]]);
  });

  it("answers from before a crash do not count with those that know of it", async () => {
    const { node, give, outcome } = await start();
    give();
    await node.ask("a");
    node.crash("a", 2, "b");
    await node.ask("b");
    assertEquals(outcome.value, "pending");
    await node.time.pass(400);
    await node.ask("a");
    assertEquals(outcome.value, "given");
  });

  it("are given again to members that do not answer, until the deadline", async () => {
    const { node, give, outcome } = await start();
    give();
    await node.lose("a", "b", "c");
    await node.time.pass(400);
    await node.ask("b");
    assertEquals(informed(node), ["b"]);
    await node.time.pass(2_000);
    assertEquals(outcome.value, "no_quorum");
  });

  it("are not given again after a frame of that life", async () => {
    const { node, proofs, give, outcome } = await start();
    give();
    await node.ask("b");
    await node.lose("a", "c");
    proofs.heard(OTHER);
    proofs.heard(LIFE);
    await node.time.pass(1_900);
    await node.ask("a", "b", "c");
    assertEquals(informed(node), ["b"]);
    await node.time.pass(200);
    assertEquals(outcome.value, "no_quorum");
  });

  it("a frame of another life changes nothing", async () => {
    const { node, proofs, give } = await start();
    give();
    await node.lose("a", "b", "c");
    proofs.heard(OTHER);
    await node.time.pass(400);
    await node.ask("a", "b");
    assertEquals(informed(node), ["a", "b"]);
  });

  it("a later proof counts after such a frame", async () => {
    const { node, proofs, give, outcome } = await start();
    give();
    await node.lose("a", "b", "c");
    proofs.heard(LIFE);
    give();
    await node.ask("a", "b");
    assertEquals([outcome.value, informed(node)], ["given", ["a", "b"]]);
  });

  it("two at the same time are one", async () => {
    const { node, give, outcome } = await start();
    give();
    give();
    await node.ask("a", "b");
    assertEquals(outcome.value, "given");
    assertEquals(node.trace.filter((line) => line.startsWith("a<")), ["a< over"]);
  });

  it("are never given for the node's own life", async () => {
    const { node, proofs } = await start();
    const limits = { deadline: node.time.runtime.now() + 2_000 };
    assertThrows(() => proofs.give(node.engine.life, limits), TypeError, "this node itself");
    assertEquals(await node.asked("a"), []);
  });
});
