/** How a process ended. */
export interface Ended {
  /** The exit code; not 0 if a signal ended it. */
  readonly code: number;
  /** Its standard output and error. */
  readonly output: string;
  /** Whether it was killed because it took too long. */
  readonly timedOut: boolean;
}

/** The root of the project, the working directory of every process. */
export const root: string = decodeURIComponent(new URL("..", import.meta.url).pathname);

/** The running Deno executable. */
export const deno: string = Deno.execPath();

/** Runs `command` to its end, or kills it after `timeout` milliseconds. It has no standard input. */
export async function run(
  command: string,
  args: readonly string[],
  options: { timeout?: number; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ended> {
  const limit = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout);
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd ?? root,
    // Without colours and cursor movements: the output is shown later, and in part.
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: limit,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    output: decoder.decode(stdout) + decoder.decode(stderr),
    timedOut: limit?.aborted ?? false,
  };
}

/** Runs `jobs`, at most `width` at a time, and resolves to their results in order. */
export async function pool<T>(
  width: number,
  jobs: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const results: T[] = new Array(jobs.length);
  const waiting = jobs.entries();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, job] of waiting) results[index] = await job();
    }),
  );
  return results;
}

/** The cores of this machine. */
export const cores: number = navigator.hardwareConcurrency;

/** Concurrent processes of tests: twice as many as there are cores, since most of them often wait. */
export const width: number = cores * 2;
