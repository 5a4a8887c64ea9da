// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { counterBound, MAX_COUNTER } from "../../../lib/paxos/ballot.ts";
import { assertInvariant, InvariantError } from "../../../lib/paxos/invariant.ts";
import type { PersonalRequest } from "../../../lib/paxos/messages.ts";
import { assertCode } from "../../support/expect.ts";
import { life } from "../../support/scripted_node.ts";
import { answers, READ, sent, votingMember } from "../../support/voting_member.ts";

describe("Engine: another life", () => {
  it("drops the waiting messages of the life before", async () => {
    const node = await votingMember();
    node.receive("a", { requests: [READ] });
    node.engine.changeLife(life(2));
    assertEquals(await sent(node, "a"), []);
    node.receive("a", { requests: [READ] });
    assertEquals((await sent(node, "a"))[0].header.life, life(2));
  });

  it("after giving up has no vote, genesis or crashes", async () => {
    const node = await votingMember();
    node.receive("a", { requests: [READ] });
    node.engine.forget(life(2));
    assertEquals(await sent(node, "a"), []);
    assertEquals(await answers(node, {}), []);
    assertEquals([node.engine.voter, node.engine.record], [null, null]);
    assertEquals(node.engine.incarnations.entries, []);
    assertEquals(node.engine.sender("a", node.header("a")), undefined);
  });
});

describe("Engine: a node that was replaced", () => {
  it("drops its waiting messages", async () => {
    const node = await votingMember();
    node.receive("a", { requests: [READ] });
    node.receive("b", { header: { ...node.header("b"), vector: [life(1), life(1), life(2)] } });
    assertEquals(await sent(node, "a"), []);
  });
});

describe("Engine: the clocks that are taken (section 2)", () => {
  it("follows those of clients, if the cluster has any, up to the bound", async () => {
    for (const clients of [true, false]) {
      const node = await votingMember(clients);
      const bound = counterBound(node.record.floor, node.time.runtime.wallNow());
      const client = { ...node.header("a"), life: life(5), incarnation: null };
      for (const clock of [bound + 1, bound, bound + 1]) {
        node.receive("x", { header: { ...client, clock } });
      }
      assertEquals(node.engine.clock.counter, clients ? bound : node.record.floor);
      assertEquals(node.engine.frames.dropped, 2);
    }
  });

  it("follows a member up to the last counter", async () => {
    const node = await votingMember();
    node.receive("a", { header: { ...node.header("a"), clock: MAX_COUNTER - 1 } });
    assertEquals(node.engine.clock.counter, MAX_COUNTER - 1);
  });
});

describe("Engine: an error in the handling of a frame", () => {
  it("drops that frame, and is reported", async () => {
    const node = await votingMember();
    const { dropped } = node.engine.frames;
    const fail = () => {
      throw new Error("as planned");
    };
    const question = node.engine.pendingReplies.open(fail);
    node.receive("a", { replies: [{ id: question, type: "watching" }] });
    assertEquals(node.handed.filter((what) => what.startsWith("failed")), [
      "failed: Error: as planned",
    ]);
    assertEquals(node.engine.frames.dropped, dropped + 1);
    assertEquals(await answers(node, {}), ["current"]);
  });
});

describe("Engine: the lives that still run (section 6)", () => {
  it("are those of every frame that arrives, and of relayed messages", async () => {
    const node = await votingMember();
    node.heard.length = 0;
    await answers(node, { life: life(3) });
    await answers(node, { life: life(4), genesis: "other" }, READ, "stranger");
    const ask: PersonalRequest = { id: 1, type: "ask", body: Uint8Array.of(1) };
    const payload = { repliesTo: null, message: ask };
    node.receive("a", {
      requests: [{ id: 1, type: "relayed", from: "x", life: life(5), payload }],
    });
    assertEquals(node.heard, [life(3), life(4), life(1), life(5)]);
  });
});

describe("Engine: a failed invariant", () => {
  it("ends the vote and all operations, present and later ones, and silences the node", async () => {
    const node = await votingMember();
    const limits = { deadline: Infinity };
    const present = node.engine.operation<void>(limits);
    const question = node.engine.pendingReplies.open(() => assertInvariant(false, "as planned"));
    node.receive("a", { requests: [READ], replies: [{ id: question, type: "watching" }] });
    const later = node.engine.operation<void>(limits);
    await assertCode(present.promise, "invariant_failed");
    await assertCode(later.promise, "invariant_failed");
    assertEquals([node.engine.voter, node.engine.isClosed], [null, true]);
    assertEquals(node.handed.filter((what) => what.startsWith("broken")), [
      "broken: Node c has stopped, since an invariant does not hold: as planned",
    ]);
    // Not even the answer to the request of the same frame.
    assertEquals(await sent(node, "a"), []);
  });

  it("is contained once, and other errors are handed back", async () => {
    const { engine } = await votingMember();
    const other = new Error("another one");
    assertEquals(engine.contain(other), other);
    const first = engine.contain(new InvariantError("the first"));
    assertEquals(engine.contain(new InvariantError("the second")), first);
  });
});
