import type { OptionalProgram } from "./optional_programs.ts";
import { root } from "./process.ts";

/** A JavaScript runtime that tests are run in. */
export type Runtime = "deno" | "node" | "bun";

/** All of them, in the order in which they run. */
export const RUNTIMES: readonly Runtime[] = ["deno", "node", "bun"];

/** How the tests of one folder are run. */
export interface Rule {
  /** The folder, from the root of the project, with a slash at its end. */
  readonly folder: string;
  readonly runtimes: readonly Runtime[];
  /** What Deno allows them. */
  readonly permissions: readonly string[];
  /** How long one file may take, in milliseconds. */
  readonly timeout: number;
}

/** The first rule whose folder a test file is in says how it is run. */
export const RULES: readonly Rule[] = [
  // Exhaustive, long, or on a clock of their own: their outcome does not depend on the runtime.
  ...["sim", "model", "checkers", "mutations", "scripted"].map((name): Rule => ({
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
  // Everything else needs no more than to read the project (for workers).
  {
    folder: "tests/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read"],
    timeout: 120_000,
  },
];

/** What some tests need besides: by what their path begins with. */
const NEEDS: Readonly<Record<string, OptionalProgram>> = {
  "tests/runtimes/browser/": "chromium",
  "tests/examples/browser_client_": "chromium",
  "tests/runtimes/workerd/": "workerd",
  "tests/examples/edge_client_": "workerd",
};

/** The programs that a test file needs, and the machine may be without. */
export function needsOf(file: string): OptionalProgram[] {
  return Object.entries(NEEDS)
    .filter(([beginning]) => file.startsWith(beginning))
    .map(([, program]) => program);
}

/** What can be run of `files` where `missing` are missing, and what cannot, as a line to be shown. */
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

/** The rule for a test file. */
export function ruleFor(file: string): Rule {
  const rule = RULES.find((rule) => file.startsWith(rule.folder));
  if (!rule) throw new Error(`${file} is in no folder of tests`);
  return rule;
}

/**
 * The test files (`*_test.ts` below `tests/`), from the root of the project and in order. With
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
