import type { Comparison } from "./compare.ts";

/** One line: the name of the row, the concurrency, the transport, and the figures. */
export interface Line extends Comparison {
  readonly name: string;
  readonly concurrency: number;
  readonly over: string;
}

const HEADER = ["", "over", "at a time", "ops/s", "p50", "p99", "floor p50", "ratio"];

/** Columns with text; the others have figures. */
const TEXT = [0, 1];

/** The lines as a table. */
export function table(lines: readonly Line[]): string {
  const rows = [
    HEADER,
    ...lines.map(({ name, concurrency, over, figures, floor }) => [
      name,
      over,
      String(concurrency),
      Math.round(figures.perSecond).toLocaleString("en"),
      time(figures.p50),
      time(figures.p99),
      floor === null ? "none" : time(floor.p50),
      floor === null ? "" : `${(figures.p50 / floor.p50).toFixed(1)} x`,
    ]),
  ];
  return columns(rows, TEXT);
}

/** Aligns the cells of all rows, of which the first is the header: `text` columns to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[], text: readonly number[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      text.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}

/** A duration in milliseconds, in a readable unit. */
export function time(milliseconds: number): string {
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(milliseconds < 0.01 ? 1 : 0)} µs`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}
