import type { RunResult } from "./run.ts";

/** The results of many runs. */
export class Summary {
  runs = 0;
  readonly failed: RunResult[] = [];
  /** Milliseconds of virtual time. */
  time = 0;
  readonly totals: Map<string, number> = new Map();

  /** Adds one run. */
  add(result: RunResult): void {
    this.runs++;
    if (result.violations.length > 0) this.failed.push(result);
    const { outcomes, faults, judged, time, ...counts } = result.statistics;
    const { workload } = result.scenario;
    this.time += time;
    this.#count(`runs ${workload}`, 1);
    for (const [name, count] of Object.entries(judged)) this.#count(`${workload}: ${name}`, count);
    for (const [name, count] of Object.entries(counts)) this.#count(name, count);
    for (const [name, count] of Object.entries(faults)) this.#count(`fault ${name}`, count);
    for (const [kind, ends] of Object.entries(outcomes)) {
      for (const [end, count] of Object.entries(ends)) this.#count(`${kind} -> ${end}`, count);
    }
  }

  /** All counts, one per line. */
  lines(): string[] {
    const width = Math.max(0, ...[...this.totals.keys()].map((name) => name.length));
    const counts = [...this.totals].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, count]) => `${name.padEnd(width)}  ${count}`);
    return [...counts, `${(this.time / 3_600_000).toFixed(1)} hours of virtual time`];
  }

  #count(name: string, count: number): void {
    this.totals.set(name, (this.totals.get(name) ?? 0) + count);
  }
}

/** The violations of a run, and the command that replays it. */
export function explain(result: RunResult): string {
  const { restart, workload, changes, guests, storage, brief } = result.options;
  const options = (workload === undefined ? "" : ` --workload ${workload}`) +
    (restart === undefined ? "" : ` --restart ${restart ? "yes" : "no"}`) +
    (changes === undefined ? "" : ` --changes ${changes ? "yes" : "no"}`) +
    (guests === undefined ? "" : ` --guests ${guests ? "yes" : "no"}`) +
    (storage === undefined ? "" : ` --storage ${storage ? "yes" : "no"}`) +
    (brief === true ? " --brief yes" : "");
  return [
    `seed ${result.seed} (${result.scenario.workload}): ${result.violations.length} violations`,
    ...result.violations.map((violation) => `  ${violation.replaceAll("\n", "\n  ")}`),
    `  replay: deno task sim --seed ${result.seed}${options} --trace`,
  ].join("\n");
}
