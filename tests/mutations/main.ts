/**
 * Tests the tests: breaks one rule of the protocol after the other, in a copy of the project, and sees
 * whether a test fails. `deno task mutate [part of a name or file...]` runs those that one of the parts
 * is in. Only a test that ran and failed, twice, counts: a run that was killed, timed out or did not load
 * says nothing, and is told apart.
 *
 * @module
 */
import { MUTATIONS } from "./list.ts";
import { broken, type Mutation } from "./mutation.ts";

const ROOT = new URL("../../", import.meta.url);

/** What the tests need of the project. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "lib", "transports", "tests"];

/** How tests are run: with what the tests of transports may do. */
const TEST = [
  ...["test", "--no-check", "--no-prompt", "--fail-fast"],
  ...["--allow-read", "--allow-net=127.0.0.1"],
];

/** How long the tests of one mutation may take, in milliseconds. */
const LIMIT = 180_000;

/** So often a test may fail without a broken rule: some measure time, and the machine may be busy. */
const TRIES = 3;

type Verdict = "red" | "green" | "not run";

async function copy(from: URL, to: URL): Promise<void> {
  const info = await Deno.stat(from);
  if (info.isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from}/${name}`), new URL(`${to}/${name}`));
  }
}

async function runTests(root: URL, tests: readonly string[]): Promise<[Verdict, string]> {
  const limit = AbortSignal.timeout(LIMIT);
  const map = "--import-map=tests/offline/import_map.json";
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...TEST, map, ...tests],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: limit,
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (limit.aborted || signal !== null) return ["not run", "killed, or took too long"];
  if (code === 0) return ["green", output.match(/^ok \| .*$/m)?.[0] ?? ""];
  const failed = output.match(/^(.*) \.\.\. FAILED/m)?.[1];
  // A file that does not load fails, too, and proves nothing.
  if (failed === undefined || failed.includes("(uncaught error)")) {
    return ["not run", output.match(/error.*/)?.[0] ?? output.slice(-300)];
  }
  return ["red", failed];
}

async function tryOne(root: URL, mutation: Mutation): Promise<[Verdict, string]> {
  const path = new URL(mutation.file, root);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, broken(text, mutation));
  try {
    let last: [Verdict, string] = ["not run", "it names no test"];
    // One file after the other: most rules show in the first one.
    for (const test of mutation.tests) {
      last = await runTests(root, [test]);
      if (last[0] !== "red") continue;
      // Twice, and the same test: one that fails now and then, on a busy machine, proves nothing.
      const again = await runTests(root, [test]);
      if (again[0] === "red" && again[1] === last[1]) return ["red", `${test}: ${last[1]}`];
      last = ["not run", `${test} fails in one way and in another: ${last[1]}; ${again[1]}`];
    }
    return last;
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

const wanted = MUTATIONS.filter(({ name, file }) =>
  Deno.args.length === 0 || Deno.args.some((part) => name.includes(part) || file.includes(part))
);
const temporary = await Deno.makeTempDir({ prefix: "synod-mutate-" });
let missed = 0;
try {
  const root = new URL(`file://${temporary}/`);
  for (const part of PARTS) await copy(new URL(part, ROOT), new URL(part, root));
  // As long as the tests fail without a broken rule, a failure says nothing about one.
  for (const test of new Set(wanted.flatMap(({ tests }) => tests))) {
    let [verdict, why] = await runTests(root, [test]);
    for (let i = 1; i < TRIES && verdict !== "green"; i++) {
      [verdict, why] = await runTests(root, [test]);
    }
    if (verdict !== "green") throw new Error(`without a broken rule ${test} is ${verdict}: ${why}`);
  }
  for (const mutation of wanted) {
    const [verdict, why] = await tryOne(root, mutation);
    if (verdict !== "red") missed++;
    console.log(`${verdict.padEnd(7)}  ${mutation.section}: ${mutation.name}\n         ${why}`);
  }
  console.log(`${wanted.length - missed} of ${wanted.length} broken rules turn a test red`);
} finally {
  await Deno.remove(temporary, { recursive: true });
}
if (missed > 0) Deno.exit(1);
