// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeFrame } from "../../../lib/codec.ts";
import type { Request } from "../../../lib/paxos/messages.ts";
import { enquiry, HEADER, HELPER, MEMBERS, ScriptedMember } from "../../support/scripted_member.ts";
import { life } from "../../support/scripted_node.ts";

describe("MemberAnswers: recovery (section 7)", () => {
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
      script.engine.runtime.now(),
    );
    assertEquals(script.engine.incarnations.entries, [life(1), life(5), life(8)]);
    assertEquals(script.events, ["c recovers"]);
  });
});
