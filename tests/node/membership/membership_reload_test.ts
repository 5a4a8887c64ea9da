// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Reply } from "../../../lib/paxos/messages.ts";
import { blank, enquiry, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("Membership: two processes of one member (section 7)", () => {
  it("asks its own id, which only other processes under it hear", async () => {
    const script = new ScriptedMember();
    script.membership.start();
    const { request } = await script.next("b", "enquire");
    if (request.type !== "enquire") throw new Error("not a question for the record");
    assertEquals(request.purpose, "record");
  });

  it("answers the other process, and not itself", async () => {
    const script = await new ScriptedMember().operational();
    const [answer] = await script.ask("b", life(6), enquiry("record", 1));
    assertEquals(answer.type, "record");
  });

  it("closes, while it does not vote, when a later process asks", async () => {
    for (const script of [new ScriptedMember(), await new ScriptedMember().recovering()]) {
      assertEquals(await script.ask("b", life(6), enquiry("record", 1)), []);
      assertEquals(script.events.at(-1), "replaced");
    }
  });

  it("does not answer once it is replaced: members would count its memory", async () => {
    for (const purpose of ["record", "genesis", "givingUp"] as const) {
      const script = await new ScriptedMember().operational();
      const vector = [life(1), life(6), life(1)];
      const known: Reply = { id: 1, type: "known", incarnation: life(6) };
      script.answer("a", { genesis: "g", incarnation: life(1), vector }, known);
      assertEquals(script.events, ["replaced"]);
      assertEquals(await script.ask("a", life(7), enquiry(purpose, 1)), []);
    }
  });

  /**
   * Without a quorum it hears in two rounds that the others, and a later process of its own, have no memory.
   */
  async function allIsLost(script: ScriptedMember, own: Life): Promise<void> {
    for (let i = 0; i < 6 && script.events.length === 0; i++) {
      const { request } = await script.next("a", "enquire");
      script.answer("b", { life: own }, blank(request.id));
      for (const from of ["a", "c"]) script.answer(from, { life: life(3) }, blank(request.id));
    }
  }

  it("leaves a lost cluster to the later process, and does not restart under a later life", async () => {
    const script = await new ScriptedMember().operational();
    await allIsLost(script, life(6));
    assertEquals([script.events, script.engine.life], [["replaced"], life(5)]);
  });

  it("an older process does not count for that", async () => {
    const script = await new ScriptedMember().operational();
    await allIsLost(script, life(4));
    assertEquals(script.events, ["gaveUp"]);
  });

  it("does so also with afterMajorityLoss set to wait", async () => {
    const script = await new ScriptedMember({ afterMajorityLoss: "wait" }).operational();
    await script.ask("b", life(6), enquiry("record", 1));
    await allIsLost(script, life(6));
    assertEquals(script.events, ["replaced"]);
  });

  it("with afterMajorityLoss set to wait it asks nothing before a later process was heard", async () => {
    const script = await new ScriptedMember({ afterMajorityLoss: "wait" }).operational();
    await script.time.pass(3_000);
    let isAsked = true;
    await script.next("a", "enquire").catch(() => isAsked = false);
    assertEquals(isAsked, false);
  });

  it("with afterMajorityLoss set to wait it continues to wait if the later process is gone again", async () => {
    const script = await new ScriptedMember({ afterMajorityLoss: "wait" }).operational();
    await script.ask("b", life(6), enquiry("record", 1));
    await allIsLost(script, life(4));
    assertEquals([script.events, script.membership.state], [[], "operational"]);
  });
});
