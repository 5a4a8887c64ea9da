/**
 * Tests the simulator: breaks one rule of the protocol at a time, in a copy of the project, and checks that
 * the simulation finds it. This takes a while; `deno run --allow-all tests/mutations/sim/main.ts [workload or
 * part of a name...]` runs only the mutations that match.
 *
 * @module
 */
import { copyProject } from "../../support/project_copy.ts";
import { broken } from "../mutation.ts";
import { MUTATIONS } from "./list.ts";
import type { Mutation } from "./mutation.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** The number of seeds that must be good without a mutation. */
const BASELINE = 60;

/** The parts of the project that the simulation needs. */
const PARTS = [
  "deno.json",
  "deno.lock",
  "mod.ts",
  "guest",
  "lib",
  "transports",
  "tests/checkers",
  "tests/offline",
  "tests/sim",
];

/** What the runs are for a mutation. */
type Kind = Pick<Mutation, "workload" | "guests" | "changes">;

/** Applies the mutation to the copy; returns a function that undoes it. */
async function apply(mutation: Mutation, root: URL) {
  const path = new URL(mutation.file, root);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, broken(text, mutation));
  return () => Deno.writeTextFile(path, text);
}

async function run(
  seeds: number,
  { workload = "kv", guests = false, changes = false }: Kind,
  root: URL,
): Promise<{ verdict: Verdict; output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-read",
      "--import-map=tests/offline/import_map.json",
      "tests/sim/main.ts",
      "--workload",
      workload,
      ...(guests ? ["--guests", "yes"] : []),
      ...["--changes", changes ? "yes" : "no"],
      "--seeds",
      `${seeds}`,
      "--enough",
      "1",
    ],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, signal, stdout, stderr } = await command.output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { verdict: verdictOf({ code, signal, output, seeds }), output };
}

/** The first violation in the output, and the number of runs until it. */
function found(output: string): string {
  const runs = output.match(/^(\d+) runs in (\d+) s/m);
  const first = output.match(/^seed .*\n +(.*)/m) ?? output.match(/(?:error|rror:)(.*)/);
  return `after ${runs?.[1] ?? "?"} runs: ${first?.[1].slice(0, 140) ?? output.slice(-300)}`;
}

const temporary = await Deno.makeTempDir();
const root = new URL(`file://${temporary}/`);
const counts: Record<Verdict, number> = { found: 0, missed: 0, error: 0 };
try {
  await copyProject(PARTS, root);
  const wanted = MUTATIONS.filter(({ name, workload = "kv" }) =>
    Deno.args.length === 0 || Deno.args.some((part) => name.includes(part) || workload === part)
  );
  // If the code fails without a mutation, a failure with one proves nothing.
  const checked = new Set<string>();
  for (const kind of wanted) {
    const { workload = "kv", guests = false, changes = false } = kind;
    const runs = `${workload}${guests ? " with guests" : ""}${changes ? " with changes" : ""}`;
    if (checked.has(runs)) continue;
    checked.add(runs);
    const { verdict, output } = await run(BASELINE, kind, root);
    if (verdict !== "missed") {
      throw new Error(`without a broken rule: ${runs}: ${verdict}: ${found(output)}`);
    }
  }
  for (const mutation of wanted) {
    const undo = await apply(mutation, root);
    const { verdict, output } = await run(mutation.seeds, mutation, root);
    await undo();
    counts[verdict]++;
    console.log(`${verdict.padEnd(6)}  ${mutation.name}\n        ${found(output)}`);
  }
  console.log(
    `of ${wanted.length} broken rules ${counts.found} were found and ${counts.missed} missed; ` +
      `${counts.error} runs said nothing`,
  );
} finally {
  await Deno.remove(temporary, { recursive: true });
}
if (counts.missed + counts.error > 0) Deno.exit(1);
