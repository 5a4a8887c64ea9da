import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Allowance } from "../../lib/gateway/allowance.ts";

/** How often `amount` can be taken at `now`, at most 1,000 times. */
function times(allowance: Allowance, amount: number, now: number): number {
  let taken = 0;
  while (taken < 1_000 && allowance.take(amount, now)) taken++;
  return taken;
}

describe("Allowance (section 13)", () => {
  it("begins with two seconds of the rate, and fills with it", () => {
    const allowance = new Allowance(10, 5_000);
    assertEquals(times(allowance, 1, 5_000), 20);
    assertEquals(times(allowance, 1, 5_099), 1);
    assertEquals(times(allowance, 1, 5_200), 1);
    assertEquals(times(allowance, 1, 5_700), 5);
  });

  it("holds two seconds of the rate, however long nothing was taken", () => {
    const allowance = new Allowance(10, 0);
    assertEquals(times(allowance, 1, 3_600_000), 20);
  });

  it("takes what is too much from the next seconds", () => {
    const allowance = new Allowance(10, 0);
    assertEquals([allowance.take(50, 0), allowance.take(1, 0)], [true, false]);
    assertEquals([allowance.take(1, 3_000), allowance.take(1, 3_100)], [false, true]);
  });

  it("gives nothing for a clock that goes back", () => {
    const allowance = new Allowance(10, 10_000);
    assertEquals(times(allowance, 1, 10_000), 20);
    assertEquals(times(allowance, 1, 0), 0);
    assertEquals(times(allowance, 1, 1_000), 10);
  });
});
