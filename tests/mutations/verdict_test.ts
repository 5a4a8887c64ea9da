import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Ending, verdictOf } from "./verdict.ts";

const GOOD = "running 1 test from ./a_test.ts\na ...\n  b ... ok (1ms)\n\nok | 1 passed (2ms)\n";
const FAILED = "running 1 test from ./a_test.ts\na ...\n  b ... FAILED (1ms)\nerror: Test failed\n";

function verdict(ending: Partial<Ending>): [string, string] {
  return verdictOf({ code: 1, signal: null, output: "", late: false, ...ending });
}

describe("verdictOf()", () => {
  it("is green if all tests passed", () => {
    assertEquals(verdict({ code: 0, output: GOOD }), ["green", "ok | 1 passed (2ms)"]);
  });

  it("is red only if a test ran and failed, and names it", () => {
    assertEquals(verdict({ output: FAILED }), ["red", "  b"]);
    const uncaught = "./a_test.ts (uncaught error) ... FAILED (1ms)\nerror: SyntaxError: no\n";
    assertEquals(verdict({ output: uncaught })[0], "not run");
    assertEquals(verdict({ output: "error: Module not found" }), [
      "not run",
      "error: Module not found",
    ]);
  });

  it("is not run if it was killed, with any output", () => {
    for (const output of [GOOD, FAILED, ""]) {
      assertEquals(verdict({ code: 137, signal: "SIGKILL", output })[0], "not run");
    }
  });

  it("hangs if it exceeded its time limit, with any output, and names the test under way", () => {
    const output = "running 1 test from ./a_test.ts\na ...\n  b ...";
    for (const signal of [null, "SIGKILL"]) {
      assertEquals(verdict({ code: 137, signal, output, late: true }), [
        "hangs",
        "b ... (no end within its time limit)",
      ]);
    }
    assertEquals(verdict({ output: FAILED, late: true })[0], "hangs");
  });
});
