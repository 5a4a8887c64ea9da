/**
 * Tests the tests: breaks one rule of the protocol at a time, in copies of the project, and checks that a
 * test fails. `deno task mutate [--jobs N] [part of a name or file...]` runs the mutations that match one of
 * the parts, `N` at a time (default: one per processor). `deno task mutate --mend` follows code that was moved
 * or renamed, in the lists of all mutations. Only a test that runs and fails twice counts: a run
 * that was killed, exceeded its time limit or did not load proves nothing, and is reported separately.
 *
 * @module
 */
import { MUTATIONS } from "./list.ts";
import { mend } from "./mend.ts";
import type { Mutation } from "./mutation.ts";
import type { Verdict } from "./verdict.ts";
import { Workplace } from "./workplace.ts";

/** The time limit of a test file without a mutation, in milliseconds. */
const BASELINE_LIMIT = 120_000;

/** The time limit of a run with a mutation, as a multiple of the duration without one. */
const SLACK = 4;

/** The shortest time limit of a run with a mutation, in milliseconds: above the patience of a test with an event. */
const SHORTEST_LIMIT = 45_000;

/** Attempts at a green run without a mutation: some tests measure time and fail on a busy machine. */
const TRIES = 3;

interface Wish {
  jobs: number;
  parts: string[];
}

function parseArguments(args: readonly string[]): Wish {
  const wish: Wish = { jobs: navigator.hardwareConcurrency, parts: [] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word !== "--jobs") {
      wish.parts.push(word);
      continue;
    }
    wish.jobs = Number(rest.shift());
    if (!Number.isSafeInteger(wish.jobs) || wish.jobs < 1) {
      throw new TypeError("--jobs takes a number from 1 on");
    }
  }
  return wish;
}

/**
 * Calls `work` with each item once; each workplace takes the next item when it is free. Throws the first
 * error after all workplaces have finished.
 */
async function share<T>(
  places: readonly Workplace[],
  items: readonly T[],
  work: (place: Workplace, item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const ended = await Promise.allSettled(places.map(async (place) => {
    for (const item of queue) await work(place, item);
  }));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** The time limit of each test file; throws if one is not green without a mutation. */
async function measure(
  places: readonly Workplace[],
  tests: readonly string[],
): Promise<Map<string, number>> {
  const limits = new Map<string, number>();
  await share(places, tests, async (place, test) => {
    let [verdict, why, took]: [Verdict, string, number] = ["not run", "", 0];
    for (let i = 0; i < TRIES && verdict !== "green"; i++) {
      const started = performance.now();
      [verdict, why] = await place.run(test, BASELINE_LIMIT);
      took = performance.now() - started;
    }
    // A test that fails without a mutation proves nothing when it fails with one.
    if (verdict !== "green") throw new Error(`without a broken rule ${test} is ${verdict}: ${why}`);
    limits.set(test, Math.max(SHORTEST_LIMIT, SLACK * took));
  });
  return limits;
}

if (Deno.args[0] === "--mend") Deno.exit(await mend() > 0 ? 1 : 0);
const { jobs, parts } = parseArguments(Deno.args);
const wanted = MUTATIONS.filter(({ name, file }) =>
  parts.length === 0 || parts.some((part) => name.includes(part) || file.includes(part))
);
const started = performance.now();
const temporary = await Deno.makeTempDir({ prefix: "synod-mutate-" });
const counts: Record<Verdict, number> = { red: 0, green: 0, hangs: 0, "not run": 0 };
try {
  const width = Math.max(1, Math.min(jobs, wanted.length));
  const places = await Promise.all(
    Array.from({ length: width }, (_, i) => Workplace.make(new URL(`file://${temporary}/${i}/`))),
  );
  const limits = await measure(places, [...new Set(wanted.flatMap(({ tests }) => tests))]);
  // The longest first, so that all workplaces finish at about the same time.
  const cost = ({ tests }: Mutation) => tests.reduce((sum, test) => sum + limits.get(test)!, 0);
  await share(places, wanted.toSorted((a, b) => cost(b) - cost(a)), async (place, mutation) => {
    const [verdict, why] = await place.try(mutation, limits);
    counts[verdict]++;
    console.log(`${verdict.padEnd(7)}  ${mutation.section}: ${mutation.name}\n         ${why}`);
  });
} finally {
  await Deno.remove(temporary, { recursive: true });
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `${counts.red} of ${wanted.length} broken rules turn a test red, in ${seconds} s ` +
    `(${counts.green} green, ${counts.hangs} hang, ${counts["not run"]} not run)`,
);
if (counts.red < wanted.length) Deno.exit(1);
