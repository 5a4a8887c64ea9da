// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeValue, registerId } from "../../lib/codec.ts";
import { ProcessTable } from "../../lib/owners/process_table.ts";
import { tidy } from "../../lib/owners/tidying.ts";
import type { Present } from "../../lib/paxos/register.ts";
import { Finder, type FinderParts } from "../../lib/singletons/finder.ts";
import { ELSEWHERE, entry, LOCK, LockScript } from "../locks/support/lock_script.ts";
import { look, setOnce } from "../paxos/support/changes.ts";
import { acceptRequest } from "../support/accept_request.ts";
import { KEY, life, ScriptedNode, sendable } from "../support/scripted_node.ts";

/** Whether each prepare in the frames to a may use the reserve of a full member. */
function marks(node: ScriptedNode): boolean[] {
  return node.frames.filter(({ to }) => to === "a").flatMap(({ frame }) => {
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    return decoded.frame.requests.flatMap((request) =>
      request.type === "prepare" ? [request.reserve === true] : []
    );
  });
}

/** a and b answer everything that they are asked. */
async function rounds(node: ScriptedNode): Promise<void> {
  for (let i = 0; i < 6; i++) await node.ask("a", "b");
}

/** Every member has accepted this state of `register`. */
function write(node: ScriptedNode, register: string, more: Partial<Present>): void {
  const written = { present: true, token: 5, over: 0, op: `${life(8)}/1` } as const;
  const plain = { value: new Uint8Array([1]), bindings: [], owners: [] };
  const state = { ...written, ...plain, ...more };
  const request = acceptRequest(register, { counter: 5, life: life(8) }, state);
  for (const member of node.members) node.give(member, request);
  node.engine.clock.observe(5);
}

const limits = (node: ScriptedNode) => ({ deadline: node.time.runtime.now() + 2_000 });

describe("proposals that full members take from their reserve (section 8)", () => {
  it("a new value is none of them", async () => {
    const node = await ScriptedNode.start();
    void node.core.proposals.change(KEY, sendable(setOnce("x")), limits(node));
    await rounds(node);
    assertEquals(marks(node), [false]);
  });

  it("changes that are proposed together use it if one of them may", async () => {
    for (const order of [[true, false], [false, true], [false, false]]) {
      const node = await ScriptedNode.start();
      const change = (reserve: boolean) => {
        const options = { ...limits(node), reserve };
        node.core.proposals.change(KEY, sendable(look), options).catch(() => {});
      };
      // The others wait for its end.
      change(false);
      for (const reserve of order) change(reserve);
      await rounds(node);
      assertEquals(marks(node), [false, order.includes(true)]);
    }
  });

  it("the seal of a value that has ended", async () => {
    const node = await ScriptedNode.start();
    write(node, KEY, { bindings: [{ kind: "until", time: 1_000 }] });
    const read = node.core.liveness.live(KEY, limits(node));
    await rounds(node);
    assertEquals([(await read).state?.present, marks(node)], [false, [true]]);
  });

  it("the write that settles what a process may have written", async () => {
    const node = await ScriptedNode.start();
    const owner = new ProcessTable(node.core).add();
    owner.writes(KEY);
    owner.lost(KEY);
    const tidied = tidy(node.core, owner);
    await rounds(node);
    await tidied;
    assertEquals(marks(node), [true]);
  });

  it("the removal of a dead owner from a lock that is read", async () => {
    const script = await LockScript.start();
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const read = script.table.current(LOCK, limits(script.node));
    await rounds(script.node);
    assertEquals([(await read).holders, marks(script.node)], [[], [true]]);
  });

  it("the removal of an owner from a lock, when its session ends", async () => {
    const script = await LockScript.start();
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    script.table.monitor(LOCK, ELSEWHERE.session);
    await rounds(script.node);
    assertEquals([script.held("a"), marks(script.node)], [", then ", [true]]);
  });

  it("the removal of a singleton whose host is dead", async () => {
    const node = await ScriptedNode.start();
    const { core } = node;
    const register = registerId("s", "spec", "key");
    const value = encodeValue([ELSEWHERE.session, 1, "temporary", new Uint8Array(), 0], 1_000);
    write(node, register, { value, owners: [ELSEWHERE.session] });
    const parts = { core, specs: [] } as unknown as FinderParts;
    const found = new Finder(parts).current(register, limits(node));
    await rounds(node);
    assertEquals([(await found).value, marks(node)], [null, [true]]);
  });
});
