import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { valueOf } from "../support/expect.ts";
import { heapUsed } from "../support/heap.ts";
import { turn } from "../support/wait.ts";

/** The state left by many names with an `until` that are never read again. */
export interface Expired {
  /** Time from their end, or from the return of the missing member, until they were removed. */
  readonly seconds: number;
  /** Number of registers of each member before the removal. */
  readonly held: readonly number[];
  /** The same after the removal. */
  readonly entries: readonly number[];
  /** Growth of the heap of the three nodes, which are all in this thread, in bytes. */
  readonly growth: number;
  /** Longest delay of a timer of this thread during the removal, in milliseconds. */
  readonly latest: number;
}

/** Names put at a time: a list of all of them would dominate the measured heap. */
const ROUND = 1_000;

/** Assumed duration of a thousand puts, in milliseconds. */
const PUT_TIME = 400;

/** Time from the assumed end of all puts until the names end, in milliseconds. */
const LAST_ROUND_TIME = 5_000;

/** Limit for the removal of a million names, in milliseconds (section 8). */
const PATIENCE = 600_000;

/** Interval of the timer whose delay is measured, in milliseconds. */
const TICK = 10;

/** Puts `count` names that end while all members are up. */
export async function expireManyNames(count: number): Promise<Expired> {
  await using cluster = await start();
  const before = await heapUsed();
  await putAll(cluster, count);
  const held = await entriesOf(cluster);
  return await gone(cluster, before, held);
}

/** Puts `count` names that end while the last member is down; they are removed when it is back. */
export async function expireWithoutMember(count: number): Promise<Expired> {
  await using cluster = await start();
  const before = await heapUsed();
  cluster.isolate("n3");
  await putAll(cluster, count);
  // Its session has ended, and so have the names.
  await turn(10_000);
  const held = await entriesOf(cluster);
  cluster.heal();
  return await gone(cluster, before, held);
}

function start(): Promise<Cluster> {
  return startCluster(3, { timeout: 30_000, maxKeys: 2_000_000 });
}

/** The names end at the same time, unless putting them takes longer than assumed: then as soon as possible. */
async function putAll({ nodes }: Cluster, count: number): Promise<void> {
  const end = nodes[0].kv.now() + PUT_TIME * count / ROUND;
  for (let put = 0; put < count; put += ROUND) {
    const node = nodes[(put / ROUND) % 2];
    const until = Math.max(end, node.kv.now()) + LAST_ROUND_TIME;
    const names = Array.from({ length: Math.min(ROUND, count - put) }, (_, index) => put + index);
    const puts = names.map((name) => node.kv.put(`until ${name}`, name, { until }));
    for (const result of await Promise.all(puts)) valueOf(result);
  }
}

async function gone(
  cluster: Cluster,
  before: number,
  held: readonly number[],
): Promise<Expired> {
  let last = performance.now();
  let latest = 0;
  const ticks = setInterval(() => {
    const now = performance.now();
    latest = Math.max(latest, now - last - TICK);
    last = now;
  }, TICK);
  const started = performance.now();
  let entries = await entriesOf(cluster);
  while (entries.some((count) => count > 0) && performance.now() - started < PATIENCE) {
    await turn(100);
    entries = await entriesOf(cluster);
  }
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(ticks);
  return { seconds, held, entries, growth: await heapUsed() - before, latest };
}

async function entriesOf(cluster: Cluster): Promise<number[]> {
  const all = await Promise.all(cluster.nodes.map((node) => node.status()));
  return all.map(({ entries }) => entries);
}
