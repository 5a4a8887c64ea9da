import type { Process, Result } from "../mod.ts";
import { now } from "./clock.ts";
import { closedLoop } from "./closed_loop.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { Setting } from "./setting.ts";

/** An operation to measure. */
export interface Row {
  readonly name: string;
  /** Round trips that the protocol needs for it. */
  readonly roundTrips: number;
  /** How many of them, the first ones, are to all members if one operation is measured at a time; others are to a quorum. */
  readonly toAll: number;
  /** Runs it until its code is hot, where a measurement makes too few of it for that. */
  heat?(setting: Setting): Promise<unknown>;
  /** The concurrencies to measure. */
  readonly concurrencies: readonly number[];
  /** Runs it `count` times, `concurrency` at a time. */
  run(setting: Setting, count: number, concurrency: number): Promise<Figures>;
  /** Runs `operation` as often, in the same rhythm: for the floor. */
  rhythm(
    count: number,
    concurrency: number,
    operation: () => Promise<unknown>,
  ): Promise<Figures>;
}

/** Prepares `count` operations; returns a function that runs one of them, which is measured. */
type Prepare = (setting: Setting, count: number) => Promise<(index: number) => Promise<unknown>>;

/** Concurrencies at which most rows are measured. */
const CONCURRENCIES = [1, 64];

/** All rows. */
export const ROWS: readonly Row[] = [
  row("put, fresh key", 1, 1, async ({ node }) => {
    const prefix = crypto.randomUUID();
    return await Promise.resolve(async (index) => {
      valueOf(await node.kv.put(`${prefix} ${index}`, index));
    });
  }),
  row("second change of one's own key", 1, 0, async ({ node }, count) => {
    const prefix = crypto.randomUUID();
    const processes: Process[] = [];
    await closedLoop(count, 64, async (index) => {
      const process = processes[index] = node.spawn();
      valueOf(await node.kv.put(`${prefix} ${index}`, index, { pid: process }));
    });
    return (index) => processes[index].exit();
  }),
  row("get, bound value", 1, 0, async ({ node }) => {
    const process = node.spawn();
    const keys = await putSome((key) => node.kv.put(key, key, { pid: process }));
    return async (index) => valueOf(await node.kv.get(keys[index % keys.length]));
  }),
  row("get, settled value", 0, 0, async ({ node }) => {
    const keys = await putSome((key) => node.kv.put(key, key));
    return async (index) => valueOf(await node.kv.get(keys[index % keys.length]));
  }),
  row("lock and unlock", 2, 1, async ({ node }) => {
    const prefix = crypto.randomUUID();
    return await Promise.resolve(async (index) => {
      const lock = await node.lock(`${prefix} ${index}`);
      await lock.release();
    });
  }),
  {
    name: "lock, hand-over",
    roundTrips: 1,
    toAll: 0,
    concurrencies: CONCURRENCIES,
    heat: (setting) => handOvers(setting, HOT, 1, () => Promise.resolve()),
    run: (setting, count, concurrency) =>
      handOvers(setting, Math.min(count, MAX_BURSTS * concurrency), concurrency, rest),
    rhythm: bursts,
  },
  // The lock has one owner at a time, so the floor is that of sequential operations.
  {
    name: "lock, contended",
    roundTrips: 1,
    toAll: 0,
    concurrencies: [16],
    run: contend,
    rhythm: (count, _concurrency, operation) => closedLoop(count, 1, operation),
  },
];

function row(name: string, roundTrips: number, toAll: number, prepare: Prepare): Row {
  return {
    name,
    roundTrips,
    toAll,
    concurrencies: CONCURRENCIES,
    async run(setting, count, concurrency) {
      const operation = await prepare(setting, count);
      return await closedLoop(count, concurrency, (index) => {
        setting.meter.begin();
        return operation(index);
      });
    },
    rhythm: closedLoop,
  };
}

/** Bursts of hand-overs in one measurement at most: the rests between them take far longer than they do. */
const MAX_BURSTS = 100;

/** Hand-overs without rests after which their code is hot. */
const HOT = 2_000;

/**
 * From the release of a lock on one node until another node, which waits for it, owns it. With several
 * locks, all of them are released at once. `rest` comes before each burst.
 */
async function handOvers(
  setting: Setting,
  count: number,
  concurrency: number,
  rest: () => Promise<void>,
): Promise<Figures> {
  const { node, meter, waiter } = setting;
  const keys = Array.from({ length: concurrency }, (_, index) => `hand-over ${index}`);
  const latencies: number[] = [];
  let elapsed = 0;
  for (let done = 0; done < count; done += concurrency) {
    const locks = await Promise.all(keys.map((key) => node.lock(key)));
    await waiter.ask(keys);
    // A look at a lock that meets a request for it has to write: the waiters are in their queues before the first one.
    await rest();
    while ((await node.locks.query()).pending.length < concurrency);
    await rest();
    meter.begin();
    const begun = now();
    await Promise.all(locks.map((lock) => lock.release()));
    // Asked afterwards: the question would keep the other process busy when it is granted the lock.
    const granted = await waiter.granted();
    latencies.push(...granted.map((at) => at - begun));
    elapsed += Math.max(...granted) - begun;
    await waiter.release();
  }
  return figuresOf(latencies, elapsed);
}

/** All members contend for one lock, with `concurrency` contenders; measures from grant to grant. */
async function contend(setting: Setting, count: number, concurrency: number): Promise<Figures> {
  const { contenders, meter } = setting;
  const key = `contended ${crypto.randomUUID()}`;
  const times = Math.ceil(count / concurrency);
  meter.begin();
  const granted = await Promise.all(contenders.map((one, index) => {
    const own = Math.ceil((concurrency - index) / contenders.length);
    return one.contend(key, own, times);
  }));
  const order = granted.flat().sort((a, b) => a - b);
  const intervals = order.slice(1).map((at, index) => at - order[index]);
  return figuresOf(intervals, order.at(-1)! - order[0]);
}

/** The rhythm of hand-overs: a burst of operations, then a pause. */
async function bursts(
  count: number,
  concurrency: number,
  operation: () => Promise<unknown>,
): Promise<Figures> {
  const latencies: number[] = [];
  let elapsed = 0;
  for (let done = 0; done < count; done += concurrency) {
    await rest();
    const begun = now();
    await Promise.all(Array.from({ length: concurrency }, async () => {
      await operation();
      latencies.push(now() - begun);
    }));
    elapsed += now() - begun;
  }
  return figuresOf(latencies, elapsed);
}

/** Pause between bursts, in milliseconds, in which new waiters in a queue set up their watches. */
const REST = 5;

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

/** Keys that are read in turn. */
const READ = 100;

async function putSome(
  put: (key: string) => Promise<Result<string, string>>,
): Promise<string[]> {
  const prefix = crypto.randomUUID();
  const keys = Array.from({ length: READ }, (_, index) => `${prefix} ${index}`);
  for (const key of keys) valueOf(await put(key));
  return keys;
}

/** Throws if an operation failed: a failure must not count as a fast operation. */
function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(`the measured operation failed: ${result.error}`);
  return result.value;
}
