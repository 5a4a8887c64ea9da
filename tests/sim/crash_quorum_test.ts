import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type CastVote, mayBeCounted } from "./crash_quorum.ts";

function vote(member: string, incarnation: number, crashes: Record<string, number> = {}): CastVote {
  const known = Object.entries(crashes).map(([id, life]) => [id, `${life}`] as const);
  return { member, incarnation: `${incarnation}`, crashes: new Map(known) };
}

describe("mayBeCounted()", () => {
  it("is true for votes of enough members that know of no later incarnation of each other", () => {
    const votes = [vote("a", 1, { a: 1, b: 1 }), vote("b", 1, { a: 1, b: 1, c: 9 })];
    assertEquals([1, 2, 3].map((needed) => mayBeCounted(votes, needed)), [true, true, false]);
  });

  it("is false if one knew that the memory of another one is gone", () => {
    const votes = [vote("a", 1), vote("b", 1, { a: 2 })];
    assertEquals(mayBeCounted(votes, 2), false);
    assertEquals(mayBeCounted([...votes].reverse(), 2), false);
  });

  it("leaves out the votes that do not go with the others", () => {
    const votes = [vote("a", 1), vote("b", 1, { a: 2 }), vote("c", 1), vote("d", 1, { c: 2 })];
    assertEquals([2, 3].map((needed) => mayBeCounted(votes, needed)), [true, false]);
    assertEquals(mayBeCounted([...votes, vote("a", 2)], 3), true);
  });

  it("counts two incarnations of a member once", () => {
    assertEquals(mayBeCounted([vote("a", 1), vote("a", 2), vote("b", 1)], 3), false);
    assertEquals(mayBeCounted([vote("a", 1), vote("a", 2), vote("b", 1)], 2), true);
  });
});
