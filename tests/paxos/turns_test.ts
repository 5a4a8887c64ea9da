import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { GenesisRequest, Header, Reply } from "../../lib/paxos/messages.ts";
import { TURN_TIME, Turns } from "../../lib/paxos/turns.ts";

const members = ["a", "b", "c"];

/** The turns of member b. */
class Script {
  readonly turns = new Turns({ self: "b", members });
  now = 0;
  readonly #wait = this.turns.wait(2_000);

  /** `life` answers or asks while it does not vote. */
  blank(life: string, how: "answers" | "asks" = "answers"): this {
    const header = headerOf(life, null);
    if (how === "asks") this.turns.asked(life[0], header, enquiry, this.now);
    else this.turns.answered(life[0], header, blank, this.now);
    return this;
  }

  /** `life` answers with the record that it lives under. */
  votes(life: string): this {
    this.turns.answered(life[0], headerOf(life, life), record, this.now);
    return this;
  }

  /** Whether it is b's turn at `now`. */
  isOurs(now: number): boolean {
    this.now = now;
    return this.#wait(now);
  }
}

const enquiry: GenesisRequest = { type: "enquire", members, purpose: "record", round: 1 };
const blank: Reply = { id: 1, type: "blank", members, wall: 0, recovering: true };
const record: Reply = {
  id: 1,
  type: "record",
  members,
  record: { id: "a1", lives: members, floor: 0, maxTtl: 1, clients: false },
};

function headerOf(life: string, incarnation: string | null): Header {
  return { life, clock: 0, genesis: null, epoch: 0, incarnation, vector: [] };
}

describe("Turns: members that come back at the same time", () => {
  it("a member that comes back alone need not wait", () => {
    assertEquals(new Script().isOurs(0), true);
  });

  for (const how of ["answers", "asks"] as const) {
    it(`a member waits while one before it in the list ${how} that it does not vote`, () => {
      const script = new Script().blank("a2", how);
      assertEquals([script.isOurs(0), script.isOurs(TURN_TIME - 1)], [false, false]);
      script.blank("a2", how);
      assertEquals([script.isOurs(TURN_TIME + 1), script.isOurs(2 * TURN_TIME)], [false, true]);
    });

    it(`and not while one behind it ${how}`, () => {
      assertEquals(new Script().blank("c2", how).isOurs(0), true);
    });
  }

  it("a member that votes again ends its turn", () => {
    const script = new Script().blank("a2");
    assertEquals(script.isOurs(1), false);
    assertEquals(script.votes("a2").isOurs(2), true);
  });

  it("an older process of that member, which still votes, does not", () => {
    assertEquals(new Script().blank("a2").votes("a1").isOurs(1), false);
  });

  it("the questions of a voting member have no effect", () => {
    const script = new Script();
    script.turns.asked("a", headerOf("a1", "a1"), enquiry, 0);
    const transfer = { type: "incarnation", members } as const;
    script.turns.asked("a", headerOf("a2", null), transfer, 0);
    assertEquals(script.isOurs(0), true);
  });

  it("no member waits longer than the given time, counted from its first attempt", () => {
    const script = new Script();
    const at = (now: number) => {
      script.now = now;
      return script.blank("a2").isOurs(now);
    };
    assertEquals([at(1_000), at(2_000), at(2_999), at(3_000)], [false, false, false, true]);
  });
});
