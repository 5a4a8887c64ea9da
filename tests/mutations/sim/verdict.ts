/** The verdict of a run of the simulator on a mutation; `"error"` is no result. */
export type Verdict = "found" | "missed" | "error";

/** The end of `sim --seeds`; `seeds` is the number of seeds to run. */
export interface Ending {
  readonly code: number;
  readonly signal: string | null;
  readonly output: string;
  readonly seeds: number;
}

/**
 * A mutation is found only if the simulator reports it: a run that was killed, did not start, or threw another
 * error fails as well.
 */
export function verdictOf({ code, signal, output, seeds }: Ending): Verdict {
  const [, runs, failed] = output.match(/^(\d+) runs in \d+ s, (\d+) failed/m) ?? [];
  const hangs = /^error: .*seed \S+ hangs/m.test(output);
  if (signal !== null) return "error";
  if (code === 1 && (Number(failed) > 0 || hangs)) return "found";
  const isWhole = code === 0 && Number(runs) === seeds && Number(failed) === 0;
  return isWhole ? "missed" : "error";
}
