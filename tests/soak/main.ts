/**
 * `deno task soak [--minutes N] [--rate N] [--ttl MS]`: an hour of virtual time (or `N` minutes) in which
 * fifty clients a second (or `N`) join, put, lock, call, and vanish. Prints the state of each member at
 * the start, in the middle and at the end, and fails unless it is flat.
 *
 * @module
 */
import { growths, TIMES_TO_LIVE } from "./flat.ts";
import { Soak } from "./soak.ts";

/**
 * Clients before the first sample, at least: members cache the last 10,000 facts that they can find out again
 * (routes to peers, ended sessions), and the tables of these caches reach their full size after some turnovers.
 * Measured over 220,000 clients, for the three members together: +1.5 MB from 40,000 to 130,000, and 71 kB less
 * from there on.
 */
const ACQUAINTED = 100_000;

/** Number of singletons that the clients call: some on each member. */
const SINGLETONS = 20;

/** Growth of the members' heap at most, in bytes. */
const HEAP = 2 ** 20;

function option(name: string, otherwise: number): number {
  const index = Deno.args.indexOf(name);
  if (index < 0) return otherwise;
  const value = Number(Deno.args[index + 1]);
  if (!(value > 0)) throw new TypeError(`${name} takes a number above 0`);
  return value;
}

const minutes = option("--minutes", 60);
const rate = option("--rate", 50);
const sessionTtl = option("--ttl", 5_000);
const started = performance.now();
let told = started;
const { samples, failures } = await Soak.run({
  rate,
  sessionTtl,
  singletons: SINGLETONS,
  warmUp: Math.ceil(Math.max(TIMES_TO_LIVE * sessionTtl / 1_000, ACQUAINTED / rate)),
  duration: minutes * 60,
  progress: (seconds, clients) => {
    if (performance.now() - told < 30_000) return;
    told = performance.now();
    console.log(`${seconds} s of virtual time, ${clients} clients`);
  },
});
for (const [index, { at, clients, members, heap }] of samples.entries()) {
  const when = ["start", "middle", "end"][index];
  // All members share one thread, and do the same work.
  const each = (heap / 1_024 / members.length).toFixed(0);
  console.log(
    `${when}: after ${at} s and ${clients} clients, a heap of ${each} KiB for each member`,
  );
  for (const { id, registers, sessions, fenced, callers } of members) {
    console.log(
      `  ${id}: ${registers} registers, ${sessions} sessions, ${fenced} fenced, ${callers} callers`,
    );
  }
}
for (const [failure, count] of failures) console.log(`${count} times ${failure}`);
const grown = growths(samples, { rate, sessionTtl, heap: HEAP });
console.log(`${((performance.now() - started) / 1_000).toFixed(0)} s`);
console.log(grown.length === 0 ? "flat" : `not flat:\n  ${grown.join("\n  ")}`);
if (grown.length > 0 || failures.size > 0) Deno.exit(1);
