import type { RunResult } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** A run that takes longer than this, in real milliseconds, hangs (a starved one takes minutes, too). */
const LONGEST_RUN = 600_000;

/**
 * Runs `seeds` in `width` workers at once, and calls `done` for each; stops when `done` says `false`.
 * A run that hangs, and a worker that fails, throw an error that names the seed.
 */
export async function runInWorkers(
  seeds: Iterable<string>,
  width: number,
  options: ScenarioOptions,
  done: (result: RunResult) => boolean,
): Promise<void> {
  const next = seeds[Symbol.iterator]();
  let stopped = false;
  const work = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (!stopped) {
        const { value: seed, done: over } = next.next();
        if (over) return;
        if (!done(await runInWorker(worker, seed, options))) stopped = true;
      }
    } finally {
      stopped = true; // an error of one is the end for all
      worker.terminate();
    }
  };
  const workers = Array.from({ length: width }, work);
  await Promise.all(workers);
}

function runInWorker(worker: Worker, seed: string, options: ScenarioOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`seed ${seed} hangs: it has run for ${LONGEST_RUN / 1000} seconds`));
    }, LONGEST_RUN);
    worker.onmessage = (event: MessageEvent<RunResult>) => {
      clearTimeout(late);
      resolve(event.data);
    };
    worker.onerror = (event) => {
      clearTimeout(late);
      event.preventDefault();
      reject(new Error(`seed ${seed}: ${event.message}`));
    };
    worker.postMessage({ seed, options });
  });
}
