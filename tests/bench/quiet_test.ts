import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readTicks } from "../../bench/peers/quiet.ts";

describe("readTicks()", () => {
  it("counts the ticks of all cores, and those in which they were idle or waited for a disk", () => {
    const text = "cpu  10 1 5 100 20 3 2 1 4 0\ncpu0 5 0 2 50 10 1 1 0 2 0\nintr 1\n";
    assertEquals(readTicks(text), { total: 142, idle: 120 });
  });

  it("reads no other text", () => {
    for (const text of ["", "intr 1 2 3 4 5", "cpu  1 2", "cpu a b c d e"]) {
      assertEquals(readTicks(text), null);
    }
  });
});
