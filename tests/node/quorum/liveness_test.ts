// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Binding, SessionId } from "../../../lib/paxos/register.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";
import { acceptRequest } from "../../support/accept_request.ts";

const OTHER: SessionId = `n/${life(4)}/1`;

/** The members accept a value with these bindings, at ballot 5. */
function write(node: ScriptedNode, bindings: readonly Binding[], ...members: string[]): void {
  const ballot = { counter: 5, life: life(8) };
  const owners = bindings.flatMap((one) => one.kind === "node" ? [one.session] : []);
  const written = { present: true, token: 5, over: 0, op: `${life(8)}/1` } as const;
  const state = { ...written, value: new Uint8Array([1]), bindings, owners };
  for (const member of members) {
    const request = acceptRequest(KEY, ballot, state);
    const from = { node: "n", life: life(4) };
    node.voter(member).handle(request, from, node.time.runtime.now());
  }
  node.engine.clock.observe(5);
}

/** `n` has a session that these have renewed just now. */
function renew(node: ScriptedNode, ...members: string[]): void {
  for (const member of members) {
    node.voter(member).sessions.renew(OTHER, 5_000, 1, node.time.runtime.now());
  }
}

/** Reads as a `get` does; returns the final state, or `pending`. */
function live(node: ScriptedNode): { outcome: string } {
  const found = { outcome: "pending" };
  node.core.liveness.live(KEY, { deadline: node.time.runtime.now() + 2_000 }).then(
    ({ state }) => found.outcome = state?.present ? `value@${state.token}` : "absent",
    (error) => found.outcome = error.code,
  );
  return found;
}

describe("Liveness: a session (section 4)", () => {
  it("a read of a live value costs one round trip: no quorum believes the owner gone", async () => {
    const node = await ScriptedNode.start();
    renew(node, "a", "b", "c");
    write(node, [{ kind: "node", session: OTHER }], "a", "b", "c");
    const found = live(node);
    await node.ask("a", "b");
    assertEquals(found.outcome, "value@5");
    assertEquals(node.trace.length, 4);
  });

  it("one member that was cut off, and believes the owner gone, does not end it", async () => {
    const node = await ScriptedNode.start();
    renew(node, "b", "c");
    write(node, [{ kind: "node", session: OTHER }], "a", "b", "c");
    const found = live(node);
    await node.ask("a", "b");
    assertEquals([found.outcome, node.trace.length], ["value@5", 4]);
  });

  it("if a quorum believes so it is fenced, and the value is sealed before the read returns", async () => {
    const node = await ScriptedNode.start();
    write(node, [{ kind: "node", session: OTHER }], "a", "b", "c");
    const found = live(node);
    for (let step = 0; step < 3; step++) {
      await node.ask("a", "b");
      assertEquals(found.outcome, "pending");
    }
    await node.ask("a", "b");
    assertEquals(found.outcome, "absent");
    assertEquals(node.trace.filter((line) => line.startsWith("a<")), [
      "a< read",
      "a< fence",
      "a< prepare 6x",
      "a< accept 6x absent@6",
    ]);
  });

  it("is judged by the members that have the value: one that receives it late does not count", async () => {
    for (const answering of [["b", "a", "c"], ["b", "a"]]) {
      const node = await ScriptedNode.start();
      write(node, [{ kind: "node", session: OTHER }], "a");
      const found = live(node);
      await node.ask("a", "c"); // different states: it is proposed again
      await node.ask("a", "c");
      await node.lose("b");
      await node.ask("a", "c");
      await node.lose("b");
      node.trace.length = 0;
      await node.ask(...answering);
      if (answering.length < 3) {
        // No other member has it and answers: belief is not requested then, and nothing is waited for.
        await node.time.pass(100);
        assertEquals(found.outcome, "value@5");
        continue;
      }
      await node.ask("a", "c");
      assertEquals(node.trace.filter((line) => line.startsWith("a<")), ["a< read", "a< fence"]);
    }
  });

  it("that a quorum does not fence stays alive: belief alone ends nothing", async () => {
    const node = await ScriptedNode.start();
    write(node, [{ kind: "node", session: OTHER }], "a", "b", "c");
    const found = live(node);
    await node.ask("a", "b");
    // Two members receive a renewal before they are asked to fence it.
    renew(node, "a", "b");
    await node.ask("a", "b", "c");
    await node.time.pass(1_900);
    assertEquals(found.outcome, "value@5");
    assertEquals(node.trace.some((line) => line.includes("accept")), false);
  });

  it("that cannot be fenced, without a quorum, counts as alive", async () => {
    const node = await ScriptedNode.start();
    write(node, [{ kind: "node", session: OTHER }], "a", "b", "c");
    const found = live(node);
    await node.ask("a", "b");
    await node.lose("a", "b", "c");
    for (let i = 0; i < 21; i++) {
      await node.time.pass(100);
      await node.lose("a", "b", "c");
    }
    assertEquals(found.outcome, "value@5");
  });
});

describe("Liveness: a time (section 4)", () => {
  it("has ended from that millisecond on, by the wall clock of the reader", async () => {
    const node = await ScriptedNode.start();
    const time = node.time.runtime.wallNow() + 300;
    write(node, [{ kind: "until", time }], "a", "b", "c");
    await node.time.pass(299 - (node.time.runtime.now() % 1));
    await node.lose("a", "b", "c");
    const before = live(node);
    await node.ask("a", "b");
    assertEquals(before.outcome, "value@5");
    await node.time.pass(1);
    assertEquals(node.time.runtime.wallNow(), time);
    await node.lose("a", "b", "c");
    const after = live(node);
    for (let step = 0; step < 3; step++) await node.ask("a", "b");
    assertEquals(after.outcome, "absent");
  });
});

describe("Liveness: a settled value without a message", () => {
  it("is returned without a message during a session, and not after it", async () => {
    const node = await ScriptedNode.start();
    write(node, [], "a", "b", "c");
    live(node);
    await node.ask("a", "b", "c");
    const served = live(node);
    await node.settle();
    assertEquals([served.outcome, (await node.asked("a")).length], ["value@5", 0]);
    node.core.session.end();
    const later = live(node);
    await node.settle();
    assertEquals([later.outcome, (await node.asked("a")).map(({ type }) => type)], [
      "pending",
      ["read"],
    ]);
  });
});

describe("Liveness: a settled value (sections 3 and 7)", () => {
  it("is kept for the cluster in which its read began", async () => {
    const node = await ScriptedNode.start();
    write(node, [], "a", "b", "c");
    const found = live(node);
    await node.send("a", "b");
    await node.hear("a", "b");
    assertEquals(found.outcome, "value@5");
    assertEquals(node.core.settled.get(KEY)?.token, 5);
  });

  it("is not kept if the cluster was lost between its answers and the end of its read", async () => {
    const node = await ScriptedNode.start();
    write(node, [], "a", "b", "c");
    const found = live(node);
    await node.ask("a");
    await node.send("b");
    const heard = node.hear("b");
    // The answers have arrived; the code that awaits them has not continued.
    node.core.settled.clear();
    await heard;
    assertEquals(found.outcome, "value@5");
    assertEquals(node.core.settled.get(KEY), undefined);
  });
});
