/**
 * Two counters, "apple" and "banana", in a cluster of three workers:
 *
 *     deno task example:counters
 *
 * Each counter is a singleton: the first call starts it on one of the workers, and every worker calls
 * it by its name. Then the worker that hosts the apples is terminated, and the next call starts their
 * counter on another worker. The exit code is 1 if a call was counted twice, or by two instances at once.
 *
 * Start reading in `worker.ts`.
 *
 * @module
 */
import { type Calls, type Fruit, FRUITS } from "./messages.ts";
import { findMistakes, type Instance, instancesOf } from "./verify.ts";
import { MEMBERS, Workers } from "./workers.ts";

/** Concurrent calls of each worker to each counter. */
const TIMES = 100;

/** The counter whose host is terminated. */
const MOVING: Fruit = "apple";

function describe({ fruit, host, counts, token }: Instance): string {
  const calls = `${counts.length} calls`.padStart(9);
  const range = `${counts[0]} to ${counts[counts.length - 1]}`;
  return `  ${fruit.padEnd(6)}  on ${host}  ${calls}, counted ${range.padEnd(11)} token ${token}`;
}

function show(calls: readonly Calls[]): void {
  const byFruit = instancesOf(calls).sort((a, b) =>
    FRUITS.indexOf(a.fruit) - FRUITS.indexOf(b.fruit) || a.token - b.token
  );
  for (const instance of byFruit) console.log(describe(instance));
}

async function main(): Promise<boolean> {
  using workers = new Workers();
  await workers.all((self) => ({ type: "join", self, members: MEMBERS }));

  console.log(`Three workers count ${TIMES} of each fruit, each of them, all at once:`);
  const before = await workers.all(() => ({ type: "count", times: TIMES }));
  show(before);

  const { host } = instancesOf(before).findLast(({ fruit }) => fruit === MOVING)!;
  console.log(`\nThey count on, and ${host}, which hosts the ${MOVING}s, is terminated:`);
  let terminated = 0;
  const counting = new Set<string>();
  const after = await workers.all(
    (self) =>
      MEMBERS[self] === host
        ? { type: "count", times: 0 }
        : { type: "countOn", fruit: MOVING, times: TIMES },
    (id) => {
      if (counting.add(id).size < MEMBERS.length - 1) return;
      terminated = performance.timeOrigin + performance.now();
      workers.terminate(host);
    },
  );
  show(after);
  const unknown = after.flatMap((calls) => calls.unknown).length;
  const { from } = instancesOf(after).findLast(({ fruit }) => fruit === MOVING)!;
  console.log(`\nThe next ${MOVING} was counted ${Math.round(from - terminated)} ms later.`);
  console.log(`Calls under way when ${host} vanished, with an unknown outcome: ${unknown}.`);
  await workers.all(() => ({ type: "leave" }));

  const mistakes = findMistakes([...before, ...after]);
  for (const mistake of mistakes) console.log(mistake);
  console.log(
    mistakes.length === 0
      ? "No call was counted twice, and no counter ever had two instances."
      : `This must not happen. Mistakes: ${mistakes.length}`,
  );
  return mistakes.length === 0;
}

if (import.meta.main) {
  try {
    if (!await main()) Deno.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? `The example failed: ${error.message}` : error);
    Deno.exitCode = 1;
  }
}
