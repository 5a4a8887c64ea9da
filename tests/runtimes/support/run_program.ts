import { type Ended, run } from "../../../tasks/process.ts";
import { programFor } from "../../../tasks/program.ts";
import { type Runtime, RUNTIMES } from "../../../tasks/suites.ts";

export { type Ended, type Runtime, RUNTIMES };

/** Time limit for a program to end by itself, in milliseconds. */
const LIMIT = 60_000;

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
  const path = decodeURIComponent(new URL(name, import.meta.url).pathname);
  const [command, ...first] = await programFor(runtime, path, ["--allow-read", ...permissions]);
  return await run(command, [...first, ...args], { timeout: limit });
}
