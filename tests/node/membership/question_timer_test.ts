// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { blank, enquiry, MEMBERS, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("QuestionTimer: slow answers (section 12)", () => {
  it("waits longer before the next question: only an answer to the latest one counts", async () => {
    const script = new ScriptedMember();
    script.membership.start();
    await script.ask("a", life(1), enquiry("genesis", 2));
    const lives = [life(1), life(5), life(1)];
    const record = { id: "g", lives, floor: 0, maxTtl: 5_000, clients: false };
    const slow = async () => {
      const { request } = await script.next("a", "enquire");
      const { id } = request;
      const reply = { id, type: "record", members: MEMBERS, record } as const;
      script.time.runtime.setTimer(
        () => script.answer("a", { genesis: "g", incarnation: life(1), vector: lives }, reply),
        3_000,
      );
    };
    for (let i = 0; i < 60 && script.membership.state !== "operational"; i++) {
      await slow();
      await script.time.pass(500);
    }
    assertEquals(script.membership.state, "operational");
  });
});

describe("QuestionTimer: late answers and timely ones (section 12)", () => {
  it("asks as often as before when late answers arrive with one to the latest question", async () => {
    const script = new ScriptedMember();
    script.membership.start();
    const blankOf = (id: number) => script.answer("a", {}, blank(id));
    const first = await script.next("a", "enquire");
    await script.time.pass(8_000);
    const latest = await script.next("a", "enquire");
    // As when a link comes up that has queued all messages.
    for (let id = first.request.id; id <= latest.request.id; id++) blankOf(id);
    const started = script.time.runtime.now();
    for (let i = 0; i < 3; i++) await script.next("a", "enquire");
    assert(script.time.runtime.now() - started < 4_500);
  });
});
