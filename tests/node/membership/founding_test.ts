// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { enquiry, known, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("Founding: two leaders (section 7)", () => {
  it("takes a new life before it answers the second round of another life of the first member", async () => {
    const script = new ScriptedMember();
    script.membership.start();
    assertEquals((await script.ask("a", life(1), enquiry("genesis", 2)))[0].type, "blank");
    assertEquals(await script.ask("a", life(2), enquiry("genesis", 2)), []);
    assert(script.engine.life > life(5));
    assertEquals((await script.ask("a", life(2), enquiry("genesis", 2)))[0].type, "blank");
    assertEquals((await script.ask("a", life(1), enquiry("record", 1)))[0].type, "replaced");
  });
});

describe("Founding: a new life during recovery (section 7)", () => {
  it("a life that the genesis takes begins its own recovery, which announces that life", async () => {
    const script = await new ScriptedMember().recovering();
    await script.ask("a", life(1), enquiry("genesis", 2));
    await script.ask("a", life(2), enquiry("genesis", 2));
    assert(script.engine.life > life(5));
    await known(script, life(1));
    const { header, request } = await script.next("a", "transfer");
    if (request.type !== "transfer") throw new Error("not an announcement");
    assertEquals([request.incarnation, header.life], [script.engine.life, script.engine.life]);
  });
});
