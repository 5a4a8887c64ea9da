// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Reply } from "../../../lib/paxos/messages.ts";
import { blank, enquiry, HELPER, MEMBERS, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

const record = {
  id: "g2",
  lives: [life(3), life(3), life(3)],
  floor: 0,
  maxTtl: 5_000,
  clients: false,
};

/** a and c answer the question for its incarnation with `incarnation`. */
async function known(script: ScriptedMember, incarnation: Life): Promise<void> {
  const { request } = await script.next("a", "incarnation");
  for (const from of ["a", "c"]) {
    script.answer(from, HELPER, { id: request.id, type: "known", incarnation });
  }
}

describe("Membership: a new life during recovery (section 7)", () => {
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

describe("Membership: taking turns (section 7)", () => {
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
