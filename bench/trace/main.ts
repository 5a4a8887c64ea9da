/**
 * `deno task bench:trace [PAIRS]`: what a `trace` that counts adds to the CPU time of a put, in Deno, Node and Bun. In each
 * process two clusters put in turns; in every other process neither has a `trace`, which tells what is chance.
 *
 * @module
 */
import { findBun, findNode, nodeImports } from "../../tasks/node_modules.ts";
import { deno, root, run } from "../../tasks/process.ts";
import type { TraceFigures } from "./program.ts";

/** Batches that each process measures in each cluster. */
const BATCHES = "200";

const pairs = Number(Deno.args[0] ?? 9);
if (!Number.isInteger(pairs) || pairs < 1) throw new TypeError("usage: bench:trace [PAIRS]");

const program = `${root}bench/trace/program.ts`;
const RUNTIMES: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  Deno: [deno, "run", "--no-check", "--allow-read", "--allow-env", program],
  Node: [await findNode(24), "--import", nodeImports, program],
  Bun: [await findBun(), program],
};

async function measure(name: string, mode: "none" | "counted"): Promise<TraceFigures> {
  const [command, ...args] = RUNTIMES[name];
  const { code, output } = await run(command, [...args, mode, BATCHES]);
  if (code !== 0) throw new Error(`${name}: ${output}`);
  return JSON.parse(output.trim().split("\n").at(-1)!);
}

/** Least, median and largest. */
function spread(ratios: readonly number[]): string {
  const sorted = ratios.map((ratio) => 100 * (ratio - 1)).sort((a, b) => a - b);
  const [least, median, largest] = [0, Math.floor(sorted.length / 2), sorted.length - 1]
    .map((index) => `${sorted[index] < 0 ? "" : "+"}${sorted[index].toFixed(1)} %`);
  return `${median} (${least} to ${largest})`;
}

const found: Record<string, { counted: TraceFigures[]; none: TraceFigures[] }> = {};
for (let pair = 0; pair < pairs; pair++) {
  for (const name of Object.keys(RUNTIMES)) {
    const { counted, none } = found[name] ??= { counted: [], none: [] };
    counted.push(await measure(name, "counted"));
    none.push(await measure(name, "none"));
    console.error(name, counted.at(-1)!.ratio.toFixed(3), none.at(-1)!.ratio.toFixed(3));
  }
}
console.log(
  `CPU time of a put with a trace that counts; ${pairs} pairs, median (least to largest)`,
);
for (const [name, { counted, none }] of Object.entries(found)) {
  const events = counted.reduce((sum, { events }) => sum + events, 0) / pairs;
  console.log(
    `${name}: ${spread(counted.map(({ ratio }) => ratio))}, with ${events.toFixed(1)} events; ` +
      `without a trace in either: ${spread(none.map(({ ratio }) => ratio))}`,
  );
}
