/**
 * `deno task sim`: runs whole clusters of the shipping code in virtual time, with faults from a seed.
 *
 * - `--seed N`: replays one run; `--trace` shows all events, `--frames` also all frames.
 * - `--seeds COUNT [--from N]`: runs many seeds on all cores, or in `--workers` of them, and stops when `--enough` (ten)
 *   have failed.
 * - `--restart yes|no`: whether members that go down start again, without their memory. Default: the seed
 *   decides.
 * - `--changes yes|no`: whether the list of members changes. Default: the seed decides.
 * - `--guests yes|no`: whether there are guests beside the nodes. Default: the seed decides.
 * - `--storage yes|no`: whether members have disks, which survive crashes. Default: the seed decides.
 * - `--brief yes`: runs with short sessions and few users, several of which cost as much as another one.
 * - `--workload kv|locks|steal|singletons|cells`: the workload of the users. Default: the seed decides.
 *
 * @module
 */
import { runInWorkers } from "./pool.ts";
import { explain, Summary } from "./report.ts";
import { type RunResult, runSeed } from "./run.ts";
import { type ScenarioOptions, type Workload, WORKLOAD_NAMES } from "./scenario.ts";

const USAGE =
  "sim (--seed N [--trace] [--frames] | --seeds COUNT [--from N] [--enough N] [--workers N]) " +
  `[--restart yes|no] [--changes yes|no] [--guests yes|no] [--storage yes|no] [--brief yes|no] [--workload ${
    WORKLOAD_NAMES.join("|")
  }]`;

interface Wish {
  seed?: string;
  seeds?: number;
  from: number;
  enough: number;
  workers: number;
  trace: boolean;
  frames: boolean;
  options: ScenarioOptions;
}

function parseArguments(args: readonly string[]): Wish {
  const workers = navigator.hardwareConcurrency;
  const wish: Wish = { from: 1, enough: 10, workers, trace: false, frames: false, options: {} };
  const rest = [...args];
  const value = (name: string) => {
    const text = rest.shift();
    if (text === undefined) throw new TypeError(`${name} needs a value: ${USAGE}`);
    return text;
  };
  const count = (name: string) => {
    const number = Number(value(name));
    if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`${name} takes a number`);
    return number;
  };
  const choice = <T extends string>(name: string, choices: readonly T[]): T => {
    const text = value(name);
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw new TypeError(`${name} takes ${choices.join(" or ")}`);
    return chosen;
  };
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    switch (name) {
      case "--seed":
        wish.seed = value(name);
        break;
      case "--seeds":
        wish.seeds = count(name);
        break;
      case "--from":
        wish.from = count(name);
        break;
      case "--enough":
        wish.enough = count(name);
        break;
      case "--workers":
        wish.workers = Math.max(1, count(name));
        break;
      case "--trace":
        wish.trace = true;
        break;
      case "--frames":
        wish.trace = wish.frames = true;
        break;
      case "--restart":
        wish.options = { ...wish.options, restart: choice(name, ["yes", "no"]) === "yes" };
        break;
      case "--storage":
        wish.options = { ...wish.options, storage: choice(name, ["yes", "no"]) === "yes" };
        break;
      case "--changes":
        wish.options = { ...wish.options, changes: choice(name, ["yes", "no"]) === "yes" };
        break;
      case "--brief":
        wish.options = { ...wish.options, brief: choice(name, ["yes", "no"]) === "yes" };
        break;
      case "--guests":
        wish.options = { ...wish.options, guests: choice(name, ["yes", "no"]) === "yes" };
        break;
      case "--workload":
        wish.options = { ...wish.options, workload: choice<Workload>(name, WORKLOAD_NAMES) };
        break;
      default:
        throw new TypeError(`unknown argument ${name}: ${USAGE}`);
    }
  }
  if ((wish.seed === undefined) === (wish.seeds === undefined)) throw new TypeError(USAGE);
  return wish;
}

async function replay(seed: string, { trace, frames, options }: Wish): Promise<boolean> {
  const result = await runSeed(seed, {
    trace: trace ? console.log : undefined,
    frames,
    ...options,
  });
  const summary = new Summary();
  summary.add(result);
  console.log(summary.lines().join("\n"));
  console.log(`fingerprint ${result.fingerprint}`);
  console.log(
    result.violations.length > 0
      ? explain(result)
      : `seed ${seed} (${result.scenario.workload}): good`,
  );
  return result.violations.length === 0;
}

function* numbers(from: number, count: number): Iterable<string> {
  for (let seed = from; seed < from + count; seed++) yield `${seed}`;
}

async function runMany(count: number, { from, enough, workers, options }: Wish): Promise<boolean> {
  const summary = new Summary();
  const start = performance.now();
  let told = start;
  const done = (result: RunResult) => {
    summary.add(result);
    if (result.violations.length > 0) console.log(explain(result));
    if (performance.now() - told > 10_000) {
      told = performance.now();
      console.log(`${summary.runs} of ${count} runs, ${summary.failed.length} failed`);
    }
    return summary.failed.length < enough;
  };
  // A worker must read its own code.
  const { state } = await Deno.permissions.query({ name: "read" });
  if (state === "granted") {
    await runInWorkers(numbers(from, count), workers, options, done);
  } else {
    console.log("without --allow-read there are no workers: one run after the other");
    for (const seed of numbers(from, count)) {
      if (!done(await runSeed(seed, options))) break;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(summary.lines().join("\n"));
  console.log(
    `${summary.runs} runs in ${seconds.toFixed(0)} s, ${summary.failed.length} failed` +
      (summary.failed.length > 0 ? `: ${summary.failed.map((r) => r.seed).join(" ")}` : ""),
  );
  return summary.failed.length === 0;
}

const wish = parseArguments(Deno.args);
const good = wish.seed !== undefined
  ? await replay(wish.seed, wish)
  : await runMany(wish.seeds!, wish);
if (!good) Deno.exit(1);
