/**
 * Three instances of a web app on three ports, with a cluster inside:
 *
 *     deno task example:embedded-server [deno|node|bun|mixed] [--stay] [--port N]
 *
 * They run in the given runtime, or, with `mixed`, in one of each. A tour sends them requests for what
 * must happen once, kills one of them, and starts it again; the exit code is 1 if a check fails. With
 * `--stay` there is no tour: they run until this program is told to end, so that you can send requests.
 * `--port` is the first of the three ports (3001).
 *
 * Start reading in `app.ts`, and go on with `deno.ts`, `node.ts` or `bun.ts`.
 *
 * @module
 */
import { installModules } from "../../tasks/node_modules.ts";
import { type Runtime, RUNTIMES } from "../../tasks/suites.ts";
import { Instances } from "./instances.ts";
import { tour } from "./tour.ts";

interface Wish {
  readonly runtimes: readonly Runtime[];
  readonly port: number;
  readonly stay: boolean;
}

const USAGE = "[deno|node|bun|mixed] [--stay] [--port N]";

function parseArguments(args: readonly string[]): Wish {
  let [runtimes, port, stay]: [readonly Runtime[], number, boolean] = [same("deno"), 3001, false];
  for (let i = 0; i < args.length; i++) {
    const runtime = RUNTIMES.find((name) => name === args[i]);
    if (runtime !== undefined) runtimes = same(runtime);
    else if (args[i] === "mixed") runtimes = RUNTIMES;
    else if (args[i] === "--stay") stay = true;
    else if (args[i] === "--port" && Number(args[i + 1]) > 0) port = Number(args[++i]);
    else throw new TypeError(`cannot understand ${args[i]}; usage: ${USAGE}`);
  }
  return { runtimes, port, stay };
}

const same = (runtime: Runtime): Runtime[] => [runtime, runtime, runtime];

/** Resolves when this program is told to end. */
function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
  });
}

async function show(instances: Instances, stay: boolean): Promise<void> {
  await instances.start(...instances.ids);
  console.log("Three instances have a cluster inside:");
  for (const id of instances.ids) {
    console.log(`  ${id}  ${instances.url(id)}  in ${instances.runtime(id)}`);
  }
  if (!stay) return await tour(instances);
  console.log(`\nAsk them, for example:  curl -X PUT -d me ${instances.url("w1")}/once/leader`);
  await new Promise(() => {}); // until it is told to end
}

async function main({ runtimes, port, stay }: Wish): Promise<boolean> {
  if (runtimes.some((runtime) => runtime !== "deno")) await installModules();
  const instances = new Instances(runtimes, port);
  let right = true;
  try {
    await Promise.race([show(instances, stay), toldToEnd()]);
  } catch (error) {
    console.log(`\nFailed: ${error instanceof Error ? error.message : error}`);
    right = false;
  }
  const bad = await instances.stop();
  if (bad.length > 0) console.log(`\nThese instances failed to end: ${bad.join(", ")}`);
  else if (right) console.log("\nAll have ended by themselves.");
  return right && bad.length === 0;
}

if (import.meta.main) {
  const right = await main(parseArguments(Deno.args));
  Deno.exit(right ? 0 : 1); // the signal listeners would keep it alive
}
