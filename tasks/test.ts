/**
 * `deno task test`: checks everything, then runs all tests in Deno, Node 24 and Bun, and in Node 20 those
 * that depend on it. The last line is `N passed, N failed`; each `it` counts once for each runtime in which
 * it ran.
 *
 * `deno task test [--runtime NAME] [PATH...]` runs only the tests below the given paths, or in one
 * runtime, and skips the checks.
 *
 * @module
 */
import { chooseSetup } from "./jsr.ts";
import { installModules } from "./node_modules.ts";
import { findMissing } from "./optional_programs.ts";
import { pool, root, width } from "./process.ts";
import { type FileResult, findDifferences, type Setup } from "./run_file.ts";
import { runTogether } from "./run_together.ts";
import { passes, stages } from "./stages.ts";
import {
  findTests,
  mayShare,
  needsOf,
  ruleFor,
  runtimesFor,
  shareProcesses,
  sortOut,
  TEST_RUNTIMES,
  type TestRuntime,
} from "./suites.ts";

interface Wish {
  readonly runtimes: readonly TestRuntime[];
  readonly paths: readonly string[];
}

function parseArguments(args: readonly string[]): Wish {
  const paths: string[] = [];
  const runtimes: TestRuntime[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--runtime") {
      const runtime = TEST_RUNTIMES.find((name) => name === args[i + 1]);
      if (!runtime) throw new TypeError(`--runtime takes one of ${TEST_RUNTIMES.join(", ")}`);
      runtimes.push(runtime);
      i++;
    } else if (args[i].startsWith("-")) {
      throw new TypeError(`unknown option ${args[i]}; the only option is --runtime NAME`);
    } else {
      paths.push(args[i]);
    }
  }
  return { runtimes: runtimes.length > 0 ? runtimes : TEST_RUNTIMES, paths };
}

function show(result: FileResult): void {
  const { runtime, file, passed, failed, problems, output, seconds } = result;
  if (failed > 0) {
    console.log(output.trimEnd());
    for (const problem of problems) console.log(`${runtime}: ${file}: ${problem}`);
  }
  const counts = failed > 0 ? `${passed} passed, ${failed} FAILED` : `${passed} passed`;
  console.log(`${runtime.padEnd(4)}  ${file}: ${counts} (${seconds.toFixed(1)} s)`);
}

async function runTests(wish: Wish, setup: Setup): Promise<{ passed: number; failed: number }> {
  const found = await findTests(wish.paths);
  const missing = await findMissing(found.flatMap(needsOf));
  const { runnable: files, notRun } = sortOut(found, missing);
  const runtimes = new Map<string, readonly TestRuntime[]>();
  const shares = new Set<string>();
  for (const file of files) {
    const text = await Deno.readTextFile(root + file);
    runtimes.set(file, runtimesFor(file, text));
    if (mayShare(text)) shares.add(file);
  }
  const jobs = wish.runtimes.flatMap((runtime) => {
    const own = files.filter((file) => runtimes.get(file)!.includes(runtime));
    return shareProcesses(own, (file) => shares.has(file))
      // The longest first, so that no long file starts last.
      .sort(([a], [b]) => ruleFor(b).timeout - ruleFor(a).timeout)
      .map((group) => async () => {
        const results = await runTogether(setup, runtime, group);
        for (const result of results) show(result);
        return results;
      });
  });
  const results = (await pool(width, jobs)).flat();
  const differences = findDifferences(results);
  for (const difference of differences) console.log(`FAILED: ${difference}`);
  let [passed, failed] = [0, differences.length];
  for (const result of results) {
    passed += result.passed;
    failed += result.failed;
  }
  for (const runtime of wish.runtimes) {
    const own = results.filter((result) => result.runtime === runtime);
    const sum = own.reduce((total, result) => total + result.passed, 0);
    console.log(`${runtime}: ${sum} passed in ${own.length} files`);
  }
  // Printed visibly, and not counted as passed.
  for (const line of notRun) console.log(line);
  // A run without any test is not a success.
  return { passed, failed: passed + failed === 0 ? 1 : failed };
}

async function main(): Promise<{ passed: number; failed: number }> {
  const wish = parseArguments(Deno.args);
  await installModules();
  const everything = Deno.args.length === 0;
  if (everything && !await passes(await stages())) return { passed: 0, failed: 1 };
  const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
  try {
    return await runTests(wish, { ...await chooseSetup(folder), cache: `${folder}/compiled` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

let total = { passed: 0, failed: 1 };
try {
  total = await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
}
console.log(`${total.passed} passed, ${total.failed} failed`);
Deno.exit(total.failed > 0 ? 1 : 0);
