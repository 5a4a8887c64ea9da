import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { expireManyNames, expireWithoutMember } from "./expired.ts";
import { lockManyNames, putManyNames } from "./remains.ts";

/** `deno task names` does it with a million. */
const MANY = 50_000;

/** What a member keeps of one name takes some hundred bytes, and there are three members. */
const MOST = MANY * 3 * 30;

describe("50,000 names that were used once leave a cluster no bigger than 1,000 do", () => {
  for (const [what, use] of [["put", putManyNames], ["locked", lockManyNames]] as const) {
    it(`${what} and released`, async () => {
      const { entries, growth, keys } = await use(MANY);
      assertEquals([entries, keys], [[0, 0, 0], []]);
      assertLess(growth, MOST);
    });
  }
});

/** About a second of housekeeping. */
const FEW = 5_000;

describe("5,000 names that ended by themselves are gone, though nobody asks for them", () => {
  for (
    const [what, use] of [
      ["with all members up", expireManyNames],
      ["with one member down meanwhile", expireWithoutMember],
    ] as const
  ) {
    it(what, async () => {
      const { entries, growth, seconds } = await use(FEW);
      assertEquals(entries, [0, 0, 0]);
      assertLess(growth, FEW * 3 * 100);
      assertLess(seconds, 60);
    });
  }
});
