/**
 * `deno task bench:peers [--quick] [--json] [--only TEXT] [--members 3,5] [--systems NAME,...]`: Synod in Node, Deno and
 * Bun over WebSocket, beside etcd and redlock, in one run: each row is measured in all systems in turn, several times,
 * and the medians are printed with their ratios.
 *
 * - `--quick`: a short run, with less precise figures.
 * - `--json`: prints JSON instead of a table.
 * - `--only TEXT`: only the rows whose name contains this text.
 * - `--members LIST`: numbers of members, and of servers of the peers; 3 and 5 unless given.
 * - `--systems LIST`: of `node`, `deno`, `bun`, `sqlite`, `etcd`, `redlock`; all unless given.
 *
 * All processes run on this machine. etcd and Redis are started by this program, with their data in `--folder` (a
 * temporary folder unless given), and stopped by it.
 *
 * @module
 */
import { type Effort, warmUp } from "../compare.ts";
import { type Figures, medians } from "../figures.ts";
import { machine } from "../machine.ts";
import { busyShare, NOISE } from "./quiet.ts";
import { type PeerLine, peerTable } from "./peer_table.ts";
import { type PeerRow, ROWS } from "./peer_rows.ts";
import { missingFor, System, type SystemName, SYSTEMS } from "./systems.ts";

const THOROUGH: Effort = { repetitions: 7, budget: 500 };
const QUICK: Effort = { repetitions: 3, budget: 100 };

const USAGE = "bench:peers [--quick] [--json] [--only TEXT] [--members 3,5] " +
  "[--systems node,deno,bun,sqlite,etcd,redlock] [--folder PATH]";

interface Wish {
  effort: Effort;
  isJson: boolean;
  only: string;
  members: number[];
  systems: SystemName[];
  folder: string | null;
}

function parseArguments(args: readonly string[]): Wish {
  const wish: Wish = {
    ...{ effort: THOROUGH, isJson: false, only: "", members: [3, 5] },
    ...{ systems: [...SYSTEMS], folder: null },
  };
  const rest = [...args];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "--quick") wish.effort = QUICK;
    else if (name === "--json") wish.isJson = true;
    else if (rest.length === 0) throw new TypeError(`unknown argument ${name}: ${USAGE}`);
    else if (name === "--only") wish.only = rest.shift()!;
    else if (name === "--folder") wish.folder = rest.shift()!;
    else if (name === "--members") {
      wish.members = rest.shift()!.split(",").map(Number);
      if (!wish.members.every((count) => Number.isInteger(count) && count >= 3 && count <= 7)) {
        throw new TypeError(`--members takes numbers from 3 to 7, with commas between: ${USAGE}`);
      }
    } else if (name === "--systems") {
      const asked = rest.shift()!.split(",");
      const found = SYSTEMS.filter((system) => asked.includes(shortName(system)));
      if (found.length !== asked.length) throw new TypeError(`--systems: ${USAGE}`);
      wish.systems = found;
    } else throw new TypeError(`unknown argument ${name}: ${USAGE}`);
  }
  return wish;
}

function shortName(system: SystemName): string {
  return system.replace("Synod, ", "").toLowerCase();
}

async function measureRow(
  row: PeerRow,
  concurrency: number,
  systems: readonly System[],
  { repetitions, budget }: Effort,
): Promise<[SystemName, Figures][]> {
  const able = systems.filter((system) => system.can(row.measured));
  const measures = [];
  for (const system of able) {
    const run = (count: number) => system.measure(row.measured, count, concurrency);
    measures.push(await warmUp(run, concurrency, budget));
  }
  const figures: Figures[][] = able.map(() => []);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [index, measure] of measures.entries()) figures[index].push(await measure());
  }
  return able.map(({ name }, index) => [name, medians(figures[index])]);
}

const wish = parseArguments(Deno.args);
const rows = ROWS.filter(({ name }) => name.includes(wish.only));
const folder = wish.folder ?? await Deno.makeTempDir({ prefix: "synod-bench-" });
const remarks: string[] = [];
const remark = (text: string) => {
  remarks.push(text);
  console.error(text);
};

async function listen(when: string): Promise<void> {
  const share = await busyShare();
  if (share === null) return remark(`The load of this machine cannot be read (${when}).`);
  if (share > NOISE) {
    remark(`Not quiet (${when}): others use ${(100 * share).toFixed(0)} % of this machine.`);
  }
}

const names: SystemName[] = [];
for (const name of wish.systems) {
  const missing = await missingFor(name);
  if (missing === null) names.push(name);
  else remark(`${name} is not measured: ${missing}.`);
}
const lines: PeerLine[] = [];
try {
  await listen("before");
  for (const members of wish.members) {
    const systems: System[] = [];
    try {
      for (const name of names) {
        const own = `${folder}/${members}-${shortName(name)}`;
        await Deno.mkdir(own, { recursive: true });
        systems.push(await System.start(name, members, own));
      }
      for (const row of rows) {
        for (const concurrency of row.concurrencies) {
          const measured = await measureRow(row, concurrency, systems, wish.effort);
          for (const [system, figures] of measured) {
            lines.push({ row: row.name, members, concurrency, system, figures });
          }
          const count = `${members} members, ${concurrency} at a time`;
          console.error(`measured: ${row.name}, ${count}`);
        }
      }
    } finally {
      await Promise.all(systems.map((system) => system.close()));
    }
  }
  await listen("after");
} finally {
  if (wish.folder === null) await Deno.remove(folder, { recursive: true });
}
if (wish.isJson) console.log(JSON.stringify({ ...machine(), remarks, lines }, null, 2));
else console.log([peerTable(lines), ...remarks].join("\n"));
