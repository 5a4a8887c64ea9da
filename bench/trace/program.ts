/**
 * CPU time of puts in two clusters of this process, in turns: `program.ts none|counted BATCHES`. The second cluster has a
 * `trace` that counts events (`counted`), or none either. Prints {@linkcode TraceFigures} as JSON.
 *
 * @module
 */
import process from "node:process";
import { type ClusterNode, join, type TraceEvent } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { closedLoop } from "../closed_loop.ts";

/** Figures of one process. */
export interface TraceFigures {
  /** CPU time of a put in each cluster, of the system too, in microseconds: the median of the batches. */
  readonly cpu: readonly [number, number];
  /** The second by the first: the median of the batches that were made after one another. */
  readonly ratio: number;
  /** Events for each put in the second cluster. */
  readonly events: number;
}

/** Puts between two changes of the cluster. */
const BATCH = 100;

/** Batches of each cluster that warm the code up, and do not count. */
const WARM = 60;

const MEMBERS = ["w1", "w2", "w3"];

const [mode, batches] = process.argv.slice(2);
let events = 0;
const count = (_: TraceEvent) => void events++;

async function start(trace?: (event: TraceEvent) => void): Promise<ClusterNode[]> {
  const network = memoryNetwork();
  const options = { members: MEMBERS, sessionTtl: 60_000, timeout: 30_000, trace };
  const nodes = await Promise.all(
    MEMBERS.map((id) => join({ ...options, id, transport: network.transport() })),
  );
  await Promise.all(nodes.map((node) => node.ready));
  return nodes;
}

const clusters = [await start(), await start(mode === "counted" ? count : undefined)];
const cpu: [number[], number[]] = [[], []];
const rounds = WARM + Number(batches);
let counted = 0;
for (let round = 0; round < rounds; round++) {
  // Each is first as often as the other.
  for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
    const [node] = clusters[index];
    const before = process.cpuUsage();
    const had = events;
    await closedLoop(BATCH, 16, async (number) => {
      // A machine that stands still for a while ends nothing.
      await node.kv.put(`${round}/${number}`, "a value", { noQuorum: "retry" });
    });
    if (round < WARM) continue;
    const { user, system } = process.cpuUsage(before);
    cpu[index].push((user + system) / BATCH);
    if (index === 1) counted += events - had;
  }
}
await Promise.all(clusters.flat().map((node) => node.close()));
const puts = (rounds - WARM) * BATCH;
const figures: TraceFigures = {
  cpu: [median(cpu[0]), median(cpu[1])],
  ratio: median(cpu[1].map((traced, round) => traced / cpu[0][round])),
  events: counted / puts,
};
console.log(JSON.stringify(figures));
process.exit(0);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
