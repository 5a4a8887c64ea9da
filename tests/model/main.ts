/**
 * `deno task model [--deep] [--cases] [--only TEXT]`: searches all states of the scopes of the test task, with
 * `--deep` also of the scopes that take too long for it. With `--cases` it also prints the number of
 * occurrences of each hard case, or which ones came up. `--mutants`: breaks one rule at a time, and each must turn its scope red.
 *
 * @module
 */
import { deepScopes } from "./deep_scopes.ts";
import { explore } from "./explore.ts";
import { fastScopes, findBroken } from "./find_broken.ts";
import type { Expected } from "./ingredients.ts";
import { worldMutations, type WorldScope, worldScopes } from "./worlds.ts";
import { MUTATIONS } from "../mutations/model/list.ts";

const has = (flag: string) => Deno.args.includes(flag);
const only = has("--only") ? Deno.args[Deno.args.indexOf("--only") + 1] : "";

function secondsSince(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(1);
}

/** Prints a line of a table: a text, then cells. */
function print(text: string, ...cells: readonly (number | string)[]): void {
  console.log(text.padEnd(72), ...cells.map((cell) => String(cell).padStart(12)));
}

/** Shows the progress of a search, if stderr is a terminal. */
function progress(name: string): (states: number, left: number) => void {
  if (!Deno.stderr.isTerminal()) return () => {};
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  return (states, left) => write(`\r\x1b[K${name}: ${states} states, ${left} left\r`);
}

async function isAsExpected({ scope, states, transitions, sees }: Expected): Promise<boolean> {
  const begun = performance.now();
  const found = await explore(scope, { progress: progress(scope.name) });
  const missing = sees.filter((sight) => !found.sights.has(sight));
  const isSame = found.states === states && found.transitions === transitions;
  const verdict = found.violation !== null
    ? "VIOLATION"
    : isSame && missing.length === 0
    ? "holds"
    : "OTHER SIZE";
  print(
    scope.name,
    found.states,
    found.transitions,
    found.depth,
    secondsSince(begun),
    verdict,
  );
  if (found.violation !== null) console.log(found.violation);
  else if (!isSame) console.log(`  expected: ${states} states, ${transitions} transitions`);
  for (const sight of missing) console.log(`  expected, but did not come up: ${sight}`);
  if (has("--cases")) {
    for (const [sight, count] of [...found.sights].sort()) print(`  ${sight}`, count);
  }
  return verdict === "holds";
}

async function isOtherAsExpected({ name, states, transitions, sees, search }: WorldScope) {
  const begun = performance.now();
  const found = await search();
  const missing = sees.filter((one) => !found.cases.includes(one));
  const isSame = found.states === states && found.transitions === transitions;
  const verdict = found.violation !== null
    ? "VIOLATION"
    : isSame && missing.length === 0
    ? "holds"
    : "OTHER SIZE";
  print(name, found.states, found.transitions, "", secondsSince(begun), verdict);
  if (found.violation !== null) console.log(found.violation);
  else if (!isSame) console.log(`  expected: ${states} states, ${transitions} transitions`);
  for (const one of missing) console.log(`  expected, but did not come up: ${one}`);
  if (has("--cases")) { for (const one of found.cases) console.log(`  ${one}`); }
  return verdict === "holds";
}

async function mainScopes(): Promise<boolean> {
  const scopes = [...fastScopes, ...(has("--deep") ? deepScopes : [])]
    .filter(({ scope }) => scope.name.includes(only));
  const others = worldScopes(has("--deep")).filter(({ name }) => name.includes(only));
  print("scope", "states", "transitions", "depth", "seconds", "verdict");
  let good = 0;
  for (const expected of scopes) if (await isAsExpected(expected)) good++;
  for (const expected of others) if (await isOtherAsExpected(expected)) good++;
  const all = scopes.length + others.length;
  console.log(`${good} of ${all} scopes hold, and have the expected size`);
  return good === all && good > 0;
}

async function mainMutants(): Promise<boolean> {
  const mutations = [
    ...MUTATIONS.map((mutation) => ({ ...mutation, search: () => findBroken(mutation) })),
    ...worldMutations().map(({ search, ...mutation }) => ({
      ...mutation,
      search: async () => ({ depth: "", ...await search() }),
    })),
  ].filter(({ name }) => name.includes(only));
  print("broken rule", "states", "depth", "seconds", "verdict");
  let red = 0;
  for (const mutation of mutations) {
    const begun = performance.now();
    const { states, depth, violation } = await mutation.search();
    const why = violation?.split("\n").at(-1) ?? "";
    const isRed = why.includes(mutation.why);
    if (isRed) red++;
    print(mutation.name, states, depth, secondsSince(begun), isRed ? "red" : "MISSED");
    console.log(`  ${mutation.scope}: ${why || "nothing is wrong"}`);
  }
  console.log(`${red} of ${mutations.length} broken rules turn their scopes red`);
  return red === mutations.length && red > 0;
}

const isGood = has("--mutants") ? await mainMutants() : await mainScopes();
if (!isGood) Deno.exit(1);
