import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
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
