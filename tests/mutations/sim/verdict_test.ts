import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Ending, verdictOf } from "./verdict.ts";

const FAILED = "seed 3 (kv): 1 violations\n  at 1 ms: two states\n3 runs in 2 s, 1 failed: 3\n";
const GOOD = "60 runs in 20 s, 0 failed\n";

function verdict(ending: Partial<Ending>): string {
  return verdictOf({ code: 1, signal: null, output: "", seeds: 60, ...ending });
}

describe("verdictOf()", () => {
  it("is found only if the simulator reports that a seed failed or hangs", () => {
    assertEquals(verdict({ output: FAILED }), "found");
    assertEquals(
      verdict({ output: "error: Uncaught (in promise) Error: seed 7 hangs: ..." }),
      "found",
    );
  });

  it("is missed only if every seed ran and none failed", () => {
    assertEquals(verdict({ code: 0, output: GOOD }), "missed");
    assertEquals(verdict({ code: 0, output: GOOD, seeds: 400 }), "error");
    assertEquals(verdict({ code: 0, output: "" }), "error");
  });

  it("is an error if the run was killed, with any output", () => {
    for (const output of [FAILED, GOOD, ""]) {
      assertEquals(verdict({ code: 143, signal: "SIGTERM", output }), "error");
      assertEquals(verdict({ code: 143, output }), "error");
    }
  });

  it("is an error if the run did not start, or threw an error", () => {
    assertEquals(verdict({ output: "error: Module not found" }), "error");
    assertEquals(
      verdict({ output: "12 of 60 runs, 0 failed\nerror: Uncaught TypeError" }),
      "error",
    );
  });
});
