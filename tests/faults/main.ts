/**
 * `deno task faults [--each N] [--over webSocket|http] [--runtime deno|node|bun]`: one fault at a time in a cluster
 * of three processes under load, and what the other two members notice. Exit code 1 if one of their operations fails.
 *
 * @module
 */
import { RUNTIMES } from "../../tasks/suites.ts";
import { FAULTS, FaultyCluster, type Observed } from "./faults.ts";
import type { Window } from "./load.ts";

function option<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
  const at = Deno.args.indexOf(name);
  const given = at < 0 ? otherwise : Deno.args[at + 1];
  const choice = choices.find((choice) => choice === given);
  if (choice === undefined) throw new TypeError(`${name} takes one of ${choices.join(", ")}`);
  return choice;
}

const at = Deno.args.indexOf("--each");
const each = at < 0 ? 5 : Number(Deno.args[at + 1]);
const over = option("--over", ["webSocket", "http"], "webSocket");
const runtime = option("--runtime", RUNTIMES, "deno");
const folder = await Deno.makeTempDir({ prefix: "synod-faults-" });
console.log(`${each} of each, over ${over}, ${runtime}; times in ms of the other two members`);
console.log(
  "fault    when     operations  failed  longest gap  median gap  worst p99  longest  healing",
);
let failed = 0;
for (const fault of FAULTS) {
  const cluster = await FaultyCluster.start({ over, runtime, folder });
  const observed: Observed[] = [];
  for (let i = 0; i < each; i++) observed.push(await cluster.suffer(fault));
  await cluster.close();
  for (const when of ["before", "during", "after"] as const) {
    const windows = observed.map((one) => one[when]);
    const failures = windows.flatMap(({ failures }) => failures);
    failed += failures.length;
    const gaps = windows.map(({ gap }) => gap).sort((a, b) => a - b);
    const most = (read: (window: Window) => number) => Math.max(...windows.map(read));
    const healing = Math.max(...observed.map(({ healing }) => healing));
    const row = [
      fault.padEnd(8),
      when.padEnd(8),
      `${windows.reduce((sum, { operations }) => sum + operations, 0)}`.padEnd(11),
      `${failures.length}`.padEnd(7),
      most(({ gap }) => gap).toFixed(0).padEnd(12),
      gaps[gaps.length >> 1].toFixed(0).padEnd(11),
      most(({ p99 }) => p99).toFixed(0).padEnd(10),
      most(({ longest }) => longest).toFixed(0).padEnd(8),
      when === "after" ? healing.toFixed(0) : "",
    ];
    console.log(row.join(" "));
    if (failures.length > 0) console.log(`  ${[...new Set(failures)].join(", ")}`);
  }
}
Deno.exit(failed === 0 ? 0 : 1);
