import type { OptionalProgram } from "./optional_programs.ts";
import { root } from "./process.ts";

/** A JavaScript runtime that tests are run in. */
export type Runtime = "deno" | "node" | "bun";

/** All runtimes, in the order in which they run. */
export const RUNTIMES: readonly Runtime[] = ["deno", "node", "bun"];

/** How to run the tests of one folder. */
export interface Rule {
  /** The folder, relative to the root of the project, with a trailing slash. */
  readonly folder: string;
  readonly runtimes: readonly Runtime[];
  /** The permissions in Deno. */
  readonly permissions: readonly string[];
  /** Time limit for one file, in milliseconds. */
  readonly timeout: number;
}

/** The first rule whose folder contains a test file applies to it. */
export const RULES: readonly Rule[] = [
  // Exhaustive, long, or in virtual time: their outcome does not depend on the runtime.
  ...["sim", "model", "checkers", "mutations"].map((name): Rule => ({
    folder: `tests/${name}/`,
    runtimes: ["deno"],
    permissions: ["--allow-read"],
    timeout: 600_000,
  })),
  // These start processes of other runtimes themselves.
  ...["runtimes", "chaos", "siege", "examples", "tasks"].map((name): Rule => ({
    folder: `tests/${name}/`,
    runtimes: ["deno"],
    permissions: ["--allow-all"],
    timeout: 300_000,
  })),
  // Servers and clients on this machine, on ports that the system chooses.
  {
    folder: "tests/transports/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read", "--allow-net=127.0.0.1"],
    timeout: 120_000,
  },
  // All others only read the project (for workers).
  {
    folder: "tests/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read"],
    timeout: 120_000,
  },
];

/** Optional programs that tests need, by the beginning of the path. */
const NEEDS: Readonly<Record<string, OptionalProgram>> = {
  "tests/runtimes/browser/": "chromium",
  "tests/examples/browser_client_": "chromium",
  "tests/runtimes/workerd/": "workerd",
  "tests/examples/edge_client_": "workerd",
};

/** The optional programs that a test file needs. */
export function needsOf(file: string): OptionalProgram[] {
  return Object.entries(NEEDS)
    .filter(([beginning]) => file.startsWith(beginning))
    .map(([, program]) => program);
}

/** The subset of `files` that can run without `missing`, and a line to print for each of the others. */
export function sortOut(
  files: readonly string[],
  missing: ReadonlySet<OptionalProgram>,
): { runnable: string[]; notRun: string[] } {
  const lacks = (file: string) => needsOf(file).filter((program) => missing.has(program));
  return {
    runnable: files.filter((file) => lacks(file).length === 0),
    notRun: files
      .filter((file) => lacks(file).length > 0)
      .map((file) => `not run: ${file} (no ${lacks(file).join(", no ")} on this machine)`),
  };
}

/** The beginning of the comment by which a test file outside of those folders asks for Deno alone. */
const DENO_ALONE = "// Runs in Deno alone: ";

/** The runtimes for a test file with the source `text`. */
export function runtimesFor(file: string, text: string): readonly Runtime[] {
  return text.split("\n").some((line) => line.startsWith(DENO_ALONE))
    ? ["deno"]
    : ruleFor(file).runtimes;
}

/** The rule for a test file. */
export function ruleFor(file: string): Rule {
  const rule = RULES.find((rule) => file.startsWith(rule.folder));
  if (!rule) throw new Error(`${file} is not in a folder of tests`);
  return rule;
}

/**
 * The test files (`*_test.ts` below `tests/`), relative to the root of the project, sorted. With
 * `prefixes`, only those whose path begins with one of them.
 */
export async function findTests(prefixes: readonly string[] = []): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(root + folder)) {
      const path = folder + entry.name;
      if (entry.isDirectory) await walk(`${path}/`);
      else if (path.endsWith("_test.ts")) files.push(path);
    }
  };
  await walk("tests/");
  const wanted = prefixes.map((prefix) => prefix.replace(/^\.\//, ""));
  return files
    .filter((file) => wanted.length === 0 || wanted.some((prefix) => file.startsWith(prefix)))
    .sort();
}
