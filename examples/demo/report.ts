import type { Latency, Statistics } from "./statistics.ts";

/** The figures of a race, as a table and a few sentences for a person. */
export function report({ workers, failover, ...total }: Statistics): string {
  const rows = workers.map(({ id, won, lost, takenOver, results, claim, publish }) => [
    id,
    count(won),
    count(lost),
    count(takenOver),
    count(results),
    ...latencies(claim),
    ...latencies(publish),
    id === failover.worker ? "terminated" : "",
  ]);
  const sum = (pick: (worker: Statistics["workers"][number]) => number) =>
    count(workers.reduce((sum, worker) => sum + pick(worker), 0));
  const totals = [
    "all",
    sum(({ won }) => won),
    sum(({ lost }) => lost),
    sum(({ takenOver }) => takenOver),
    sum(({ results }) => results),
  ];
  const lines = [
    ...table([
      [
        "worker",
        "claims won",
        "lost",
        "taken over",
        "results",
        "claim p50",
        "p99",
        "publish p50",
        "p99",
        "",
      ],
      ...rows,
      totals,
    ]),
    "",
    `contention   ${count(total.lost)} of ${
      count(total.attempts)
    } claims went to another worker; ` +
    `${plural(total.contested, "line was", "lines were")} claimed by several at the same moment`,
    `speed        ${count(total.operationsPerSecond)} claims and publications a second, ` +
    "while all three were there",
    `failover     ${describeFailover(failover)}`,
  ];
  return lines.join("\n");
}

function describeFailover({ worker, unfinished, nextClaim, first, last }: Statistics["failover"]) {
  const others = nextClaim === null
    ? ""
    : `; the others' next claim came ${milliseconds(nextClaim)} after the termination`;
  if (first === null || last === null) {
    return `${worker} left no line behind that was claimed and not done${others}`;
  }
  const range = unfinished === 1
    ? `its line was taken over after ${milliseconds(first)}`
    : `they were taken over after ${milliseconds(first)} (the last: ${milliseconds(last)})`;
  return `${worker} left ${
    plural(unfinished, "line", "lines")
  } claimed and not done; ${range}${others}`;
}

function latencies(latency: Latency | null): [string, string] {
  return latency === null ? ["", ""] : [milliseconds(latency.p50), milliseconds(latency.p99)];
}

function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(1) : count(time)} ms`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Rows of cells, each column as wide as its widest cell: numbers to the right, the rest to the left. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === widths.length - 1
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  );
}
