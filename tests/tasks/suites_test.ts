import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { findTests, ruleFor, RUNTIMES } from "../../tasks/suites.ts";

describe("ruleFor()", () => {
  it("runs a test in every runtime, with no permission but to read", () => {
    const rule = ruleFor("tests/paxos/ballot_test.ts");
    assertEquals(rule.runtimes, RUNTIMES);
    assertEquals(rule.permissions, ["--allow-read"]);
  });

  it("runs simulations, models and what starts other runtimes in Deno alone", () => {
    for (const folder of ["sim", "model", "checkers", "runtimes", "tasks"]) {
      assertEquals(ruleFor(`tests/${folder}/a_test.ts`).runtimes, ["deno"]);
    }
  });

  it("throws for a file outside the tests", () => {
    assertThrows(() => ruleFor("lib/a_test.ts"), Error, "lib/a_test.ts");
  });
});

describe("findTests()", () => {
  it("finds this file, but neither fixtures nor helpers", async () => {
    const files = await findTests();
    assert(files.includes("tests/tasks/suites_test.ts"));
    assert(files.every((file) => !file.includes("/fixtures/")));
  });

  it("finds only what is below the given paths", async () => {
    const files = await findTests(["./tests/tasks/", "tests/paxos/ballot_test.ts"]);
    assert(files.includes("tests/tasks/junit_test.ts"));
    assert(files.every((file) => /^tests\/(tasks\/|paxos\/ballot_test)/.test(file)));
  });
});
