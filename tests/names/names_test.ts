// Runs in Deno alone: virtual time and a minute long, so the outcome does not depend on the runtime.
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { expireManyNames, expireWithoutMember } from "./expired.ts";
import { lockManyNames, putManyNames } from "./remains.ts";

/** Names in this test; `deno task names` uses a million. */
const MANY = 50_000;

/** Growth of the heap at most, in bytes: 30 per name and member; a name that is kept takes some hundred. */
const MOST = MANY * 3 * 30;

describe("50,000 names that were used once leave no more state than 1,000", () => {
  for (const [what, use] of [["put", putManyNames], ["locked", lockManyNames]] as const) {
    it(`${what} and released`, async () => {
      const { entries, growth, keys } = await use(MANY);
      assertEquals([entries, keys], [[0, 0, 0], []]);
      assertLess(growth, MOST);
    });
  }
});

/** Names that housekeeping removes in about a second. */
const FEW = 5_000;

/**
 * Growth of the heap with these at most, in bytes. Code and caches take up to 3.5 MB, however many names there
 * are (measured with 5,000 and 20,000); registers that are kept take 400 bytes each and more: 6 MB.
 */
const MOST_OF_FEW = 5_000_000;

describe("5,000 names that expired are removed, without a read", () => {
  for (
    const [what, use] of [
      ["with all members up", expireManyNames],
      ["with one member down", expireWithoutMember],
    ] as const
  ) {
    it(what, async () => {
      const { entries, growth, seconds } = await use(FEW);
      assertEquals(entries, [0, 0, 0]);
      assertLess(growth, MOST_OF_FEW);
      assertLess(seconds, 60);
    });
  }
});
