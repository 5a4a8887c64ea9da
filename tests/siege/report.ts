import { faultsOf, type Row } from "./rows.ts";
import { answered, megabytes } from "./table.ts";

/** The head of the table. */
export const HEAD: string = [
  "who".padEnd(8),
  "over",
  "attack".padEnd(56),
  "puts".padStart(5),
  "failed",
  "longest",
  "   memory before, peak, after",
  "  answers",
].join("  ");

/** One row as a line; what is not as it should be follows in a line of its own. */
export function lineOf(row: Row): string {
  const { attack, puts, memory, answers } = row;
  const line = [
    attack.who.padEnd(8),
    attack.over.padEnd(4),
    attack.what.padEnd(56),
    `${puts.done}`.padStart(5),
    `${puts.failed}`.padStart(6),
    `${Math.round(puts.longest)} ms`.padStart(7),
    [memory.before, memory.peak, memory.after].map(megabytes).join(", ").padStart(29),
    answered(answers).slice(0, 60),
  ].join("  ");
  const faults = faultsOf(row);
  return faults.length === 0 ? line : `${line}\n    NOT AS WANTED: ${faults.join("; ")}`;
}

/** The whole in a few lines. */
export function summaryOf(rows: readonly Row[]): string {
  const worst = rows.reduce((most, { puts }) => Math.max(most, puts.longest), 0);
  const failed = rows.reduce((sum, { puts }) => sum + puts.failed, 0);
  const growth = rows.reduce((most, { memory }) => Math.max(most, memory.after - memory.before), 0);
  const wrong = rows.filter((row) => faultsOf(row).length > 0).length;
  return `${rows.length} attacks: ${failed} puts failed, the longest took ${
    Math.round(worst)
  } ms, ` +
    `memory grew by ${megabytes(growth)} at most; ${wrong} not as wanted`;
}
