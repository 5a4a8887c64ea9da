/**
 * The script of a page that runs the suites when it is asked, in workers: the timers of a page that is hidden are
 * slow. It is the script of these workers, too.
 *
 * @module
 */
import type { Report } from "./report.ts";
import { runSuites } from "./suites.ts";

/** Runs the suites in that many workers, each a share of the tests; returns their reports. */
function runInWorkers(count: number): Promise<Report[]> {
  return Promise.all(
    Array.from({ length: count }, (_, from) =>
      new Promise<Report>((resolve, reject) => {
        const worker = new Worker("/page.js", { type: "module" });
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }: MessageEvent<Report | "ready">) => {
          if (data === "ready") return worker.postMessage({ from, step: count });
          worker.terminate();
          resolve(data);
        };
      })),
  );
}

if ("document" in globalThis) {
  Object.assign(globalThis, { runInWorkers });
} else {
  addEventListener("message", async (event) => {
    const { from, step } = (event as MessageEvent<{ from: number; step: number }>).data;
    postMessage(await runSuites(from, step));
  });
  postMessage("ready");
}
