/**
 * What held keys cost: `keys_program.ts COUNT...` prints a line of JSON for each count, {@linkcode KeysFigures}. Three
 * members in this process, so a key is held three times; keys have 32 characters, values 64. Needs `--expose-gc`.
 *
 * @module
 */
import process from "node:process";
import { type ClusterNode, join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { closedLoop } from "../closed_loop.ts";

/** Figures for one count of keys. */
export interface KeysFigures {
  readonly keys: number;
  /** Memory for each key in each member, in bytes. */
  readonly bytes: number;
  /** Milliseconds until a member that starts with nothing is ready, and has copied all keys. */
  readonly recovery: number;
}

const MEMBERS = ["w1", "w2", "w3"];

/** Keys that warm the code up, and do not count. */
const WARM = 2_000;

const VALUE = "v".repeat(64);

const network = memoryNetwork();
let most = 0;

function start(id: string): Promise<ClusterNode> {
  return join({
    id,
    members: MEMBERS,
    maxKeys: 2 * most + WARM,
    sessionTtl: 60_000,
    timeout: 30_000,
    transport: network.transport(),
  });
}

/** The memory that is in use after garbage collection, in bytes. */
async function used(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    (globalThis as unknown as { gc(): void }).gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const counts = process.argv.slice(2).map(Number).sort((a, b) => a - b);
most = counts.at(-1)!;
const nodes = await Promise.all(MEMBERS.map(start));
await Promise.all(nodes.map((node) => node.ready));

async function put(from: number, to: number, prefix: string): Promise<void> {
  await closedLoop(to - from, 64, async (index) => {
    const key = prefix + `${from + index}`.padStart(32 - prefix.length, "0");
    const put = await nodes[0].kv.put(key, VALUE);
    if (!put.ok) throw new Error(put.error);
  });
}

await put(0, WARM, "warm");
const before = await used();
let held = 0;
for (const keys of counts) {
  await put(held, keys, "key");
  held = keys;
  const bytes = (await used() - before) / keys / MEMBERS.length;
  await nodes[2].close();
  const begun = performance.now();
  nodes[2] = await start(MEMBERS[2]);
  await nodes[2].ready;
  const figures: KeysFigures = { keys, bytes, recovery: performance.now() - begun };
  console.log(JSON.stringify(figures));
}
await Promise.all(nodes.map((node) => node.close()));
