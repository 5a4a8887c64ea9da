import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { offlineSetup } from "../../tasks/run_file.ts";
import { runTogether } from "../../tasks/run_together.ts";
import { type Rule, RUNTIMES, TEST_RUNTIMES, type TestRuntime } from "../../tasks/suites.ts";

const setup = await offlineSetup();
const folder = "tests/tasks/fixtures/";
const rule: Rule = {
  ...{ folder, runtimes: RUNTIMES, permissions: ["--allow-read"] },
  ...{ timeout: 60_000, together: 9 },
};

function run(runtime: TestRuntime, ...names: string[]) {
  return runTogether(setup, runtime, names.map((name) => `${folder}${name}.ts`), rule);
}

for (const runtime of TEST_RUNTIMES) {
  describe(`runTogether() in ${runtime}`, () => {
    it("counts the tests of each file, with the names that they have in a process of their own", async () => {
      const results = await run(runtime, "finds_nothing", "passes");
      assertEquals(
        results.map(({ file, passed, failed }) => [file.slice(folder.length), passed, failed]),
        [["finds_nothing.ts", 1, 0], ["passes.ts", 5, 0]],
        results[0].output,
      );
      assertEquals(results[1].tests.map(({ name }) => name).sort(), [
        "outer > first",
        "outer > fourth",
        'outer > inner <&> "quoted" ü > second',
        'outer > inner <&> "quoted" ü > third',
        "runs hooks around each test, once for each group, and inside each other",
      ]);
    });
  });
}

describe("runTogether()", () => {
  for (const name of ["fails", "does_not_load", "empty", "exits_midway"]) {
    it(`counts what others pass, and what ${name} fails`, async () => {
      const [passing, failing, ...more] = await run("bun", "passes", name);
      assertEquals([passing.passed, passing.failed], [5, 0]);
      assertEquals([failing.passed, failing.failed > 0], [name === "fails" ? 2 : 0, true]);
      assertEquals(more, []);
    });
  }

  it("counts it as failed if files fail only together", async () => {
    const [first, second, both] = await run("node", "leaves_something", "finds_nothing");
    assertEquals([first.failed, second.failed, both.failed], [0, 0, 1]);
    assertStringIncludes(both.problems.join(), "though each file passes in its own process");
    assertStringIncludes(both.output, "finds what others leave behind");
  });

  it("runs a file that is alone as it is", async () => {
    const [only, ...more] = await run("bun", "passes");
    assertEquals([only.file, only.passed, more.length], [`${folder}passes.ts`, 5, 0]);
  });
});
