import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { judge, type Proposal, type Vote } from "./choices.ts";
import { valueOf } from "./client.ts";

function proposal(ballot: number, text: string | null, token: number, over = 0): Proposal {
  const state = text === null ? { present: false as const, token } : {
    present: true as const,
    token,
    over,
    op: text,
    value: valueOf(text, false),
    bindings: [],
    owners: [],
  };
  return { ballot: { counter: ballot, life: "p" }, state };
}

/** Votes of members that know of no crash. */
function votes(ballot: number, ...members: number[]): Vote[] {
  return members.map((member) => ({
    member,
    ballot: { counter: ballot, life: "p" },
    incarnation: "1",
    vector: ["1", "1", "1"],
  }));
}

function why(proposals: readonly Proposal[], all: readonly Vote[]): string {
  const verdict = judge(proposals, all, 3);
  return verdict.ok ? `chosen: ${verdict.chosen.length}` : verdict.why;
}

describe("judge()", () => {
  it("counts a state as chosen if and only if a majority accepted it", () => {
    const proposals = [proposal(1, "a", 1), proposal(2, "b", 2, 1)];
    assertEquals(why(proposals, votes(1, 0)), "chosen: 0");
    assertEquals(why(proposals, votes(1, 0, 2)), "chosen: 1");
    assertEquals(why(proposals, [...votes(1, 0, 2), ...votes(2, 1, 2)]), "chosen: 2");
  });

  it("does not count two votes together if one knows that the other was forgotten", () => {
    const [first] = votes(1, 0);
    const [second] = votes(1, 1);
    const later = { ...second, vector: ["2", "1", "1"] };
    assertEquals(why([proposal(1, "a", 1)], [first, later]), "chosen: 0");
    const again = { ...first, incarnation: "2" };
    assertEquals(why([proposal(1, "a", 1)], [again, later]), "chosen: 1");
    assertEquals(why([proposal(1, "a", 1)], [first, again]), "chosen: 0");
  });

  it("refuses two states at one ballot", () => {
    assertStringIncludes(why([proposal(1, "a", 1), proposal(1, "b", 1)], []), "two states");
  });

  it("refuses a state that was not written over the previous chosen state", () => {
    const both = [...votes(1, 0, 1), ...votes(2, 1, 2)];
    assertStringIncludes(why([proposal(1, "a", 1), proposal(2, "b", 2)], both), "not written over");
    const between = [proposal(1, "a", 1), proposal(2, "ab", 2, 1), proposal(3, "abc", 3, 2)];
    assertEquals(why(between, [...votes(1, 0, 1), ...votes(3, 1, 2)]), "chosen: 2");
  });

  it("accepts a state that is proposed again, but not one that was never written with its token", () => {
    const again = [proposal(1, "a", 1), proposal(2, "a", 1)];
    assertEquals(why(again, [...votes(1, 0), ...votes(2, 1, 2)]), "chosen: 1");
    assertStringIncludes(why([proposal(2, "a", 1)], []), "never written");
  });

  it("accepts a new value after a release", () => {
    const released = [proposal(1, "a", 1), proposal(2, null, 2), proposal(4, "b", 4, 3)];
    const all = [...votes(1, 0, 1), ...votes(2, 0, 1), ...votes(4, 0, 1)];
    assertEquals(why(released, all), "chosen: 3");
  });
});
