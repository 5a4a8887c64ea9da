import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { LONGEST_WAIT, QuestionWaits } from "../../../lib/node/membership/question_waits.ts";
import { LONGEST_ROUND_TRIP } from "../../../lib/node/runtime/pacing.ts";
import type { Outgoing } from "../../../lib/paxos/genesis.ts";

/** A question with this number. */
function question(id: number, purpose: "record" | "genesis" = "record"): Outgoing {
  return { to: "b", request: { id, type: "enquire", members: ["a", "b"], purpose, round: 1 } };
}

describe("QuestionWaits", () => {
  it("waits twice the round trip, if that is longer than the wait", () => {
    const waits = new QuestionWaits();
    waits.asked([question(1)], 0);
    waits.answered(1, 700);
    waits.asked([question(2)], 1_000);
    assertEquals(waits.longest, 1_400);
  });

  it("counts the shortest round trip, also of an answer to an earlier question", () => {
    const waits = new QuestionWaits();
    waits.asked([question(1)], 0);
    waits.asked([question(2)], 1_000);
    waits.answered(2, 3_500);
    waits.answered(1, 3_600);
    waits.answered(9, 3_700);
    waits.asked([question(3)], 4_000);
    assertEquals(waits.longest, 5_000);
  });

  it("does not wait longer where answers come in time, nor without any", () => {
    const waits = new QuestionWaits();
    waits.asked([question(1)], 0);
    waits.answered(1, 400);
    waits.asked([question(2)], 1_000);
    assertEquals(waits.longest, LONGEST_WAIT);
    waits.asked([question(3)], 2_000);
    assertEquals(waits.longest, LONGEST_WAIT);
  });

  it("halves the wait when answers are fast again, and is bounded", () => {
    const waits = new QuestionWaits();
    waits.asked([question(1)], 0);
    waits.answered(1, 60_000);
    waits.asked([question(2)], 60_000);
    assertEquals(waits.longest, LONGEST_ROUND_TRIP);
    const longest: number[] = [];
    for (let id = 3; id < 8; id++) {
      waits.asked([question(id)], 100_000);
      longest.push(waits.longest);
    }
    assertEquals(longest, [10_000, 5_000, 2_500, 1_250, 1_000]);
  });

  it("measures no other questions, and forgets all but the last 40", () => {
    const waits = new QuestionWaits();
    waits.asked([question(1, "genesis")], 0);
    waits.answered(1, 5_000);
    waits.asked([question(2)], 5_000);
    assertEquals(waits.longest, LONGEST_WAIT);
    for (let id = 3; id < 43; id++) waits.asked([question(id)], 6_000);
    waits.answered(2, 15_000);
    waits.asked([], 15_000);
    assertEquals(waits.longest, LONGEST_WAIT);
    waits.answered(3, 9_000);
    waits.asked([], 15_000);
    assertEquals(waits.longest, 6_000);
  });
});
