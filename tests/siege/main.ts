/**
 * `deno task siege [deno|node|bun]`: attacks one server with floods and invalid connections while a client
 * works, and prints the effects as a table.
 *
 * @module
 */
import { RUNTIMES } from "../../tasks/suites.ts";
import { besiege, SILENT } from "./siege.ts";
import { answered, line, megabytes } from "./table.ts";

const [name = "bun"] = Deno.args;
const runtime = RUNTIMES.find((runtime) => runtime === name);
if (runtime === undefined) {
  console.log(`siege [${RUNTIMES.join("|")}]`);
  Deno.exit(2);
}
const { before, sentAway, lost } = await besiege(runtime, (phase) => console.log(line(phase)));
console.log(`${SILENT} silent connections at the same time: ${answered(sentAway)}`);
console.log(`memory before: ${megabytes(before)}; sessions of the client that were lost: ${lost}`);
