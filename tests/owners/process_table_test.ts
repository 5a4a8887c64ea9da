// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ScriptedPuts } from "../kv/support/scripted_puts.ts";
import { KEY, life } from "../support/scripted_node.ts";
import type { Owner } from "../../lib/owners/owner.ts";

/** The entry of the key in the list of `owner`. */
function listed({ registers }: Owner): { owned: boolean; unknown: number } {
  const { owned, unknown } = registers.get(KEY)!;
  return { owned, unknown };
}

describe("ProcessTable: a process that exits (section 4)", () => {
  it("releases the values that it is known to have written", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(put.outcome, "mine");
    const exit = script.exit();
    await script.node.ask("a", "b");
    assertEquals([exit.released, script.accepts("a").at(-1)], [
      true,
      "a< accept 2x absent@2, or prepare 7x",
    ]);
  });

  it("overwrites a value that may still appear, even if it sees none", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([script.pid], 1_000);
    await script.node.ask("a", "b");
    // Its accept is only in transit to c, for a long time.
    await script.node.lose("a", "b");
    const late = await script.node.asked("c");
    await script.node.time.pass(1_100);
    assertEquals(put.outcome, "no_quorum");
    await script.node.lose("a", "b", "c");
    const exit = script.exit();
    for (let i = 0; i < 3; i++) await script.node.ask("a", "b");
    assertEquals(exit.released, true);
    assertEquals(script.accepts("a").at(-1)?.replace(/\d+/g, "n"), "a< accept nx absent@n");
    // When it arrives, no proposer adopts it any more: the states of a and b are above it.
    for (const request of late) {
      if (request.type !== "accept") continue;
      script.node.voter("c").handle(request, { node: "x", life: life(9) }, 0);
    }
    const read = script.put([]);
    for (let i = 0; i < 3; i++) await script.node.ask("c", "a");
    assertEquals(read.outcome, "mine");
  });

  it("remembers an unknown write even if another one to the same key is known to have failed", async () => {
    const { owner } = await ScriptedPuts.start();
    owner.writes(KEY);
    owner.writes(KEY);
    owner.knows(KEY, false);
    assertEquals(listed(owner), { owned: false, unknown: 1 });
    owner.knows(KEY, false);
    assertEquals(owner.registers.size, 0);
    owner.writes(KEY);
    owner.knows(KEY, true);
    assertEquals(listed(owner), { owned: true, unknown: 0 });
  });

  it("retries until it is done", async () => {
    const script = await ScriptedPuts.start();
    script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    const exit = script.exit();
    // The members have no room for a while: not even to prepare registers that they hold.
    script.promise(50, "a", "b", "c");
    await script.node.ask("a", "b", "c");
    await script.node.reply("a", { type: "full", tidying: false, missing: [] });
    await script.node.reply("b", { type: "full", tidying: false, missing: [] });
    assertEquals(exit.released, false);
    for (let i = 0; i < 10 && !exit.released; i++) {
      await script.node.time.pass(100);
      await script.node.ask("a", "b", "c");
    }
    assertEquals(exit.released, true);
  });

  it("stops when its session is over: then others release the values", async () => {
    const script = await ScriptedPuts.start();
    script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    script.node.core.session.end();
    await script.node.lose("a", "b", "c");
    const exit = script.exit();
    await script.node.settle();
    assertEquals([exit.released, await script.node.asked("a")], [true, []]);
  });
});
