import { type Ended, root, run } from "../../../tasks/process.ts";
import { programFor } from "../../../tasks/program.ts";
import { type Runtime, RUNTIMES } from "../../../tasks/suites.ts";

export { type Ended, type Runtime, RUNTIMES };

/** Time limit for a program to end by itself, in milliseconds: only one that hangs takes it on any machine. */
export const LIMIT = 180_000;

/**
 * Runs the TypeScript program `name` of this folder in a process of `runtime`, to its end. In Deno it
 * has read permission, and otherwise only `permissions`.
 */
export async function runProgram(
  runtime: Runtime,
  name: string,
  args: readonly string[] = [],
  limit = LIMIT,
  permissions: readonly string[] = [],
): Promise<Ended> {
  const [command, ...first] = await commandOf(runtime, name, permissions);
  return await run(command, [...first, ...args], { timeout: limit });
}

/**
 * Runs the TypeScript program `name` as above; if it has not ended `limit` milliseconds after it printed `sign`, it is
 * killed. So its start does not count. Rejects with its output if it ended before `sign`.
 */
export async function runPast(
  sign: string,
  runtime: Runtime,
  name: string,
  args: readonly string[],
  limit: number,
  permissions: readonly string[] = [],
): Promise<Ended> {
  const [command, ...first] = await commandOf(runtime, name, permissions);
  const process = new Deno.Command(command, {
    args: [...first, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(LIMIT),
  }).spawn();
  let output = "";
  let isObserved = false;
  let hasEnded = false;
  let timedOut = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  void process.status.then(() => hasEnded = true);
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (isObserved || !output.includes(sign)) continue;
    isObserved = true;
    timer = setTimeout(() => {
      if (hasEnded) return;
      timedOut = true;
      process.kill("SIGKILL");
    }, limit);
  }
  const { code } = await process.status;
  clearTimeout(timer);
  if (!isObserved) throw new Error(`${name} in ${runtime} has not printed ${sign}:\n${output}`);
  return { code, output, timedOut };
}

async function commandOf(
  runtime: Runtime,
  name: string,
  permissions: readonly string[],
): Promise<readonly [command: string, ...args: string[]]> {
  const path = decodeURIComponent(new URL(name, import.meta.url).pathname);
  return await programFor(runtime, path, ["--allow-read", ...permissions]);
}
