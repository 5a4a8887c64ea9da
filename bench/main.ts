/**
 * `deno task bench [--quick] [--json] [--only TEXT] [--over NAME]`: measures operations, each beside its floor: the bare
 * transport, which makes the same number of quorum round trips with frames of the same size.
 *
 * - `--quick`: a short run, with less precise figures.
 * - `--json`: prints JSON instead of a table.
 * - `--only TEXT`: only the rows whose name contains this text.
 * - `--over NAME`: only over `memory`, `broadcast-channel` (workers), `websocket` or `http` (processes).
 *
 * @module
 */
import { overBroadcastChannel } from "./broadcast.ts";
import { compare, type Effort } from "./compare.ts";
import { overMemory } from "./memory.ts";
import type { Setting } from "./setting.ts";
import { machine } from "./machine.ts";
import { overHttp, overWebSocket } from "./processes.ts";
import { ROWS } from "./rows.ts";
import { type Line, table } from "./table.ts";

const SETTINGS: Readonly<Record<string, () => Promise<Setting>>> = {
  "memory": overMemory,
  "broadcast-channel": overBroadcastChannel,
  "websocket": overWebSocket,
  "http": overHttp,
};

const USAGE = `bench [--quick] [--json] [--only TEXT] [--over ${Object.keys(SETTINGS).join("|")}]`;

const THOROUGH: Effort = { repetitions: 9, budget: 400 };
const QUICK: Effort = { repetitions: 5, budget: 120 };

interface Wish {
  readonly effort: Effort;
  readonly isJson: boolean;
  readonly only: string;
  readonly settings: readonly (() => Promise<Setting>)[];
}

function parseArguments(args: readonly string[]): Wish {
  const rest = [...args];
  let effort = THOROUGH;
  let isJson = false;
  let only = "";
  let settings = Object.values(SETTINGS);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const text = rest[0];
    if (name === "--quick") effort = QUICK;
    else if (name === "--json") isJson = true;
    else if (name === "--only" && text !== undefined) only = rest.shift()!;
    else if (name === "--over" && text in SETTINGS) settings = [SETTINGS[rest.shift()!]];
    else throw new TypeError(`unknown argument ${name}: ${USAGE}`);
  }
  return { effort, isJson, only, settings };
}

const { effort, isJson, only, settings } = parseArguments(Deno.args);
const rows = ROWS.filter(({ name }) => name.includes(only));
const lines: Line[] = [];
for (const open of settings) {
  const setting = await open();
  for (const concurrency of [1, 16, 64]) {
    for (const row of rows) {
      if (!row.concurrencies.includes(concurrency)) continue;
      const comparison = await compare(setting, row, concurrency, effort);
      lines.push({ name: row.name, concurrency, over: setting.name, ...comparison });
    }
  }
  await setting.close();
}
console.log(isJson ? JSON.stringify({ ...machine(), lines }, null, 2) : table(lines));
