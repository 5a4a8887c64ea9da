import type { OptionalProgram } from "./optional_programs.ts";
import { root } from "./process.ts";

/** A JavaScript runtime that tests are run in. */
export type Runtime = "deno" | "node" | "bun";

/** The runtimes in which all tests run, in their order. `node` is the newest Node with long-term support. */
export const RUNTIMES: readonly Runtime[] = ["deno", "node", "bun"];

/** A runtime in which tests are run: `node20` is the oldest Node that is supported. */
export type TestRuntime = Runtime | "node20";

/** All runtimes of the test task, in their order. */
export const TEST_RUNTIMES: readonly TestRuntime[] = [...RUNTIMES, "node20"];

/**
 * What runs in the oldest Node too, by the beginning of the path: what uses the platform (timers, sockets,
 * workers, keys, bytes, abort signals), and one file for each feature. The rest would only repeat it.
 */
export const SMOKE: readonly string[] = [
  "tests/transports/broadcast",
  "tests/transports/http_test.ts",
  "tests/transports/websocket_test.ts",
  "tests/transports/failures_test.ts",
  "tests/transports/link/",
  "tests/codec/frame_test.ts",
  "tests/codec/value_test.ts",
  "tests/node/runtime/",
  "tests/cluster/join_test.ts",
  "tests/cluster/close_test.ts",
  "tests/cluster/listeners_test.ts",
  "tests/cluster/inspect_test.ts",
  "tests/kv/watch_test.ts",
  "tests/locks/web/",
  "tests/locks/timeout_test.ts",
  "tests/processes/",
  "tests/singletons/failure_test.ts",
  "tests/guest/operations_test.ts",
  "tests/recovery/reload_broadcast_test.ts",
];

/** How to run the tests of one folder. */
export interface Rule {
  /** The beginning of the path of its files, relative to the root of the project. */
  readonly folder: string;
  readonly runtimes: readonly Runtime[];
  /** The permissions in Deno. */
  readonly permissions: readonly string[];
  /** Time limit for one file, in milliseconds. */
  readonly timeout: number;
  /** The most files that share a process. */
  readonly together: number;
}

/** The first rule whose folder contains a test file applies to it. */
export const RULES: readonly Rule[] = [
  // Exhaustive, long, or in virtual time: their outcome does not depend on the runtime.
  ...["sim", "model", "checkers", "mutations"].map((name): Rule => ({
    folder: `tests/${name}/`,
    runtimes: ["deno"],
    permissions: ["--allow-read"],
    timeout: 600_000,
    together: 1,
  })),
  // These start processes of other runtimes themselves.
  ...["runtimes", "chaos", "rolling", "siege", "heal", "examples", "tasks", "bench"].map((
    name,
  ): Rule => ({
    folder: `tests/${name}/`,
    runtimes: ["deno"],
    permissions: ["--allow-all"],
    timeout: 300_000,
    together: 1,
  })),
  // Long, and in virtual time, which asks nothing of the platform: one runtime for each engine (Node has that of
  // Deno). What uses the platform is in `SMOKE`, and runs in all of them.
  ...["cluster", "housekeeping", "inspector", "recovery"].map((name): Rule => ({
    folder: `tests/${name}/`,
    runtimes: ["deno", "bun"],
    permissions: ["--allow-read"],
    timeout: 120_000,
    together: 8,
  })),
  // Servers and clients on this machine, on ports that the system chooses.
  {
    folder: "tests/transports/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read", "--allow-net=127.0.0.1,no-such-host.invalid"],
    timeout: 120_000,
    together: 12,
  },
  // Whole suites in one file. They change what the helpers of all tests do.
  {
    folder: "tests/guest/suites/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read"],
    timeout: 300_000,
    together: 1,
  },
  // Its packages look at variables of the environment.
  {
    folder: "tests/opentelemetry/",
    runtimes: ["deno", "bun"],
    permissions: ["--allow-read", "--allow-env"],
    timeout: 120_000,
    together: 1,
  },
  // All others only read the project (for workers).
  {
    folder: "tests/",
    runtimes: RUNTIMES,
    permissions: ["--allow-read"],
    timeout: 120_000,
    together: 16,
  },
];

/** Optional programs that tests need, by the beginning of the path. */
const NEEDS: Readonly<Record<string, OptionalProgram>> = {
  "tests/runtimes/browser/": "chromium",
  "tests/examples/browser_client_": "chromium",
  "tests/examples/playground_": "chromium",
  "tests/runtimes/workerd/": "workerd",
  "tests/examples/edge_client_": "workerd",
  "tests/examples/recipe_postgres_": "postgres",
  "tests/examples/recipe_redis_": "redis-server",
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
export function runtimesFor(file: string, text: string): readonly TestRuntime[] {
  if (text.split("\n").some((line) => line.startsWith(DENO_ALONE))) return ["deno"];
  const { runtimes } = ruleFor(file);
  const isSmoke = runtimes.length > 1 && SMOKE.some((beginning) => file.startsWith(beginning));
  return isSmoke ? TEST_RUNTIMES : runtimes;
}

/** The rule for a test file. */
export function ruleFor(file: string): Rule {
  const rule = RULES.find((rule) => file.startsWith(rule.folder));
  if (!rule) throw new Error(`${file} is not in a folder of tests`);
  return rule;
}

/** The beginning of the comment by which a test file asks for a process of its own. */
const BY_ITSELF = "// Runs by itself: ";

/** Whether a test file with the source `text` may share a process with others. */
export function mayShare(text: string): boolean {
  return !text.split("\n").some((line) => line.startsWith(BY_ITSELF));
}

/** Divides sorted test files of one runtime into those that share a process: of one rule, and of one folder of `tests`. */
export function shareProcesses(
  files: readonly string[],
  mayShare: (file: string) => boolean = () => true,
): string[][] {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const rule = ruleFor(file);
    const folder = file.split("/", 2).join("/");
    const isAlone = rule.together === 1 || !mayShare(file);
    const key = isAlone ? file : `${rule.folder} ${folder}`;
    groups.set(key, [...groups.get(key) ?? [], file]);
  }
  return [...groups.values()].flatMap((group) => {
    const count = Math.ceil(group.length / ruleFor(group[0]).together);
    // Every one of them gets a share of each part of the folder.
    return Array.from({ length: count }, (_, n) => group.filter((_, i) => i % count === n));
  });
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
