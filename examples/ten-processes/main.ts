/**
 * Ten processes on three workers, and one lock:
 *
 *     deno task example:ten-processes [--no-lock]
 *
 * Each process prints its digit five times, with a pause after each. With the lock, each digit appears
 * five times in a row, in the worker of its process. With `--no-lock` the digits mix.
 *
 * Start reading in `worker.ts`.
 *
 * @module
 */
import type { FromWorker, ToWorker, Variant } from "./messages.ts";

const MEMBERS = ["w1", "w2", "w3"];

/** Sends a message to all workers, and waits until all of them have answered. */
async function all(workers: readonly Worker[], tell: (self: number) => ToWorker): Promise<void> {
  await Promise.all(workers.map((worker, self) =>
    new Promise<void>((resolve, reject) => {
      worker.onmessage = (_: MessageEvent<FromWorker>) => resolve();
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${MEMBERS[self]} failed: ${event.message}`));
      };
      worker.postMessage(tell(self));
    })
  ));
}

async function main(variants: readonly Variant[]): Promise<void> {
  const workers = MEMBERS.map(() =>
    new Worker(new URL("./worker.ts", import.meta.url), { type: "module" })
  );
  try {
    await all(workers, (self) => ({ type: "join", self, members: MEMBERS }));
    for (const variant of variants) {
      console.log(`${variant}:`);
      // The workers print from their own threads, so the output shows the true order.
      await all(workers, () => ({ type: "print", variant }));
      console.log();
    }
    await all(workers, () => ({ type: "leave" }));
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

if (import.meta.main) {
  await main(
    Deno.args.includes("--no-lock")
      ? ["without the lock"]
      : ["with the lock around the loop", "with the lock inside the loop"],
  );
}
