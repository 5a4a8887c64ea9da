import type { RunResult } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** The time after which a run hangs, in real milliseconds: on a busy machine a run may take minutes. */
const LONGEST_RUN = 600_000;

/**
 * Runs `seeds` in `width` workers, and calls `done` for each result; stops when `done` returns `false`. Throws
 * an error that names the seed if a run hangs or a worker fails.
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
      stopped = true; // an error of one worker stops all
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
