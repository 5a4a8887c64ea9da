/**
 * `deno task reload [RUNS] [virtual|broadcast] [twice]`: reloads three members while they still run, RUNS
 * times (200 by default) for each spacing and latency, and says how that ended. In Node and Bun it is run by itself.
 *
 * @module
 */
import { apart, complaints, KEEPING, type Outcome, planOf, reload, SPACINGS } from "./reload.ts";
import { broadcastStage, virtualStage } from "./stages.ts";

const host = globalThis as {
  Deno?: { args: string[]; exit(code: number): never };
  process?: { argv: string[]; exit(code: number): never };
};
const args = host.Deno?.args ?? host.process!.argv.slice(2);
const runs = Number(args[0] ?? 200);
if (!Number.isSafeInteger(runs) || runs < 1) {
  throw new TypeError(`reload [RUNS]: RUNS is a number from 1 on, got "${args[0]}"`);
}
const isReal = args.includes("broadcast");
const times = args.includes("twice") ? 2 : 1;

let failed = 0;
for (const latency of [0, 5]) {
  for (const spacing of SPACINGS) {
    const outcomes: Outcome[] = [];
    const found = new Map<string, number>();
    for (let run = 0; run < runs; run++) {
      const seed = `${spacing}/${latency}/${run}`;
      const stage = isReal ? broadcastStage(latency) : virtualStage(seed, latency);
      const outcome = await reload(stage, { ...planOf(run, spacing), times });
      outcomes.push(outcome);
      const wrong = complaints(outcome, times === 1 && KEEPING.includes(spacing));
      for (const one of wrong) found.set(one, (found.get(one) ?? 0) + 1);
      if (wrong.length > 0) failed++;
    }
    const took = outcomes.map((outcome) => outcome.took).sort((one, other) => one - other);
    const kept = outcomes.filter(({ memory }) => memory === "kept").length;
    console.log(
      `${latency} ms, ${apart(spacing)}: ${kept} of ${runs} kept what there was; ` +
        `${took[runs >> 1].toFixed(0)} ms, at most ${took.at(-1)!.toFixed(0)} ms`,
    );
    for (const [one, count] of found) console.log(`  ${count} times: ${one}`);
  }
}
console.log(`${failed} reloads went wrong`);
if (failed > 0) (host.Deno ?? host.process!).exit(1);
