// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Reply } from "../../../lib/paxos/messages.ts";
import {
  blank,
  enquiry,
  HELPER,
  known,
  MEMBERS,
  ScriptedMember,
} from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

const record = {
  id: "g2",
  lives: [life(3), life(3), life(3)],
  floor: 0,
  maxTtl: 5_000,
  clients: false,
};

describe("Comeback (section 7)", () => {
  it("asks for its incarnation, announces it, copies, and votes", async () => {
    const script = await new ScriptedMember().recovering();
    for (const from of ["a", "c"]) {
      const { request } = await script.next(from, "incarnation");
      script.answer(from, HELPER, { id: request.id, type: "known", incarnation: life(1) });
    }
    for (const from of ["a", "c"]) {
      const { request } = await script.next(from, "transfer");
      if (request.type !== "transfer") throw new Error("what?");
      const vector = [life(1), life(5), life(1)];
      const last = { fenced: [], ended: [], over: [], floor: 9, vector, wait: 0, former: [] };
      const { id, announcement } = request;
      const piece = { id, type: "piece", announcement, registers: [], last } as const;
      script.answer(from, { ...HELPER, vector }, piece);
    }
    assertEquals(script.events, ["entered", "operational"]);
    assertEquals(script.engine.voter?.incarnation, life(5));
    assertEquals(script.engine.voter?.acceptor.floor, 9);
  });

  it("the genesis learns of a life that the recovery takes: it adopts the record that names it", async () => {
    const script = await new ScriptedMember().recovering();
    await known(script, life(7));
    const taken = script.engine.life;
    assert(taken > life(7));
    const [answer] = await script.ask("a", life(3), enquiry("genesis", 2));
    assertEquals(answer.type, "blank");
    const { request } = await script.next("a", "enquire");
    const lives = [life(3), taken, life(3)];
    const reply: Reply = {
      id: request.id,
      type: "record",
      members: MEMBERS,
      record: { ...record, lives },
    };
    script.answer(
      "a",
      { genesis: "g2", life: life(3), incarnation: life(3), vector: lives },
      reply,
    );
    assertEquals([script.membership.state, script.engine.voter?.incarnation], [
      "operational",
      taken,
    ]);
  });
});

describe("Comeback: taking turns (section 7)", () => {
  const isAnnounced = async (script: ScriptedMember) => {
    const { request } = await script.next("c", "incarnation", "transfer", "enquire");
    return request.type === "transfer";
  };

  for (const how of ["answers", "asks"] as const) {
    it(`does not announce its life within half a second after an earlier member ${how}`, async () => {
      const script = await new ScriptedMember().recovering();
      const { request } = await script.next("a", "enquire");
      if (how === "answers") script.answer("a", { life: life(6) }, blank(request.id));
      else await script.ask("a", life(6), enquiry("record", 1));
      const heard = script.time.runtime.now();
      await known(script, life(1));
      while (!await isAnnounced(script)) await script.time.pass(10);
      const waited = script.time.runtime.now() - heard;
      assert(waited >= 500 && waited < 700, `${waited}`);
    });
  }

  it("announces at once while a later member is coming back", async () => {
    const script = await new ScriptedMember().recovering();
    const { request } = await script.next("c", "enquire");
    script.answer("c", { life: life(6) }, blank(request.id));
    const heard = script.time.runtime.now();
    await known(script, life(1));
    while (!await isAnnounced(script)) await script.time.pass(10);
    assert(script.time.runtime.now() - heard < 400);
  });

  it("waits no longer than the longest session of the cluster", async () => {
    const script = await new ScriptedMember().recovering();
    await script.ask("a", life(6), enquiry("record", 1));
    await known(script, life(1));
    const begun = script.time.runtime.now();
    while (!await isAnnounced(script)) {
      await script.ask("a", life(6), enquiry("record", 1));
      await script.time.pass(50);
    }
    const waited = script.time.runtime.now() - begun;
    assert(waited >= 4_900 && waited < 5_500, `${waited}`);
  });
});
