// Runs in Deno alone: pure.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Shortage } from "../../lib/paxos/shortage.ts";

const full = (tidying: boolean, ...missing: string[]) =>
  ({ type: "full", tidying, missing }) as const;

describe("Shortage", () => {
  it("is of the members that have no room, each with its last word", () => {
    const shortage = new Shortage();
    assertEquals([shortage.size, shortage.tidying, shortage.missing], [0, false, []]);
    shortage.add("a", full(true, "c"));
    shortage.add("b", full(false, "c", "d"));
    assertEquals([shortage.size, shortage.tidying, shortage.missing], [2, true, ["c", "d"]]);
    shortage.add("a", full(false));
    assertEquals([shortage.size, shortage.tidying], [2, false]);
  });

  it("ends for a member that has found room, and for all", () => {
    const shortage = new Shortage();
    shortage.add("a", full(true));
    shortage.add("b", full(true));
    shortage.delete("a");
    shortage.delete("c");
    assertEquals([shortage.has("a"), shortage.has("b"), shortage.size], [false, true, 1]);
    shortage.clear();
    assertEquals(shortage.size, 0);
  });
});
