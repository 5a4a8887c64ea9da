// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { hasRival } from "../../../lib/node/quorum/rival.ts";
import { type Ballot, floorBallot } from "../../../lib/paxos/ballot.ts";
import type { StoredRegister } from "../../../lib/paxos/messages.ts";

const at = (counter: number, life: string): Ballot => ({ counter, life });

function held(promised: Ballot, accepted: Ballot | null): StoredRegister {
  const state = { present: false, token: 1 } as const;
  return {
    register: "k",
    promised,
    copied: false,
    accepted: accepted && { ballot: accepted, state },
  };
}

describe("hasRival()", () => {
  it("finds the vote of a fast round of another life, whose other votes may be missing (section 3a)", () => {
    const fast = (life: string) => {
      const { accepted, ...rest } = held(at(5, life), at(4, life));
      return { ...rest, accepted: accepted && { ...accepted, fast: true as const } };
    };
    assertEquals([hasRival(fast("B"), "A"), hasRival(fast("A"), "A")], [true, false]);
  });

  it("finds a promise of another life that is not used yet", () => {
    assertEquals(hasRival(held(at(5, "B"), null), "A"), true);
    assertEquals(hasRival(held(at(5, "B"), at(3, "A")), "A"), true);
    assertEquals(hasRival(held(at(5, "B"), at(4, "A")), "A"), true);
    assertEquals(hasRival(held(at(5, "B"), at(3, "B")), "A"), true);
  });

  it("finds none in a promise of its own, a floor, what was accepted, and a promise kept for later", () => {
    assertEquals(hasRival(undefined, "A"), false);
    assertEquals(hasRival(held(at(5, "A"), null), "A"), false);
    assertEquals(hasRival(held(floorBallot(5), null), "A"), false);
    assertEquals(hasRival(held(at(5, "B"), at(5, "B")), "A"), false);
    assertEquals(hasRival(held(at(5, "B"), at(4, "B")), "A"), false);
  });
});
