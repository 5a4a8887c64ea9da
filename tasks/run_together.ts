import { type FileResult, runFile, type Setup } from "./run_file.ts";
import { type Rule, ruleFor, type TestRuntime } from "./suites.ts";

/** The longest time limit for files that share a process, in milliseconds; otherwise the sum of theirs. */
const LONGEST = 600_000;

/** The program that loads `files` one after the other, and then has their tests run. */
function programFor(files: readonly string[]): string {
  const url = (file: string) => JSON.stringify(new URL(`../${file}`, import.meta.url).href);
  const load = (file: string) =>
    `await loadFile(${JSON.stringify(file)}, () => import(${url(file)}));\n`;
  return `import { loadFile, registerAll } from ${url("tests/offline/bdd.ts")};\n` +
    `${files.map(load).join("")}registerAll();\n`;
}

/** The result of each of the files that were run together; `undefined`: not all tests passed, or a file has none. */
function split(together: FileResult, files: readonly string[]): FileResult[] | undefined {
  if (together.failed > 0) return undefined;
  const results = files.map((file): FileResult => {
    const beginning = `${file} > `;
    const tests = together.tests
      .filter(({ name }) => name.startsWith(beginning))
      .map((test) => ({ ...test, name: test.name.slice(beginning.length) }));
    const seconds = tests.reduce((total, test) => total + test.seconds, 0);
    return { ...together, file, tests, passed: tests.length, output: "", seconds };
  });
  const count = results.reduce((total, { passed }) => total + passed, 0);
  const isWhole = count === together.passed && results.every(({ passed }) => passed > 0);
  return isWhole ? results : undefined;
}

/**
 * Runs several test files of one rule in one runtime, in one process, where they share modules: most small files take
 * longer to load and to compile than to run. If anything fails, each file is run again in its own process: a file that
 * breaks, exits or hangs does not affect the others. If all of them pass then, that counts as one failure.
 */
export async function runTogether(
  setup: Setup,
  runtime: TestRuntime,
  files: readonly string[],
  rule: Rule = ruleFor(files[0]),
): Promise<FileResult[]> {
  // The groups of JSR's `describe` are not those of the program.
  const cannot = runtime === "deno" && setup.importMap === null;
  const alone: FileResult[] = [];
  let together: FileResult | undefined;
  if (files.length > 1 && !cannot) {
    const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
    try {
      await Deno.writeTextFile(`${folder}/package.json`, `{ "type": "module" }`);
      const program = `${folder}/together_test.ts`;
      await Deno.writeTextFile(program, programFor(files));
      const timeout = Math.min(LONGEST, rule.timeout * files.length);
      together = await runFile(setup, runtime, program, { ...rule, timeout });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    const results = split(together, files);
    if (results !== undefined) return results;
  }
  for (const file of files) alone.push(await runFile(setup, runtime, file, rule));
  if (together !== undefined && alone.every(({ failed }) => failed === 0)) {
    const file = files.join(" + ");
    const problems = [...together.problems, "fails, though each file passes in its own process"];
    alone.push({ ...together, file, tests: [], passed: 0, failed: 1, problems });
  }
  return alone;
}
