/**
 * `deno task heal [--cuts N] [--over webSocket|http]`: how long a cluster of three members takes to be whole again
 * after a cut, with default options. Cuts of each kind take one and up to six seconds, of one member and of all in
 * turn. Exit code 1 if one took longer than a second.
 *
 * @module
 */
import { type Cut, CUTS } from "./cut_network.ts";
import { HealingCluster, OVER, type Over } from "./healing.ts";

/** The longest time that is good, in milliseconds. */
const GOAL = 1_000;

/** The durations of cuts in milliseconds, in turn: around the times at which silence is noticed. */
const DURATIONS = [1_000, 2_000, 3_000, 4_500, 6_000];

async function measure(over: Over, cut: Cut, count: number): Promise<number[]> {
  const cluster = await HealingCluster.start(over);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const duration = DURATIONS[Math.floor(i / 2) % DURATIONS.length];
    times.push(await cluster.heal(cut, i % 2 === 1, duration));
  }
  await cluster.close();
  return times;
}

function option(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(name);
  return at < 0 ? otherwise : Deno.args[at + 1] ?? otherwise;
}

const count = Number(option("--cuts", "10"));
const only = option("--over", "");
let late = 0;
console.log("over       cut        median    longest   ms each");
for (const over of OVER.filter((over) => only === "" || over === only)) {
  for (const cut of CUTS) {
    const times = await measure(over, cut, count);
    const sorted = times.toSorted((a, b) => a - b);
    const longest = sorted[sorted.length - 1];
    if (longest > GOAL) late++;
    const row = [over.padEnd(10), cut.padEnd(10)];
    for (const time of [sorted[sorted.length >> 1], longest]) row.push(time.toFixed(0).padEnd(9));
    console.log([...row, times.map((time) => time.toFixed(0)).join(" ")].join(" "));
  }
}
Deno.exit(late === 0 ? 0 : 1);
