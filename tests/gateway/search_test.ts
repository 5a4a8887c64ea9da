// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { search } from "./support/search.ts";

describe("guests whose gateways crash, are cut off and come too late (section 13)", () => {
  // With gateways that do not look at tickets each of these shows a fault.
  for (const seed of [2, 13, 19]) {
    it(`no lock has two owners or a ghost, no value comes back, no call runs twice: seed ${seed}`, async () => {
      const { faults, counts } = await search(`guests ${seed}`);
      assertEquals(faults, []);
      for (const what of ["locked", "put", "called", "undone", "late", "crashed"]) {
        assert(counts[what] > 0, `${what} does not come up: ${JSON.stringify(counts)}`);
      }
    });
  }
});
