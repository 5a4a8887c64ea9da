/**
 * `deno task siege [deno|node|bun] [--only TEXT] [--each MS]`: attacks a cluster of three processes in every way that
 * is listed in `attacks`, while an honest client and an honest guest work, and prints what they and the members noticed.
 * Without a runtime, all three. `--only`: the attacks whose line contains the text. Ends with 1 if a row is not as
 * wanted.
 *
 * @module
 */
import { RUNTIMES } from "../../tasks/suites.ts";
import { HEAD, lineOf, summaryOf } from "./report.ts";
import { faultsOf, type Row, rowsOf } from "./rows.ts";

/** How long each attack lasts by default, in milliseconds. */
const EACH = 1_500;

function usage(): never {
  console.log(`siege [${RUNTIMES.join("|")}] [--only TEXT] [--each MS]`);
  Deno.exit(2);
}

const args = [...Deno.args];
let [only, time, runtimes] = ["", EACH, RUNTIMES];
while (args.length > 0) {
  const argument = args.shift()!;
  if (argument === "--only") only = args.shift() ?? usage();
  else if (argument === "--each") time = Number(args.shift()) || usage();
  else runtimes = RUNTIMES.filter((runtime) => runtime === argument);
}
if (runtimes.length === 0) usage();

let isAsWanted = true;
for (const runtime of runtimes) {
  console.log(`\n${runtime}; load of the machine: ${Deno.loadavg()[0].toFixed(1)}\n${HEAD}`);
  const rows: Row[] = [];
  const plan = {
    time,
    times: { sessionTtl: 2_000, timeout: 2_000 },
    wanted: ({ who, over, what }: Row["attack"]) => `${who} ${over} ${what}`.includes(only),
  };
  for await (const row of rowsOf(runtime, plan)) {
    rows.push(row);
    console.log(lineOf(row));
  }
  console.log(`${runtime}: ${summaryOf(rows)}; load ${Deno.loadavg()[0].toFixed(1)}`);
  isAsWanted &&= rows.every((row) => faultsOf(row).length === 0);
}
if (!isAsWanted) Deno.exit(1);
