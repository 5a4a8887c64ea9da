import { findBun, findNode, tsx } from "./node_modules.ts";
import { deno } from "./process.ts";
import type { Runtime } from "./suites.ts";

/** How to run a TypeScript program: a command, and its first arguments. */
export type Program = readonly [command: string, ...args: string[]];

/**
 * How `runtime` runs the TypeScript program at `path`: Node is the one with long-term support, not the one on the PATH.
 * In Deno it gets these permissions only.
 */
export async function programFor(
  runtime: Runtime,
  path: string,
  permissions: readonly string[],
): Promise<Program> {
  switch (runtime) {
    case "deno":
      return [deno, "run", "--no-check", "--no-prompt", "--no-lock", ...permissions, path];
    case "node":
      return [await findNode(24), `--import=${tsx}`, path];
    case "bun":
      return [await findBun(), "run", path];
  }
}
