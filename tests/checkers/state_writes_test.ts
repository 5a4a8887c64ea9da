import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StateWrites } from "./state_writes.ts";

function start() {
  const violations: string[] = [];
  return { writes: new StateWrites((violation) => violations.push(violation)), violations };
}

describe("StateWrites", () => {
  it("takes writes of one instance after the other", () => {
    const { writes, violations } = start();
    writes.opened("k", 5, 0, 0);
    writes.written("k", 5, 1);
    writes.opened("k", 9, 2, 5);
    // Chosen before the second instance opened it, and known later.
    writes.written("k", 5, 2);
    writes.written("k", 9, 3);
    writes.opened("other", 7, 0, 0);
    assertEquals([violations, writes.size], [[], 6]);
  });

  it("reports a write that is chosen after a later instance has opened the state", () => {
    const { writes, violations } = start();
    writes.opened("k", 5, 0, 0);
    writes.opened("k", 9, 0, 0);
    writes.written("k", 5, 1);
    assertEquals(violations, ["k: write 1 of 5 is chosen, but 9 has opened the state and found 0"]);
  });

  it("reports a confirmed write that the next instance does not find", () => {
    const { writes, violations } = start();
    writes.opened("k", 5, 0, 0);
    writes.written("k", 5, 1);
    writes.opened("k", 9, 0, 0);
    assertEquals(violations, ["k: write 1 of 5 is chosen, but 9 has opened the state and found 0"]);
  });

  it("reports a write over another one, and what a later instance has written", () => {
    const { writes, violations } = start();
    writes.opened("k", 5, 0, 0);
    writes.written("k", 5, 1);
    writes.written("k", 5, 1);
    writes.opened("k", 7, 2, 8);
    assertEquals(violations, [
      "k: there are two writes 1, the second one by 5",
      "k @7 finds what 8 has written, a later instance",
    ]);
  });
});
