import type { Phase } from "./siege.ts";
import type { Tally } from "./tally.ts";

/** A size in megabytes, for people. */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** The answers, with their numbers. */
export function answered(answers: Tally): string {
  return [...answers].map(([answer, count]) => `${answer} x ${count}`).join(", ");
}

/** One phase as a line. */
export function line({ name, answers, sent, memory, time, puts }: Phase): string {
  return [
    name.padEnd(44),
    `${Math.round(time)} ms`.padStart(8),
    `memory ${megabytes(memory.now)}, peak ${megabytes(memory.peak)}`.padEnd(28),
    `puts ${puts.done}, failed ${puts.failed}, longest ${Math.round(puts.longest)} ms`.padEnd(40),
    ...(sent === undefined ? [] : [`sent ${megabytes(sent)};`]),
    answered(answers),
  ].join("  ");
}
