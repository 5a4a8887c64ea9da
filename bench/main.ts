/**
 * `deno task bench [--quick] [--only TEXT]`: what operations cost, each beside its floor: the bare
 * transport doing the same number of quorum round trips with frames of the same size, and no protocol.
 *
 * - `--quick`: a short run, which says less.
 * - `--only TEXT`: only the rows whose name has this text in it.
 *
 * @module
 */
import { overBroadcastChannel } from "./broadcast.ts";
import { compare, type Effort } from "./compare.ts";
import { overMemory } from "./memory.ts";
import { ROWS } from "./rows.ts";
import { type Line, table } from "./table.ts";

const USAGE = "bench [--quick] [--only TEXT]";

const THOROUGH: Effort = { repetitions: 9, budget: 400 };
const QUICK: Effort = { repetitions: 3, budget: 60 };

function parseArguments(args: readonly string[]): { effort: Effort; only: string } {
  const rest = [...args];
  let effort = THOROUGH;
  let only = "";
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const text = rest[0];
    if (name === "--quick") effort = QUICK;
    else if (name === "--only" && text !== undefined) only = rest.shift()!;
    else throw new TypeError(`unknown argument ${name}: ${USAGE}`);
  }
  return { effort, only };
}

const { effort, only } = parseArguments(Deno.args);
const rows = ROWS.filter(({ name }) => name.includes(only));
const lines: Line[] = [];
for (const open of [overMemory, overBroadcastChannel]) {
  const setting = await open();
  for (const concurrency of [1, 64]) {
    for (const row of rows) {
      const comparison = await compare(setting, row, concurrency, effort);
      lines.push({ name: row.name, concurrency, over: setting.name, ...comparison });
    }
  }
  await setting.close();
}
console.log(table(lines));
