// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Owner } from "../../lib/owners/owner.ts";

/** The states of one register's writes after each of these steps: a letter per event. */
function after(steps: string): unknown[] {
  const owner = new Owner({ node: "n", session: "n/x/1", seq: 1 });
  for (const step of steps) {
    if (step === "w") owner.writes("k1");
    else if (step === "l") owner.lost("k1");
    else owner.knows("k1", step === "y");
  }
  const writes = owner.registers.get("k1");
  if (writes === undefined) return [];
  const { owned, unknown, underWay, version } = writes;
  return [owned, unknown, underWay, version];
}

describe("Owner (section 4)", () => {
  it("may own a register from the moment at which a write is sent", () => {
    assertEquals(after("w"), [false, 1, 1, 1]);
    assertEquals(after("ww"), [false, 2, 2, 2]);
  });

  it("owns it once a write was chosen, also if later ones fail", () => {
    assertEquals(after("wy"), [true, 0, 0, 1]);
    assertEquals(after("wywn"), [true, 0, 0, 2]);
    assertEquals(after("wwny"), [true, 0, 0, 2]);
  });

  it("forgets it once all its writes are known to have failed", () => {
    assertEquals(after("wn"), []);
    assertEquals(after("wwn"), [false, 1, 1, 2]);
    assertEquals(after("wwnn"), []);
  });

  it("keeps it for a write with an unknown outcome, even if others are known to have failed", () => {
    assertEquals(after("wl"), [false, 1, 0, 1]);
    assertEquals(after("wlwn"), [false, 1, 0, 2]);
  });

  it("takes no note of a register without writes", () => {
    for (const steps of ["l", "n", "y", "wny", "wnl"]) assertEquals(after(steps), []);
  });
});
