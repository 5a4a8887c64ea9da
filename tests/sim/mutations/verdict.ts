/** What a run of the simulation says of a broken rule; `"error"`: nothing. */
export type Verdict = "found" | "missed" | "error";

/** How `sim --seeds` ended, which should have run so many `seeds`. */
export interface Ending {
  readonly code: number;
  readonly signal: string | null;
  readonly output: string;
  readonly seeds: number;
}

/**
 * A rule was found to be broken only if the simulator itself says so: a run that was killed, that could
 * not begin or that threw something else fails, too.
 */
export function verdictOf({ code, signal, output, seeds }: Ending): Verdict {
  const [, runs, failed] = output.match(/^(\d+) runs in \d+ s, (\d+) failed/m) ?? [];
  const hangs = /^error: .*seed \S+ hangs/m.test(output);
  if (signal !== null) return "error";
  if (code === 1 && (Number(failed) > 0 || hangs)) return "found";
  const isWhole = code === 0 && Number(runs) === seeds && Number(failed) === 0;
  return isWhole ? "missed" : "error";
}
