import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { type FileResult, findDifferences, offlineSetup, runFile } from "../../tasks/run_file.ts";
import { type Rule, RUNTIMES, TEST_RUNTIMES, type TestRuntime } from "../../tasks/suites.ts";

const setup = await offlineSetup();

function runFixture(runtime: TestRuntime, name: string, timeout = 60_000): Promise<FileResult> {
  const folder = "tests/tasks/fixtures/";
  const permissions = ["--allow-read"];
  const rule: Rule = { folder, runtimes: RUNTIMES, permissions, timeout, together: 1 };
  return runFile(setup, runtime, `${folder}${name}.ts`, rule);
}

for (const runtime of TEST_RUNTIMES) {
  describe(`runFile() in ${runtime}`, () => {
    it("counts each `it` once, and no group", async () => {
      const result = await runFixture(runtime, "passes");
      assertEquals([result.passed, result.failed], [5, 0], result.output);
      assertEquals(result.tests.map((test) => test.name).sort(), [
        "outer > first",
        "outer > fourth",
        'outer > inner <&> "quoted" ü > second',
        'outer > inner <&> "quoted" ü > third',
        "runs hooks around each test, once for each group, and inside each other",
      ]);
    });

    it("counts tests that throw, reject, or have a hook that throws", async () => {
      const result = await runFixture(runtime, "fails");
      const named = (outcome: string) =>
        result.tests.filter((test) => test.outcome === outcome).map((test) => test.name).sort();
      assertEquals(named("passed"), ["afterAll > lets the first pass", "passes"]);
      assertEquals(named("failed"), [
        "afterAll > fails the last",
        "afterEach > fails",
        "beforeAll > fails the first",
        "beforeAll > fails the second",
        "beforeEach > fails",
        "rejects",
        "throws",
        "throws no error",
      ]);
      assertEquals([result.passed, result.failed], [2, 8]);
      assertStringIncludes(result.output, "on purpose");
    });

    for (
      const [name, what] of [
        ["group_throws", "a group that throws"],
        ["group_empty", "a group without a test"],
        ["does_not_load", "a file that does not load"],
        ["empty", "a file without a test"],
        ["exits_while_loading", "a file that exits with 0 while it loads"],
        ["exits_midway", "a test that exits with 0"],
        ["rejects_unhandled", "an unhandled rejection"],
        ["registers_late", "a test that is registered while another runs"],
      ]
    ) {
      it(`counts ${what} as failed`, async () => {
        const result = await runFixture(runtime, name);
        assertGreater(result.failed, 0, result.output);
      });
    }

    it("kills a file that hangs, and counts it as failed", async () => {
      const result = await runFixture(runtime, "hangs", 3_000);
      assertEquals(result.failed, 1, result.output);
      assertMatch(result.problems.join(), /did not end within 3 s/);
    });
  });
}

describe("runFile() in node", () => {
  it("keeps compiled code in the folder that it is given", async () => {
    const cache = await Deno.makeTempDir({ prefix: "synod-test-" });
    const rule: Rule = {
      ...{ folder: "tests/", runtimes: RUNTIMES, permissions: [] },
      ...{ timeout: 60_000, together: 1 },
    };
    await runFile({ ...setup, cache }, "node", "tests/tasks/fixtures/passes.ts", rule);
    const kept = [...Deno.readDirSync(cache)];
    await Deno.remove(cache, { recursive: true });
    assertGreater(kept.length, 0);
  });

  it("lists what a hanging file has left open", async () => {
    const result = await runFixture("node", "hangs", 8_000);
    assertMatch(result.output, /still open: .*Timeout/);
  });
});

describe("findDifferences()", () => {
  const result = (runtime: TestRuntime, names: string[], problems: string[] = []): FileResult => ({
    runtime,
    file: "tests/a_test.ts",
    tests: names.map((name) => ({ name, outcome: "passed", seconds: 0 })),
    passed: names.length,
    failed: problems.length,
    problems,
    output: "",
    seconds: 0,
  });

  it("finds none where all runtimes ran the same tests, in any order", () => {
    assertEquals(findDifferences([result("deno", ["a", "b"]), result("node", ["b", "a"])]), []);
  });

  it("names the tests that only one runtime ran", () => {
    const [difference, ...more] = findDifferences([
      result("deno", ["a", "b"]),
      result("node", ["a", "c"]),
      result("bun", ["a", "b"]),
    ]);
    assertEquals(more, []);
    assertStringIncludes(difference, 'only in node: "c"; only in deno: "b"');
  });

  it("finds a test that ran twice", () => {
    assertEquals(findDifferences([result("deno", ["a"]), result("bun", ["a", "a"])]).length, 1);
  });

  it("ignores a file that broke: that is counted already", () => {
    assertEquals(findDifferences([result("deno", ["a"]), result("node", [], ["broke"])]), []);
  });
});
