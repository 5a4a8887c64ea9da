import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { checkOwnership, type Owned } from "./ownership.ts";

const owned = (
  owner: string,
  token: number,
  [from, to]: readonly [number, number],
  shared = false,
  on = "k",
): Owned => ({ on, owner, shared, token, from, to });

const good: Record<string, Owned[]> = {
  "one owner after the other": [
    owned("a", 1, [1, 2]),
    owned("b", 2, [3, 4]),
    owned("c", 5, [4.5, 6]),
  ],
  "two that share, with one token or with two": [
    owned("a", 1, [1, 5], true),
    owned("b", 1, [2, 6], true),
    owned("c", 3, [4, 7], true),
    owned("d", 4, [8, 9]),
  ],
  "two keys at once": [owned("a", 2, [1, 5]), owned("b", 1, [2, 6], false, "other")],
  "an ownership without a known duration": [owned("a", 2, [1, 3]), owned("b", 1, [2.1, 2])],
  "an instant": [owned("a", 1, [1, 1]), owned("b", 2, [2, 2])],
};

const bad: Record<string, [Owned[], violations: number]> = {
  "two at one instant": [[owned("a", 1, [1, 3]), owned("b", 2, [2, 4])], 1],
  "one during the ownership of another": [[owned("a", 1, [1, 9]), owned("b", 2, [4, 5])], 1],
  "one that begins at the last instant of another": [
    [owned("b", 2, [3, 4]), owned("a", 1, [1, 3])],
    1,
  ],
  "a shared owner beside an exclusive one": [
    [owned("a", 1, [1, 3], true), owned("b", 2, [2, 4])],
    1,
  ],
  "a token that goes back": [[owned("a", 2, [1, 2]), owned("b", 1, [3, 4])], 1],
  "a token that is used twice": [[owned("a", 2, [1, 2]), owned("b", 2, [3, 4])], 1],
  "a shared token that was exclusive before": [
    [owned("a", 2, [1, 2]), owned("b", 2, [3, 4], true)],
    1,
  ],
  "a token that goes back, past another": [
    [owned("a", 5, [1, 2]), owned("b", 9, [3, 4]), owned("c", 7, [5, 6])],
    1,
  ],
};

describe("checkOwnership()", () => {
  for (const [name, history] of Object.entries(good)) {
    it(`accepts ${name}`, () => assertEquals(checkOwnership(history), []));
  }
  for (const [name, [history, violations]] of Object.entries(bad)) {
    it(`reports ${name}`, () => {
      const found = checkOwnership(history);
      assertEquals(found.length, violations, found.join("\n"));
    });
  }
});
