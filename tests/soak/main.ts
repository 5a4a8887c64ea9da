/**
 * `deno task soak [--minutes N] [--rate N] [--ttl MS]`: an hour of virtual time (or `N` minutes) in which
 * fifty clients a second (or `N`) come, put, lock, call, and leave without a word. Says what each member
 * keeps at the start, in the middle and at the end, and fails unless that is flat.
 *
 * @module
 */
import { growths, TIMES_TO_LIVE } from "./flat.ts";
import { Soak } from "./soak.ts";

/**
 * Clients until the first sample, at least: members remember the last 10,000 of what they can find out again
 * (how to reach a peer, that a session has ended), and the heap grows until they do.
 */
const ACQUAINTED = 12_000;

/** Singletons that the clients call: some on each member. */
const SINGLETONS = 20;

/** By how much the heap of the members may grow in the time of the soak, in bytes. */
const HEAP = 4 * 2 ** 20;

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
  // All members are in one thread, and alike.
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
