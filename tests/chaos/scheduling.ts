/**
 * Time for which the main thread of a process was ready to run but waited for a processor, in
 * milliseconds since its start: the delay that the machine causes. 0 on systems other than Linux, which
 * do not report it.
 */
export function readWaited(pid: number): number {
  try {
    return parseWaited(Deno.readTextFileSync(`/proc/${pid}/schedstat`));
  } catch {
    return 0;
  }
}

/** The second of three numbers: time run, time waited (both in nanoseconds), and time slices. */
export function parseWaited(schedstat: string): number {
  const waited = Number(schedstat.split(" ")[1]);
  if (!Number.isFinite(waited)) throw new SyntaxError(`not the text of a schedstat: ${schedstat}`);
  return waited / 1e6;
}
