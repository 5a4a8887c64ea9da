import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";

/** Collects all garbage, in any of the runtimes. */
function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
}

/** Bytes in use after a garbage collection, including buffers. */
export async function heapUsed(): Promise<number> {
  await collected();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Resolves when unreachable objects are collected. */
export async function collected(): Promise<void> {
  // Twice, with a turn in between, which also frees weakly held objects and those with pending clean-up.
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 5));
  collectGarbage();
}
