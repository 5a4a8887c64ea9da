// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeFrame } from "../../../lib/codec.ts";
import type { Request } from "../../../lib/paxos/messages.ts";
import {
  blank,
  enquiry,
  HEADER,
  HELPER,
  MEMBERS,
  ScriptedMember,
} from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("Membership: recovery (section 7)", () => {
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

  for (const purpose of ["genesis", "givingUp"] as const) {
    it(`begins again when it answers the second round of ${purpose}`, async () => {
      const script = await new ScriptedMember().recovering();
      const { request } = await script.next("a", "incarnation");
      script.answer("a", HELPER, { id: request.id, type: "known", incarnation: life(1) });
      const from = purpose === "genesis" ? "a" : "c";
      const [answer] = await script.ask(from, life(2), enquiry(purpose, 2));
      assertEquals(answer.type, "blank");
      // a's earlier answer is void, and so is c's answer to the earlier question.
      script.answer("c", HELPER, { id: request.id, type: "known", incarnation: life(1) });
      const again = await script.next("a", "incarnation", "transfer");
      assertEquals(again.request.type, "incarnation");
      assert(again.request.id !== request.id);
    });
  }

  it("a helper's vector contains the announcement at once", async () => {
    const script = await new ScriptedMember().operational();
    const transfer: Request = {
      id: 5,
      type: "transfer",
      members: MEMBERS,
      announcement: 3,
      incarnation: life(8),
      after: "",
    };
    script.engine.receive(
      "c",
      encodeFrame({
        header: { ...HEADER, life: life(8), genesis: "g" },
        requests: [transfer],
        repliesTo: null,
        replies: [],
      }),
    );
    assertEquals(script.engine.incarnations.entries, [life(1), life(5), life(8)]);
    assertEquals(script.events, ["c recovers"]);
  });
});

describe("Membership: slow answers (section 12)", () => {
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

describe("Membership: late answers and timely ones (section 12)", () => {
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

describe("Membership: two leaders (section 7)", () => {
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
