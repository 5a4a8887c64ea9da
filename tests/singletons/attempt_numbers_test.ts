// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  includes,
  isOver,
  nextExpected,
  placeOf,
  union,
} from "../../lib/singletons/attempt_numbers.ts";

describe("the numbers of attempts (section 10)", () => {
  it("are found in ascending lists", () => {
    const numbers = [2, 3, 5, 8];
    assertEquals([0, 2, 4, 8, 9].map((number) => placeOf(numbers, number)), [0, 0, 2, 3, 4]);
    assertEquals([0, 2, 4, 8, 9].map((n) => includes(numbers, n)), [
      false,
      true,
      false,
      true,
      false,
    ]);
    assertEquals(union(numbers, [1, 3, 9]), [1, 2, 3, 5, 8, 9]);
  });

  it("are over below what the caller has told, unless it waits for them", () => {
    const told = { numbers: [], told: 6, waitedFor: [3] };
    assertEquals([2, 3, 5, 6, 7].map((n) => isOver(told, n)), [true, false, true, false, false]);
  });

  it("need not be waited for if none has arrived, is waited for, or may still arrive", () => {
    const caller = { numbers: [4, 20], told: 15, waitedFor: [9] };
    assertEquals([1, 5, 10, 15].map((from) => nextExpected(caller, from)), [4, 9, 15, 15]);
  });
});
