/**
 * `deno task chaos [--minutes N] [--seed N] [--over http] [--changes] [--break NAME]... [--unfenced]`: five members
 * and a client, each in its own process, under faults. `--changes`: one member, to which the others are added, and which
 * is removed again. Exit code 1 if there was a violation.
 *
 * @module
 */
import { BREAKAGES } from "./broken.ts";
import { type ChaosOptions, runChaos } from "./run.ts";
import { summarize } from "./summary.ts";

const USAGE =
  `chaos [--minutes N] [--seed N] [--over webSocket|http] [--changes] [--break NAME]... [--unfenced]
  NAME: ${BREAKAGES.join(", ")}`;

async function parse(args: readonly string[]): Promise<ChaosOptions> {
  const options = {
    seed: `${Date.now() % 1_000_000}`,
    over: "webSocket" as ChaosOptions["over"],
    duration: 60_000,
    broken: [] as (typeof BREAKAGES[number])[],
    fenced: true,
    changes: false,
    folder: await Deno.makeTempDir({ prefix: "synod-chaos-" }),
    print: (line: string) => console.log(line),
  };
  const rest = [...args];
  const one = <T extends string>(name: string, choices: readonly T[]): T => {
    const given = rest.shift();
    const choice = choices.find((choice) => choice === given);
    if (choice === undefined) throw new TypeError(`${name} takes one of ${choices.join(", ")}`);
    return choice;
  };
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    switch (name) {
      case "--minutes":
        options.duration = Number(rest.shift()) * 60_000;
        if (!(options.duration > 0)) throw new TypeError("--minutes takes a number above 0");
        break;
      case "--seed":
        options.seed = rest.shift() ?? options.seed;
        break;
      case "--over":
        options.over = one(name, ["webSocket", "http"]);
        break;
      case "--break":
        options.broken.push(one(name, BREAKAGES));
        break;
      case "--changes":
        options.changes = true;
        break;
      case "--unfenced":
        options.fenced = false;
        break;
      default:
        throw new TypeError(`unknown option ${name}`);
    }
  }
  return options;
}

let options: ChaosOptions;
try {
  options = await parse(Deno.args);
} catch (error) {
  console.log(`${(error as Error).message}\n${USAGE}`);
  Deno.exit(2);
}
console.log(`seed ${options.seed}, over ${options.over}; logs in ${options.folder}`);
const result = await runChaos(options);
console.log(summarize(result));
Deno.exit(result.violations.length === 0 ? 0 : 1);
