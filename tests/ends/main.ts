/**
 * `deno task ends [--each N]`: owners of a lock that are ended, and how long the next owner waited, as a table: threads
 * that are terminated and tabs that are closed or crash, beside the platform's own locks in the same rounds, and child
 * processes that are killed, over WebSocket. Exit code 1 if one waited for a session to end by itself.
 *
 * @module
 */
import { ENDS, GoneTabs } from "../runtimes/browser/gone_tabs.ts";
import type { Gone } from "../runtimes/support/gone.ts";
import { LIMIT, runProgram } from "../runtimes/support/run_program.ts";

/** Longer than any end that is proved, shorter than any session lasts: in milliseconds. */
const PROVED = 1_600;

/** The more rounds, the longer a program may take, in milliseconds. */
const ROUND_LIMIT = 5_000;

const at = Deno.args.indexOf("--each");
const each = at < 0 ? 10 : Number(Deno.args[at + 1]);
if (!Number.isInteger(each) || each < 1) throw new TypeError("--each takes a number from 1");

/** Of `portion` of the times at most: the nearest rank. */
function percentile(times: readonly number[], portion: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(portion * sorted.length) - 1)];
}

let waited = false;

function show(
  what: string,
  cluster: readonly number[],
  platform: readonly (number | null)[],
): void {
  const cells = (times: readonly number[]) =>
    times.length === 0
      ? ["", "", ""]
      : [0.5, 0.99, 1].map((portion) => percentile(times, portion).toFixed(1));
  const locks = platform.filter((time) => time !== null);
  const row = [what.padEnd(34), `${cluster.length}`, ...cells(cluster), ...cells(locks)];
  console.log(row.map((cell) => cell.padStart(9)).join(" "));
  if (cluster.length < each || percentile(cluster, 1) > PROVED) waited = true;
}

console.log(
  "milliseconds from the end of the owner until the next owner has the lock; at the right navigator.locks",
);
console.log(
  ["ended".padEnd(34), "ends", "p50", "p99", "longest", "p50", "p99", "longest"]
    .map((cell) => cell.padStart(9)).join(" "),
);

for (const runtime of ["deno", "node"] as const) {
  const limit = LIMIT + each * ROUND_LIMIT;
  const { code, output } = await runProgram(runtime, "gone.ts", ["client", `${each}`], limit);
  if (code !== 0) throw new Error(output);
  const report: Gone = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
  show(`worker terminated, ${runtime}`, report.cluster, report.platform);
}

{
  await using gone = await GoneTabs.start();
  const { cluster, platform } = await gone.workers(each);
  show("worker terminated, Chromium", cluster, platform);
  for (const [end, prepare] of Object.entries(ENDS)) {
    const { cluster, platform } = await gone.tabs(prepare, each);
    show(`tab ${end}, Chromium`, cluster, platform);
  }
}

{
  const permissions = ["--allow-net", "--allow-run"];
  const limit = LIMIT + each * ROUND_LIMIT;
  const { code, output } = await runProgram("deno", "killed.ts", [`${each}`], limit, permissions);
  if (code !== 0) throw new Error(output);
  const { took } = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
  show("process killed, parent reports", took, []);
}

if (waited) Deno.exit(1);
