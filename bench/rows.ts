import type { Process, Result } from "../mod.ts";
import { now } from "./clock.ts";
import { closedLoop } from "./closed_loop.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { Setting } from "./setting.ts";

/** Something that is measured. */
export interface Row {
  readonly name: string;
  /** How many quorum round trips the protocol needs for it. */
  readonly roundTrips: number;
  /** How many at a time. */
  readonly concurrencies: readonly number[];
  /** Does it `count` times, `concurrency` at a time. */
  run(setting: Setting, count: number, concurrency: number): Promise<Figures>;
  /** Does `operation` as often, in the same rhythm: for the floor. */
  rhythm(
    count: number,
    concurrency: number,
    operation: () => Promise<unknown>,
  ): Promise<Figures>;
}

/** Makes everything ready for `count` operations; gives what does one of them, which is measured. */
type Prepare = (setting: Setting, count: number) => Promise<(index: number) => Promise<unknown>>;

/** How many at a time are measured, of most. */
const CONCURRENCIES = [1, 64];

/** All of them. */
export const ROWS: readonly Row[] = [
  row("put, fresh key", 2, async ({ node }) => {
    const prefix = crypto.randomUUID();
    return await Promise.resolve(async (index) => {
      valueOf(await node.kv.put(`${prefix} ${index}`, index));
    });
  }),
  row("second change of one's own key", 1, async ({ node }, count) => {
    const prefix = crypto.randomUUID();
    const processes: Process[] = [];
    await closedLoop(count, 64, async (index) => {
      const process = processes[index] = node.spawn();
      valueOf(await node.kv.put(`${prefix} ${index}`, index, { pid: process }));
    });
    return (index) => processes[index].exit();
  }),
  row("get, bound value", 1, async ({ node }) => {
    const process = node.spawn();
    const keys = await putSome((key) => node.kv.put(key, key, { pid: process }));
    return async (index) => valueOf(await node.kv.get(keys[index % keys.length]));
  }),
  row("get, settled value", 0, async ({ node }) => {
    const keys = await putSome((key) => node.kv.put(key, key));
    return async (index) => valueOf(await node.kv.get(keys[index % keys.length]));
  }),
  row("lock and unlock", 3, async ({ node }) => {
    const prefix = crypto.randomUUID();
    return await Promise.resolve(async (index) => {
      const lock = await node.lock(`${prefix} ${index}`);
      await lock.release();
    });
  }),
  {
    name: "lock, hand-over",
    roundTrips: 2,
    concurrencies: CONCURRENCIES,
    run: handOver,
    rhythm: bursts,
  },
  // One has it at a time: the floor is that of one operation after the other.
  {
    name: "lock, contended",
    roundTrips: 2,
    concurrencies: [16],
    run: contend,
    rhythm: (count, _concurrency, operation) => closedLoop(count, 1, operation),
  },
];

function row(name: string, roundTrips: number, prepare: Prepare): Row {
  return {
    name,
    roundTrips,
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

/**
 * From the release of a lock on one node until another node, which waits for it, has it. Of several
 * locks at a time: all of them are released at once.
 */
async function handOver(setting: Setting, count: number, concurrency: number): Promise<Figures> {
  const { node, meter, waiter } = setting;
  const keys = Array.from({ length: concurrency }, (_, index) => `hand-over ${index}`);
  const latencies: number[] = [];
  let elapsed = 0;
  for (let done = 0; done < count; done += concurrency) {
    const locks = await Promise.all(keys.map((key) => node.lock(key)));
    await waiter.ask(keys);
    while ((await node.locks.query()).pending.length < concurrency);
    await rest();
    meter.begin();
    const begun = now();
    const released = Promise.all(locks.map((lock) => lock.release()));
    const granted = await waiter.granted();
    latencies.push(...granted.map((at) => at - begun));
    elapsed += Math.max(...granted) - begun;
    await released;
    await waiter.release();
  }
  return figuresOf(latencies, elapsed);
}

/** All members contend for one lock, `concurrency` contenders together; from one grant to the next. */
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

/** The rhythm of hand-overs: all at once, and then nothing for a while. */
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

/** Who has just got into a queue still has its watch to set up: so long, in milliseconds. */
const REST = 5;

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

/** So many keys are read in turn. */
const READ = 100;

async function putSome(
  put: (key: string) => Promise<Result<string, string>>,
): Promise<string[]> {
  const prefix = crypto.randomUUID();
  const keys = Array.from({ length: READ }, (_, index) => `${prefix} ${index}`);
  for (const key of keys) valueOf(await put(key));
  return keys;
}

/** What fails must not look fast. */
function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(`what is measured failed: ${result.error}`);
  return result.value;
}
