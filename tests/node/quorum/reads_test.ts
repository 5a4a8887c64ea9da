// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { acceptRequest } from "../../support/accept_request.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

const OTHER = `n/${life(4)}/1`;

/** These members accept a value at a ballot with this counter. */
function write(node: ScriptedNode, counter: number, owners: string[], ...members: string[]): void {
  const written = { present: true, token: counter, over: 0, op: `${life(8)}/${counter}` } as const;
  const bindings = owners.map((session) => ({ kind: "node", session }) as const);
  const state = { ...written, value: new Uint8Array([counter]), bindings, owners };
  const request = acceptRequest(KEY, { counter, life: life(8) }, state);
  for (const member of members) node.give(member, request);
  node.engine.clock.observe(counter);
}

function read(node: ScriptedNode): { outcome: string } {
  const found = { outcome: "pending" };
  node.core.reads.read(KEY, { deadline: node.time.runtime.now() + 2_000 }).then(
    ({ state, stale }) => {
      const what = state === null ? "none" : state.present ? `value@${state.token}` : "absent";
      found.outcome = [what, ...stale].join(" ");
    },
    (error) => found.outcome = error.code,
  );
  return found;
}

const kinds = ({ trace }: ScriptedNode) =>
  trace.flatMap((line) => /^a< (\w+)/.exec(line)?.[1] ?? []);

describe("Reads", () => {
  it("take one round trip if a quorum agrees", async () => {
    const node = await ScriptedNode.start();
    write(node, 5, [], "a", "b", "c");
    const found = read(node);
    await node.ask("a");
    assertEquals(found.outcome, "pending");
    await node.ask("b");
    assertEquals([found.outcome, kinds(node)], ["value@5", ["read"]]);
  });

  it("otherwise write what they find: no later read may miss it", async () => {
    const node = await ScriptedNode.start();
    write(node, 5, [], "a");
    const found = read(node);
    for (let i = 0; i < 3; i++) await node.ask("a", "b");
    assertEquals([found.outcome.startsWith("value@"), kinds(node)], [
      true,
      ["read", "prepare", "accept"],
    ]);
    const again = read(node);
    await node.ask("b", "c", "a");
    assertEquals(again.outcome, found.outcome);
  });

  it("take one round trip to a quorum for what this node has chosen in a fast round just now", async () => {
    const node = await ScriptedNode.start();
    const at = { counter: 5, life: life(8) };
    const content = { present: true, op: `${life(8)}/5`, value: new Uint8Array(1) } as const;
    const state = { ...content, token: 5, over: 0, bindings: [], owners: [] };
    for (const member of ["a", "b", "c"]) {
      node.give(member, { id: 1, type: "fast", register: KEY, ballot: at, state });
    }
    const outcomes = [];
    for (const isKnown of [false, true]) {
      if (isKnown) node.core.proposals.chosenFast(KEY, at);
      const found = read(node);
      await node.ask("a", "b");
      outcomes.push(found.outcome);
      await node.ask("c");
    }
    assertEquals(outcomes, ["pending", "value@5"]);
  });

  it("ask once more which owners look expired, after a write by which all have the same state", async () => {
    const node = await ScriptedNode.start();
    write(node, 5, [OTHER], "a");
    const found = read(node);
    for (let i = 0; i < 4; i++) await node.ask("a", "b");
    assertEquals(found.outcome.split(" ")[1], OTHER);
    assertEquals(kinds(node), ["read", "prepare", "accept", "read"]);
  });

  it("do not wait long for that answer: what was read is certain", async () => {
    const node = await ScriptedNode.start();
    write(node, 5, [OTHER], "a");
    const found = read(node);
    for (let i = 0; i < 3; i++) await node.ask("a", "b");
    assertEquals(found.outcome, "pending");
    await node.lose("a", "b", "c");
    await node.time.pass(100);
    await node.settle();
    assertEquals([found.outcome.startsWith("value@"), found.outcome.includes(OTHER)], [
      true,
      false,
    ]);
  });
});
