import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { byChance } from "../../../transports/link/by_chance.ts";

describe("byChance()", () => {
  it("returns each permitted item about equally often, and no other item", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 10_000; i++) {
      const one = byChance([1, 2, 3, 4, 5], (item) => item !== 3)!;
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    assertEquals([...counts.keys()].sort(), [1, 2, 4, 5]);
    for (const count of counts.values()) assert(count > 2_000 && count < 3_000, `${count}`);
  });

  it("returns undefined if no item is permitted", () => {
    assertEquals(byChance([1, 2], () => false), undefined);
    assertEquals(byChance([], () => true), undefined);
  });
});
