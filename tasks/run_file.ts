import { findBun, findNode, tsx } from "./node_modules.ts";
import { parseJunit, type Reported } from "./junit.ts";
import { deno, run } from "./process.ts";
import { type Rule, ruleFor, type TestRuntime } from "./suites.ts";

/** The result of one test file in one runtime. */
export interface FileResult {
  readonly runtime: TestRuntime;
  readonly file: string;
  readonly tests: readonly Reported[];
  readonly passed: number;
  /** Failed tests, plus one for any other problem, so a broken file never passes. */
  readonly failed: number;
  /** Problems other than failed tests. */
  readonly problems: readonly string[];
  /** The output of the process. */
  readonly output: string;
  readonly seconds: number;
}

/** How to run tests in each of the runtimes. */
export interface Setup {
  /** The path of Bun. */
  readonly bun: string;
  /** The paths of Node: the one that runs all tests, and the oldest one. */
  readonly node: string;
  readonly node20: string;
  /** The import map for Deno, or null to use the one in deno.json. */
  readonly importMap: string | null;
  /** The lock file for Deno, or null to use the project's. */
  readonly lock: string | null;
  /** The folder in which Node keeps compiled code from one file to the next; by default it keeps none. */
  readonly cache?: string;
}

/** The setup that works without JSR. */
export async function offlineSetup(): Promise<Setup> {
  return {
    bun: await findBun(),
    node: await findNode(24),
    node20: await findNode(20),
    importMap: "tests/offline/import_map.json",
    lock: null,
  };
}

function commandFor(
  setup: Setup,
  runtime: TestRuntime,
  rule: Rule,
  file: string,
  report: string,
): [command: string, args: string[]] {
  switch (runtime) {
    case "deno":
      return [deno, [
        "test",
        "--no-check", // the types are checked once, in an earlier stage
        "--no-prompt",
        ...(setup.importMap === null ? [] : [`--import-map=${setup.importMap}`]),
        ...(setup.lock === null ? [] : [`--lock=${setup.lock}`]),
        ...rule.permissions,
        `--junit-path=${report}`,
        file,
      ]];
    case "node":
    case "node20":
      return [setup[runtime], [
        // Node 24 runs TypeScript by itself, but does not know where the tests' own imports are.
        ...(runtime === "node"
          ? ["--import=./tasks/node_without_hooks.ts", "--import=./tasks/node_imports.ts"]
          : [`--import=${tsx}`]),
        "--import=./tasks/node_open.ts",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=junit",
        `--test-reporter-destination=${report}`,
        file,
      ]];
    case "bun":
      return [setup.bun, [
        "test",
        `--timeout=${rule.timeout}`,
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        file.startsWith("/") ? file : `./${file}`,
      ]];
  }
}

async function readReport(path: string): Promise<Reported[] | null> {
  try {
    return parseJunit(await Deno.readTextFile(path));
  } catch {
    return null;
  }
}

/** Runs one test file in one runtime, in its own process. `file`: relative to the root of the project, or absolute. */
export async function runFile(
  setup: Setup,
  runtime: TestRuntime,
  file: string,
  rule: Rule = ruleFor(file),
): Promise<FileResult> {
  const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
  try {
    const report = `${folder}/report.xml`;
    const started = performance.now();
    const [command, args] = commandFor(setup, runtime, rule, file, report);
    const ended = await run(command, args, {
      timeout: rule.timeout,
      env: {
        SYNOD_TEST_TIMEOUT: String(rule.timeout),
        // A small test file takes half the time.
        ...(setup.cache !== undefined && { NODE_COMPILE_CACHE: setup.cache }),
      },
    });
    const tests = await readReport(report);
    const count = (outcome: Reported["outcome"]) =>
      tests?.filter((test) => test.outcome === outcome).length ?? 0;
    const problems: string[] = [];
    if (ended.timedOut) {
      problems.push(
        `did not end within ${rule.timeout / 1000} s: it hangs, or left something open behind`,
      );
    } else if (tests === null) {
      problems.push(`ended before its tests did (exit code ${ended.code})`);
    } else if (tests.length === 0) {
      problems.push("has no test");
    } else if (ended.code !== 0 && count("failed") === 0) {
      problems.push(`exit code ${ended.code}, though no test failed`);
    }
    if (count("skipped") > 0) problems.push(`${count("skipped")} skipped: not run is not passed`);
    return {
      runtime,
      file,
      tests: tests ?? [],
      passed: count("passed"),
      failed: count("failed") + problems.length,
      problems,
      output: ended.output,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Reports runtimes whose list of tests for the same file differs from that of the first one: then one
 * of them lost tests, or counted wrongly.
 */
export function findDifferences(results: readonly FileResult[]): string[] {
  const differences: string[] = [];
  const first = new Map<string, FileResult>();
  for (const result of results) {
    if (result.problems.length > 0) continue; // reported already
    const other = first.get(result.file);
    if (!other) {
      first.set(result.file, result);
      continue;
    }
    const names = (list: readonly Reported[]) => list.map((test) => test.name).sort();
    const [here, there] = [names(result.tests), names(other.tests)];
    if (here.join("\n") === there.join("\n")) continue;
    const only = (list: string[], others: string[]) =>
      list.filter((name) => !others.includes(name)).map((name) => `"${name}"`).join(", ");
    differences.push(
      `${result.file}: ${here.length} tests in ${result.runtime}, ${there.length} in ` +
        `${other.runtime}; only in ${result.runtime}: ${only(here, there) || "none"}; ` +
        `only in ${other.runtime}: ${only(there, here) || "none"}`,
    );
  }
  return differences;
}
