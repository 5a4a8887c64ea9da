import type { ChaosResult } from "./run.ts";
import type { Gap } from "./progress.ts";

/** A summary of a run, for people. */
export function summarize(result: ChaosResult): string {
  const { violations, time, sizes, visits, verified, afterKills } = result;
  const kills = [...afterKills].sort((a, b) => a - b);
  const middle = kills[Math.floor(kills.length / 2)] ?? 0;
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
  return [
    "",
    `operations: ${sizes.operations} of keys, ${sizes.calls} calls, in ${seconds(time)} of faults`,
    ...Object.entries(result.outcomes).sort().map(([kind, outcomes]) =>
      `  ${kind.padEnd(14)}${counts(outcomes)}`
    ),
    `  owners seen: ${sizes.owners}; executions of calls: ${sizes.executions}; visits to fenced ` +
    `resources: ${visits.accepted}, turned away: ${visits.refused}`,
    `faults: ${faults}`,
    `  ${counts(result.faults)}`,
    `acknowledged for ever, and read again: ${verified}`,
    `longest time in which a node with a majority finished nothing: ${gap(result.longestGap)}`,
    `  with what the machine withheld: ${gap(result.longestLastingGap)}`,
    `another node's next operation after a kill: half within ${middle.toFixed(0)} ms of ` +
    `${kills.length}, all within ${(kills.at(-1) ?? 0).toFixed(0)} ms; the slowest: ` +
    gap(result.longestAfterKill),
    `slowest return of a killed member: ${seconds(result.slowestReturn)}; slowest healing: ` +
    seconds(result.slowestHealing),
    `clocks known to ${result.uncertainty.toFixed(3)} ms`,
    `violations: ${violations.length}`,
    ...violations.map((violation) => `  ${violation}`),
  ].join("\n");
}

function counts(record: Readonly<Record<string, number>>): string {
  return Object.entries(record).sort((a, b) => b[1] - a[1]).map(([name, count]) =>
    `${name} ${count}`
  ).join(", ");
}

function gap(gap: Gap | null): string {
  if (gap === null) return "none";
  const { node, since, lasted, time, after } = gap;
  const at = new Date(performance.timeOrigin + since).toISOString().slice(11);
  const withheld = `${(lasted - time).toFixed(0)} ms that the machine withheld`;
  return `${time.toFixed(0)} ms, besides ${withheld} (${node}, from ${at} on, after ${after})`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
