import type { ClusterNode, Key } from "../../mod.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { valueOf } from "../support/expect.ts";
import { heapUsed } from "../support/heap.ts";
import { eventually } from "../support/wait.ts";

/** The state left by many names that were used once and released, compared with that of a thousand. */
export interface Remains {
  readonly seconds: number;
  /** Number of registers of each member. */
  readonly entries: readonly number[];
  /** Growth of the heap of the three nodes, which are all in this thread, in bytes. */
  readonly growth: number;
  /** The keys that have a value at the end. */
  readonly keys: readonly Key[];
}

/** Names used at a time: a list of all of them would dominate the measured heap. */
const ROUND = 1_000;

/** Names that are locked at the same time. */
const LOCKED_AT_ONCE = 200;

/** Puts `count` new names, bound to processes that then exit. */
export function putManyNames(count: number): Promise<Remains> {
  return remains(count, async ({ nodes }, names, round) => {
    await putAndRelease(nodes[round % nodes.length], names);
  });
}

/** Locks and releases `count` new names. */
export function lockManyNames(count: number): Promise<Remains> {
  return remains(count, async ({ nodes }, names) => {
    const left = names.values();
    const user = async (_: unknown, index: number) => {
      for (const name of left) {
        const lock = await nodes[index % nodes.length].lock(name);
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: LOCKED_AT_ONCE }, user));
  });
}

/** Puts values under these names, bound to one process, which exits; returns their highest token. */
export async function putAndRelease(
  node: ClusterNode,
  names: readonly string[],
): Promise<number> {
  const process = node.spawn();
  const tokens = await Promise.all(names.map(async (name, index) => {
    return valueOf(await node.kv.claim(name, index, { pid: process })).token;
  }));
  await process.exit();
  return Math.max(...tokens);
}

async function remains(
  count: number,
  use: (cluster: Cluster, names: readonly string[], round: number) => Promise<void>,
): Promise<Remains> {
  await using cluster = await startCluster(3, { timeout: 30_000 });
  const started = performance.now();
  let before = 0;
  for (let round = 0; round * ROUND < count; round++) {
    const size = Math.min(ROUND, count - round * ROUND);
    const names = Array.from({ length: size }, (_, index) => `round ${round}: ${index}`);
    await use(cluster, names, round);
    if (round > 0) continue;
    await forgotten(cluster);
    before = await heapUsed();
  }
  const entries = await forgotten(cluster);
  const growth = await heapUsed() - before;
  const seconds = (performance.now() - started) / 1_000;
  return { seconds, entries, growth, keys: await cluster.nodes[1].kv.keys() };
}

/** Number of registers of each member, once the released ones are forgotten. */
async function forgotten(cluster: Cluster): Promise<number[]> {
  let entries: number[] = [];
  await eventually(async () => {
    const all = await Promise.all(cluster.nodes.map((node) => node.status()));
    entries = all.map(({ entries }) => entries);
    return entries.every((count) => count === 0);
  }, "that all are forgotten").catch(() => {});
  return entries;
}
