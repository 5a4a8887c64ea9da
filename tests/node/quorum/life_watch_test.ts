// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { LifeWatch } from "../../../lib/node/quorum/life_watch.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

const LOST = life(5);

/** A node that has asked the members about `LOST`, and the lives that it was told of. */
async function watching(watches = 1) {
  const node = await ScriptedNode.start({ withoutSession: true });
  const over: string[] = [];
  const watch = new LifeWatch(node.engine, (life) => void over.push(life));
  for (let i = 0; i < watches; i++) watch.add(LOST);
  watch.ask(LOST);
  const id = node.engine.pendingReplies.next() - 1;
  const say = (members: string, told = LOST) => {
    for (const member of members) {
      node.receive(member, { replies: [{ id, type: "over", life: told }] });
    }
  };
  return { node, over, watch, say };
}

describe("LifeWatch (section 6)", () => {
  it("counts the present members for a life that was added before they changed", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const over: string[] = [];
    const watch = new LifeWatch(node.engine, (life) => void over.push(life));
    watch.add(LOST);
    const members = ["a", "d", "e", "f", "g"];
    const vector = members.map(() => life(1));
    node.engine.learn({ ...firstConfiguration(members, vector), epoch: 1 });
    watch.ask(LOST);
    const id = node.engine.pendingReplies.next() - 1;
    const header = { ...node.header("a"), epoch: 1, vector };
    for (const member of ["d", "e", "f"]) {
      assertEquals(over, []);
      node.receive(member, { header, replies: [{ id, type: "over", life: LOST }] });
    }
    assertEquals(over, [LOST]);
  });

  it("believes a quorum, not one member", async () => {
    const { over, say } = await watching();
    say("aaa");
    assertEquals(over, []);
    say("b", life(6));
    assertEquals(over, []);
    say("b");
    assertEquals(over, [LOST]);
  });

  it("tells of each quorum that says so", async () => {
    const { over, say } = await watching();
    say("ab");
    say("c");
    assertEquals(over, [LOST]);
    say("a");
    assertEquals(over, [LOST, LOST]);
  });

  it("counts what members tell while each of them surely keeps the proof", async () => {
    const { node, over, say } = await watching();
    const { maxTtl } = node.record;
    say("a");
    await node.time.pass(maxTtl);
    say("b");
    assertEquals(over, []);
    await node.time.pass(maxTtl - 1);
    say("c");
    assertEquals(over, [LOST]);
  });

  it("goes on until each watch of a life has ended", async () => {
    const { watch, over, say } = await watching(2);
    watch.remove(LOST);
    say("ab");
    assertEquals(over, [LOST]);
    watch.remove(LOST);
    say("ab");
    assertEquals(over, [LOST]);
    // Its question is closed; a later watch asks a new one.
    watch.add(LOST);
    say("ab");
    assertEquals(over, [LOST]);
  });
});
