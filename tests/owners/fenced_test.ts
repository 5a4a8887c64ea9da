// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fencedOnce } from "../../lib/owners/fenced.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";

const OTHER = `a/${life(1)}/1`;

/** The kinds of requests in transit to a, which are lost then. */
async function asked(node: ScriptedNode): Promise<string[]> {
  const kinds = (await node.asked("a")).map(({ type }) => type);
  await node.lose("a", "b", "c");
  return kinds;
}

describe("fencedOnce() (section 6)", () => {
  it("is true once a quorum has fenced the session", async () => {
    const node = await ScriptedNode.start();
    // By now the members would have heard of its renewals.
    await node.time.pass(20_000);
    await node.lose("a", "b", "c");
    const outcome = fencedOnce(node.core, node.core.limits())(OTHER);
    await node.ask("a", "b");
    assertEquals(await outcome, true);
  });

  it("asks once for each session, however often it is needed", async () => {
    const node = await ScriptedNode.start();
    const hasEnded = fencedOnce(node.core, node.core.limits());
    void hasEnded(OTHER);
    assertEquals(await asked(node), ["fence"]);
    void hasEnded(OTHER);
    assertEquals(await asked(node), []);
    void hasEnded(`b/${life(1)}/1`);
    assertEquals(await asked(node), ["fence"]);
  });

  it("does not ask about the node's own session: it relies on it", async () => {
    const node = await ScriptedNode.start();
    const hasEnded = fencedOnce(node.core, node.core.limits());
    assertEquals(await hasEnded(node.core.session.current), false);
    assertEquals(await asked(node), []);
  });

  it("is false if that cannot be known: the session counts as alive", async () => {
    const node = await ScriptedNode.start();
    const outcome = fencedOnce(node.core, node.core.limits(1_000))(OTHER);
    await node.time.pass(1_001);
    assertEquals(await outcome, false);
  });
});
