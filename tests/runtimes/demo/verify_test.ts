import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import type { Attempt } from "../../../examples/demo/claims_log.ts";
import type { LineResult } from "../../../examples/demo/messages.ts";
import { type Evidence, findDisagreements } from "../../../examples/demo/verify.ts";
import { attempt, hashOf, MEMBERS, result, won } from "./evidence.ts";

interface Draft extends Evidence {
  attempts: Attempt[][];
  results: LineResult[][];
}

/**
 * Two lines. Line 0 is done by w2; the others lost the race. Line 1 is claimed by w3, which is terminated
 * before it publishes; w1 takes over the line. Then w3 is back, and agrees.
 */
function good(): Draft {
  const results = [result(0, "w2", 10), result(1, "w1", 40)];
  return {
    members: MEMBERS,
    attempts: [
      [attempt(0, 10, 1, 100), attempt(1, 20, 2, 110), won(1, 40, 0, 1200)],
      [won(0, 10, 1, 100), attempt(1, 20, 2, 111), attempt(1, 40, 0, 1201)],
      [attempt(0, 10, 1, 101), won(1, 20, 2, 109, { publishing: 0, published: 0 })],
    ],
    results: MEMBERS.map(() => [...results]),
    expected: [hashOf(0), hashOf(1)],
  };
}

function refuses(name: string, spoil: (evidence: Draft) => void, complaint: RegExp): void {
  it(`finds ${name}`, () => {
    const evidence = good();
    spoil(evidence);
    assertMatch(findDisagreements(evidence).join("\n"), complaint);
  });
}

describe("findDisagreements()", () => {
  it("finds no disagreement in a correct race", () => {
    assertEquals(findDisagreements(good()), []);
  });

  it("accepts the result of a worker that was terminated right after publishing it", () => {
    const evidence = good();
    // The result arrives when w1 already owns the line, but it was sent while w3 owned it.
    evidence.attempts[2][1] = won(1, 20, 2, 109, { published: 0 });
    for (const view of evidence.results) view.splice(1, 1, result(1, "w3", 20));
    assertEquals(findDisagreements(evidence), []);
  });

  it("accepts another worker's record of a claim that its owner had no time to record", () => {
    const evidence = good();
    evidence.attempts[2].pop();
    assertEquals(findDisagreements(evidence), []);
  });

  it("accepts the result of a worker that came back and took over its own line", () => {
    const evidence = good();
    evidence.attempts[0][2] = attempt(1, 40, 2, 1200);
    evidence.attempts[1][2] = attempt(1, 40, 2, 1201);
    evidence.attempts[2].push(won(1, 40, 2, 1199));
    for (const view of evidence.results) view.splice(1, 1, result(1, "w3", 40));
    assertEquals(findDisagreements(evidence), []);
  });

  it("accepts two overlapping claims in either order", () => {
    const evidence = good();
    evidence.attempts[2][1] = won(1, 20, 2, 109, { answered: 1300, publishing: 0, published: 0 });
    assertEquals(findDisagreements(evidence), []);
  });

  refuses("a line without a result", (evidence) => {
    evidence.results[1].pop();
  }, /line 1: w2 has no result/);

  refuses("a line for which no worker has a result", (evidence) => {
    for (const view of evidence.results) view.shift();
  }, /line 1: w1 has no result/);

  refuses("a wrong result", (evidence) => {
    evidence.results[0][0] = { ...result(0, "w2", 10), sha256: hashOf(5) };
  }, /line 0: wrong for w1/);

  refuses("a truncated result", (evidence) => {
    evidence.results[0][0] = { ...result(0, "w2", 10), sha256: hashOf(0).subarray(1) };
  }, /line 0: wrong for w1/);

  refuses("workers that read different results", (evidence) => {
    evidence.results[1][0] = result(0, "w2", 11);
  }, /line 0: w1 and w2 read different results/);

  refuses("a restarted worker that reads a different result", (evidence) => {
    evidence.results[2][1] = result(1, "w3", 20);
  }, /line 1: w1 and w3 read different results/);

  refuses("one claim given to two workers", (evidence) => {
    evidence.attempts[0][0] = won(0, 10, 0, 100);
  }, /line 0, token 10: claimed by both/);

  refuses("workers that learned of different owners", (evidence) => {
    evidence.attempts[2][0] = attempt(0, 10, 0, 101);
  }, /line 0, token 10: claimed by both w2 and w1/);

  refuses("a token that did not grow", (evidence) => {
    evidence.attempts[0][2] = won(1, 15, 0, 1200);
    for (const view of evidence.results) view.splice(1, 1, result(1, "w1", 15));
  }, /line 1: token 20 was not above all earlier ones/);

  refuses("a result without a claim", (evidence) => {
    for (const view of evidence.results) view.splice(0, 1, result(0, "w1", 10));
  }, /line 0: w1 published a result without a claim/);

  refuses("a result with the token of another claim", (evidence) => {
    for (const view of evidence.results) view.splice(1, 1, result(1, "w1", 20));
  }, /line 1: w1 published a result without a claim/);

  refuses("a result of an unknown worker", (evidence) => {
    for (const view of evidence.results) view.splice(0, 1, result(0, "w9", 10));
  }, /line 0: w9 published a result without a claim/);

  refuses("a result that its worker did not record as published", (evidence) => {
    for (const view of evidence.results) view.splice(1, 1, result(1, "w3", 20));
  }, /line 1: w3 published a result without a claim/);

  refuses("a result that was sent when the line had another owner", (evidence) => {
    // w3 was suspended from 110 to 1250.
    evidence.attempts[2][1] = won(1, 20, 2, 109, { publishing: 1250, published: 1251 });
    for (const view of evidence.results) view.splice(1, 1, result(1, "w3", 20));
  }, /line 1: w3 published a result when w1 owned it/);
});
