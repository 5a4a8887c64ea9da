// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { blank, HELPER, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("Membership: recovery (section 7)", () => {
  it("asks again the members that have not answered", async () => {
    const script = await new ScriptedMember().recovering();
    const first = await script.next("a", "incarnation");
    script.answer("c", HELPER, { id: first.request.id, type: "known", incarnation: life(1) });
    const second = await script.next("a", "incarnation");
    assertEquals(second.request.id, first.request.id);
    script.answer("a", HELPER, { id: first.request.id, type: "known", incarnation: life(1) });
    const announced = await script.next("c", "transfer");
    assertEquals((await script.next("c", "transfer")).request.id, announced.request.id);
  });
});

describe("Membership: giving up (section 7)", () => {
  it("without a quorum it asks in two rounds, and gives up when a majority lost its memory", async () => {
    const script = await new ScriptedMember().operational();
    script.wall = 1_000;
    for (let round = 1; round <= 2; round++) {
      assertEquals(script.events, []);
      for (const [from, other] of [["a", life(3)], ["c", life(3)]]) {
        if (script.events.length > 0) break;
        const { request } = await script.next(from, "enquire");
        script.answer(from, { life: other }, blank(request.id));
      }
    }
    assertEquals(script.events, ["gaveUp"]);
    assertEquals([script.membership.state, script.engine.voter, script.engine.record], [
      "blank",
      null,
      null,
    ]);
  });

  it("takes a life above the earlier one, with any reading of the clock", async () => {
    for (const wall of [0, 10 ** 12]) {
      const script = await new ScriptedMember().operational();
      script.wall = wall;
      for (let i = 0; i < 6 && script.events.length === 0; i++) {
        for (const from of ["a", "c"]) {
          if (script.events.length > 0) break;
          const { request } = await script.next(from, "enquire");
          script.answer(from, { life: life(3) }, blank(request.id));
        }
      }
      assertEquals(script.events, ["gaveUp"]);
      assert(script.engine.life > life(5), script.engine.life);
    }
  });

  it("with a quorum it asks nothing, and does not give up on any answer", async () => {
    const script = await new ScriptedMember().operational();
    script.hasQuorum = true;
    await script.time.pass(1_500);
    let asked = true;
    try {
      await script.next("a", "enquire");
    } catch {
      asked = false;
    }
    assertEquals([asked, script.events], [false, []]);
  });
});
