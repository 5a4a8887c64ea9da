/**
 * How long the main thread of a process was ready to run, in milliseconds since it began, but had to wait
 * for a processor: what the machine has withheld from it. 0 where the system does not say, which only
 * Linux does.
 */
export function readWaited(pid: number): number {
  try {
    return parseWaited(Deno.readTextFileSync(`/proc/${pid}/schedstat`));
  } catch {
    return 0;
  }
}

/** The second of the three numbers: time run, time waited (both in nanoseconds), and time slices. */
export function parseWaited(schedstat: string): number {
  const waited = Number(schedstat.split(" ")[1]);
  if (!Number.isFinite(waited)) throw new SyntaxError(`not the text of a schedstat: ${schedstat}`);
  return waited / 1e6;
}
