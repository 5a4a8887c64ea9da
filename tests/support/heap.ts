import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";

/** Collects all garbage, in each of the runtimes. */
function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
}

/** How many bytes are in use once all garbage is collected, those of buffers included. */
export async function heapUsed(): Promise<number> {
  await collected();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Resolves when what nobody holds any more is gone. */
export async function collected(): Promise<void> {
  // Twice, with a turn between: what was only weakly held, or waited for its clean-up, goes then.
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 5));
  collectGarbage();
}
