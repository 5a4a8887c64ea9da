/**
 * `deno task bench:plots [--quick] [--folder PATH]`: measures Synod in Node over WebSocket, one member in each process,
 * against concurrency, members, value size and keys, and draws the figures: `performance-concurrency.svg`,
 * and so on for members, value size and keys, in `--folder` (docs unless given), beside `performance.json`.
 *
 * @module
 */
import { findNode, nodeImports } from "../../tasks/node_modules.ts";
import { run } from "../../tasks/process.ts";
import { type Effort, warmUp } from "../compare.ts";
import { type Figures, medians } from "../figures.ts";
import { machine } from "../machine.ts";
import { busyShare, NOISE } from "../peers/quiet.ts";
import type { Measured } from "../peers/subject.ts";
import { System } from "../peers/systems.ts";
import { chart, type Panel } from "./chart.ts";
import type { KeysFigures } from "./keys_program.ts";

const USAGE = "bench:plots [--quick] [--folder PATH]";

/** What is varied, and the rest. */
interface Point {
  readonly operation: Measured;
  readonly members: number;
  readonly concurrency: number;
  readonly valueSize: number;
}

interface Measurement extends Point {
  readonly figures: Figures;
}

const OPERATIONS: Readonly<Record<Measured, string>> = {
  put: "put, fresh key",
  lock: "lock and unlock",
  get: "get, bound value",
};

const CONCURRENCIES = [1, 4, 16, 64, 256];
const MEMBERS = [1, 3, 5, 7];
const VALUE_SIZES = [16, 256, 4_096, 65_536];
const KEYS = [1_000, 10_000, 50_000, 100_000];

let effort: Effort = { repetitions: 5, budget: 400 };
let folder = decodeURIComponent(new URL("../../docs", import.meta.url).pathname);
const args = [...Deno.args];
for (let name = args.shift(); name !== undefined; name = args.shift()) {
  if (name === "--quick") effort = { repetitions: 3, budget: 100 };
  else if (name === "--folder" && args.length > 0) folder = args.shift()!;
  else throw new TypeError(`unknown argument ${name}: ${USAGE}`);
}

const remarks: string[] = [];

async function listen(when: string): Promise<void> {
  const share = await busyShare();
  if (share === null || share <= NOISE) return;
  remarks.push(`Not quiet (${when}): others use ${(100 * share).toFixed(0)} % of this machine.`);
  console.error(remarks.at(-1));
}

/** Measures all points with one number of members in turn. */
async function measure(members: number, points: readonly Point[]): Promise<Measurement[]> {
  const temporary = await Deno.makeTempDir({ prefix: "synod-plots-" });
  const system = await System.start("Synod, Node", members, temporary);
  try {
    const measured: Measurement[] = [];
    for (const point of points) {
      const { operation, concurrency, valueSize } = point;
      const once = await warmUp(
        (count) => system.measure(operation, count, concurrency, valueSize),
        concurrency,
        effort.budget,
      );
      const figures: Figures[] = [];
      while (figures.length < effort.repetitions) figures.push(await once());
      measured.push({ ...point, figures: medians(figures) });
    }
    return measured;
  } finally {
    await system.close();
    await Deno.remove(temporary, { recursive: true });
  }
}

/** Two panels, operations per second and the median duration, against what `read` tells of a point. */
function panels(
  what: string,
  measured: readonly Measurement[],
  read: (point: Point) => number,
): Panel[] {
  const series = (value: (figures: Figures) => number) =>
    Object.entries(OPERATIONS).map(([operation, name]) => ({
      name,
      points: measured.filter((one) => one.operation === operation)
        .map((one): [number, number] => [read(one), value(one.figures)]),
    })).filter(({ points }) => points.length > 0);
  return [
    {
      title: "Operations per second",
      x: what,
      y: "1/s",
      series: series(({ perSecond }) => perSecond),
    },
    { title: "Median duration", x: what, y: "ms", series: series(({ p50 }) => p50) },
  ];
}

const operations = Object.keys(OPERATIONS) as Measured[];
const base = { members: 3, concurrency: 64, valueSize: 64 } as const;

await listen("before");
const byConcurrency = await measure(
  base.members,
  CONCURRENCIES.flatMap((concurrency) =>
    operations.map((operation) => ({ ...base, operation, concurrency }))
  ),
);
const byMembers: Measurement[] = [];
for (const members of MEMBERS) {
  const points = operations.map((operation) => ({ ...base, operation, members }));
  byMembers.push(...await measure(members, points));
}
const byValueSize = await measure(
  base.members,
  VALUE_SIZES.flatMap((valueSize) =>
    (["put", "get"] as const).map((operation) => ({ ...base, operation, valueSize }))
  ),
);
const program = decodeURIComponent(new URL("./keys_program.ts", import.meta.url).pathname);
const { code, output } = await run(await findNode(24), [
  "--expose-gc",
  `--import=${nodeImports}`,
  program,
  ...KEYS.map(String),
]);
if (code !== 0) throw new Error(output);
const keys: KeysFigures[] = output.trim().split("\n").map((line) => JSON.parse(line));
await listen("after");

await Deno.mkdir(folder, { recursive: true });
const pictures: Readonly<Record<string, readonly Panel[]>> = {
  "concurrency": panels("operations at a time", byConcurrency, ({ concurrency }) => concurrency),
  "members": panels("members", byMembers, ({ members }) => members),
  "value-size": panels("characters of a value", byValueSize, ({ valueSize }) => valueSize),
  "keys": [
    {
      ...{ title: "Memory for all keys, in each member", x: "keys", y: "MB", linear: true },
      series: [{
        name: "in each member",
        points: keys.map(({ keys, bytes }) => [keys, keys * bytes / 1e6] as const),
      }],
    },
    {
      ...{ title: "Start of a member with nothing", x: "keys", y: "ms", linear: true },
      series: [{
        name: "in each member",
        points: keys.map(({ keys, recovery }) => [keys, recovery] as const),
      }],
    },
  ],
};
for (const [name, drawn] of Object.entries(pictures)) {
  await Deno.writeTextFile(`${folder}/performance-${name}.svg`, chart(drawn));
}
const figures = { ...machine(), remarks, byConcurrency, byMembers, byValueSize, keys };
await Deno.writeTextFile(`${folder}/performance.json`, `${JSON.stringify(figures, null, 2)}\n`);
console.log(`${Object.keys(pictures).join(", ")}: in ${folder}`);
