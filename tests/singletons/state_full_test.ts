// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../lib/codec.ts";
import type { SynodError } from "../../lib/errors.ts";
import { OpenState } from "../../lib/singletons/state.ts";
import { ScriptedNode } from "../support/scripted_node.ts";

const FULL = { type: "full", tidying: false, missing: [] } as const;

/** A state that is open, on a node whose members the test plays; without a promise that serves at once. */
async function opened() {
  const node = await ScriptedNode.start();
  const parts = {
    ...{ core: node.core, token: 1, session: node.core.session.current },
    ...{ signal: new AbortController().signal, replaced: () => {} },
    isCurrent: () => Promise.resolve(true),
  };
  const opening = OpenState.open(registerId("s", undefined, "s"), parts as never, "first");
  await node.ask("a", "b", "c");
  await node.ask("a", "b", "c");
  const state = await opening;
  /** The code with which a write ends. */
  const written = { code: "" };
  const set = () => {
    state.set("x".repeat(10_000)).then(
      () => written.code = "written",
      (error: SynodError) => written.code = error.code,
    );
  };
  /** Members have no room, however often they are asked. */
  const refuse = async () => {
    for (let i = 0; i < 30 && written.code === ""; i++) {
      await node.time.pass(500);
      for (const member of ["b", "c"]) await node.reply(member, FULL);
    }
    return written.code;
  };
  return { node, set, refuse };
}

describe("a write of a state without room (section 10)", () => {
  it("ends as `full` if no member was sent its value", async () => {
    const { set, refuse } = await opened();
    set();
    assertEquals(await refuse(), "full");
  });

  it("ends as `outcome_unknown` if a member may have accepted it before", async () => {
    const { node, set, refuse } = await opened();
    set();
    await node.ask("a", "b");
    // The accept reaches one member, and its answer is lost.
    await node.send("a");
    await node.lose("a", "b", "c");
    assertEquals(await refuse(), "outcome_unknown");
  });
});
