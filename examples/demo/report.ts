import type { Failover, Latency, Recovery, Statistics } from "./statistics.ts";

const HEADER = ["worker", "claims won", "lost", "taken over", "results"]
  .concat(["claim p50", "p99", "publish p50", "p99", ""]);

/** The figures of a race, as a table and a few sentences. */
export function report({ workers, failover, recovery, ...total }: Statistics): string {
  const rows = workers.map(({ id, fate, won, lost, takenOver, results, claim, publish }) => [
    id,
    count(won),
    count(lost),
    count(takenOver),
    count(results),
    ...latencies(claim),
    ...latencies(publish),
    fate ?? "",
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
      HEADER,
      ...rows,
      totals,
    ]),
    "",
    ...paragraph("contention", [
      `${count(total.lost)} of ${count(total.attempts)} claims went to another worker`,
      `${plural(total.contested, "line was", "lines were")} claimed by several at the same moment`,
    ]),
    ...paragraph("speed", [
      `${count(total.operationsPerSecond)} claims and publications a second, of all three together`,
    ]),
    ...paragraph("failover", describeFailover(failover)),
    ...paragraph("recovery", describeRecovery(recovery)),
  ];
  return lines.join("\n");
}

function describeFailover({ worker, unfinished, nextClaim, first, last }: Failover): string[] {
  const lines: string[] = [];
  if (nextClaim !== null) {
    lines.push(`the next claim came ${milliseconds(nextClaim)} after the termination`);
  }
  if (first === null || last === null) {
    lines.push(`${worker} left no line behind that was claimed and not done`);
  } else {
    const [from, to] = [milliseconds(first), milliseconds(last)];
    lines.push(
      `${plural(unfinished, "line", "lines")} that ${worker} had claimed and not finished: ` +
        `taken over after ${from === to ? from : `${from} to ${to}`}`,
    );
  }
  return lines;
}

function describeRecovery({ worker, startedAfter, took, claims }: Recovery): string[] {
  return [
    `${worker} started again ${milliseconds(startedAfter)} later, with an empty memory`,
    `it had its memory back, and a session, after ${milliseconds(took)}; ` +
    `from then on it claimed ${plural(claims, "line", "lines")}`,
  ];
}

/** A heading, and the sentences beside it. */
function paragraph(word: string, [first, ...others]: readonly string[]): string[] {
  return [word.padEnd(12) + first, ...others.map((line) => " ".repeat(12) + line)];
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

/** Rows of cells. Each column is as wide as its widest cell; numbers are aligned right, the rest left. */
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
