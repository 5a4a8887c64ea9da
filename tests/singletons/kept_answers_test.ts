// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { KeptAnswers } from "../../lib/singletons/kept_answers.ts";

/** An answer with a value of this size in MiB. */
function answered(size: number) {
  return { answer: { type: "returned", value: new Uint8Array(size * 2 ** 20) } as const };
}

describe("KeptAnswers (section 10)", () => {
  it("drop the oldest ones for want of room, and count them", () => {
    const answers = new KeptAnswers();
    const forgotten: string[] = [];
    const [a, b, c, d] = [10, 10, 10, 10].map(answered);
    answers.keep(a, () => forgotten.push("a"));
    answers.keep(b, () => forgotten.push("b"));
    answers.keep(c, () => forgotten.push("c"));
    assertEquals([forgotten, answers.dropped], [[], 0]);
    answers.keep(d, () => forgotten.push("d"));
    assertEquals([forgotten, answers.dropped], [["a"], 1]);
  });

  it("have room again when an answer is forgotten, which is no loss", () => {
    const answers = new KeptAnswers();
    const forgotten: string[] = [];
    const [a, b] = [answered(20), answered(20)];
    answers.keep(a, () => forgotten.push("a"));
    answers.forget(a);
    answers.forget(a);
    answers.keep(b, () => forgotten.push("b"));
    assertEquals([forgotten, answers.dropped], [[], 0]);
  });
});
