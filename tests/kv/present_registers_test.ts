// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bucketPrefix, registerId } from "../../lib/codec.ts";
import { presentRegisters } from "../../lib/kv/present_registers.ts";
import type { State } from "../../lib/paxos/register.ts";
import { acceptRequest } from "../support/accept_request.ts";
import { KEY, life, ScriptedNode } from "../support/scripted_node.ts";

const OTHER = `n/${life(4)}/1`;
const SECOND = registerId("k", undefined, "second");

/** These members accept a value of `register` that these sessions own, at a ballot with this counter. */
function write(
  node: ScriptedNode,
  register: string,
  owners: readonly string[],
  counter: number,
  ...members: string[]
): void {
  const written = { present: true, token: counter, over: 0, op: `${life(8)}/${counter}` } as const;
  const bindings = owners.map((session) => ({ kind: "node", session }) as const);
  const state: State = { ...written, value: new Uint8Array([counter]), bindings, owners };
  const request = acceptRequest(register, { counter, life: life(8) }, state);
  for (const member of members) node.give(member, request);
  node.engine.clock.observe(counter);
}

/** What is found once a and b have answered everything, and the kinds of requests that reached a. */
async function found(node: ScriptedNode, read = false) {
  const limits = { deadline: node.time.runtime.now() + 2_000 };
  let result: unknown = "pending";
  presentRegisters(node.core, bucketPrefix("k", undefined), read, limits).then((registers) =>
    result = registers.map(({ register, state }) => [register, state?.value[0]])
  );
  for (let i = 0; i < 6; i++) await node.ask("a", "b");
  return [result, ...node.trace.flatMap((line) => /^a< (\w+)/.exec(line)?.[1] ?? [])];
}

describe("presentRegisters() (section 8)", () => {
  it("leaves out the value of a dead owner, and reads it not even once", async () => {
    const node = await ScriptedNode.start();
    write(node, KEY, [OTHER], 5, "a", "b", "c");
    write(node, SECOND, [], 6, "a", "b", "c");
    assertEquals(await found(node), [[[SECOND, undefined]], "list", "fence"]);
  });

  it("asks about an owner once, however many values it has", async () => {
    const node = await ScriptedNode.start();
    write(node, KEY, [OTHER], 5, "a", "b", "c");
    write(node, SECOND, [OTHER], 6, "a", "b", "c");
    assertEquals(await found(node), [[], "list", "fence"]);
  });

  it("keeps the value of an owner that only seemed to be dead", async () => {
    const node = await ScriptedNode.start();
    write(node, KEY, [OTHER], 5, "a", "b", "c");
    const asked = found(node);
    await node.ask("a", "b");
    for (const member of node.members) {
      node.voter(member).sessions.renew(OTHER, 5_000, 1, node.time.runtime.now());
    }
    await node.time.pass(2_000);
    const [result] = await asked;
    assertEquals(result, [[KEY, undefined]]);
  });

  it("reads a value whose presence is not certain, and all of them on request", async () => {
    const node = await ScriptedNode.start();
    write(node, KEY, [], 5, "a");
    write(node, SECOND, [], 6, "a", "b", "c");
    const [result, ...asked] = await found(node);
    assertEquals([result, asked.slice(0, 2)], [[[KEY, 5], [SECOND, undefined]], ["list", "read"]]);
    node.trace.length = 0;
    const [all] = await found(node, true);
    assertEquals(all, [[KEY, 5], [SECOND, 6]]);
  });
});
