/**
 * The verdict of a run of a test file on a mutation. Only `"red"` and `"green"` are results: a run that
 * `"hangs"` exceeded its time limit, and a run that ended otherwise (killed, not loaded) is `"not run"`.
 */
export type Verdict = "red" | "green" | "hangs" | "not run";

/** The end of a run of `deno test`. */
export interface Ending {
  readonly code: number;
  readonly signal: string | null;
  readonly output: string;
  /** Whether it was killed because it exceeded its time limit. */
  readonly late: boolean;
}

/** The verdict, and the line of the output that shows it. */
export function verdictOf({ code, signal, output, late }: Ending): [Verdict, string] {
  if (late) return ["hangs", `${lastLine(output)} (no end within its time limit)`];
  if (signal !== null) return ["not run", `killed by ${signal}`];
  if (code === 0) return ["green", output.match(/^ok \| .*$/m)?.[0] ?? ""];
  const failed = output.match(/^(.*) \.\.\. FAILED/m)?.[1];
  // A file that does not load fails as well, and proves nothing.
  if (failed === undefined || failed.includes("(uncaught error)")) {
    return ["not run", output.match(/error.*/)?.[0] ?? output.slice(-300)];
  }
  return ["red", failed];
}

/** The test that was under way when the output stopped. */
function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
