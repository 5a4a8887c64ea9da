/**
 * Three workers share the lines of a file. One of them is lost half-way and comes back:
 *
 *     deno task demo [file]
 *
 * Each worker is a member of a cluster. The workers race to claim each line; the winner computes its
 * SHA-256 and publishes it for all. When a worker is terminated, its claimed but unfinished lines become
 * free, and the others take them. It restarts with an empty memory, copies its state from the others,
 * and takes part as before: the last quarter of the lines waits for it. At the end the program checks
 * everything; the exit code is 1 if a check fails.
 *
 * Start reading in `worker.ts`: it has everything that a program of your own needs.
 *
 * @module
 */
import { showProgress } from "./progress.ts";
import { attemptsOf, race } from "./race.ts";
import { report } from "./report.ts";
import { statisticsOf } from "./statistics.ts";
import { findDisagreements } from "./verify.ts";

/** The lines of a file; a line break at its end does not begin another line. */
async function readLines(file: string | URL): Promise<string[]> {
  const lines = (await Deno.readTextFile(file)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function main(file: string | URL, name: string): Promise<boolean> {
  const lines = await readLines(file);
  if (lines.length === 0) {
    console.log(`${name} is empty: there is nothing to share.`);
    return true;
  }
  const what = lines.length === 1 ? "the only line" : `the ${lines.length} lines`;
  console.log(`Three workers share ${what} of ${name}\n`);
  const progress = showProgress(lines.length, Deno.stdout.isTerminal());
  const outcome = await race(lines, progress).finally(() => progress.end());

  console.log(`\n${report(statisticsOf(outcome))}\n`);
  const disagreements = findDisagreements({
    ...outcome,
    attempts: attemptsOf(outcome),
    expected: await Promise.all(lines.map(sha256)),
  });
  for (const disagreement of disagreements) console.log(disagreement);
  console.log(
    disagreements.length === 0
      ? "Every line is done, by a worker that owned it then, and all workers agree on every result."
      : `\nThis must not happen. Disagreements: ${disagreements.length}`,
  );
  return disagreements.length === 0;
}

if (import.meta.main) {
  const [file] = Deno.args;
  try {
    const agreed = await main(
      file ?? new URL("../../README.md", import.meta.url),
      file ?? "README.md",
    );
    if (!agreed) Deno.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? `The demo failed: ${error.message}` : error);
    Deno.exitCode = 1;
  }
}
