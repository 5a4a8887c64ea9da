import { onInvariantFailure } from "../lib/paxos/invariant.ts";
import { enter, replaceGlobals } from "./globals.ts";
import {
  checkRun,
  checkSimulate,
  type RunOptions,
  type SimulateOptions,
  type WorldSettings,
} from "./options.ts";
import { Simulation } from "./simulation.ts";
import { seconds, type Seed, SimulationError, Trace } from "./trace.ts";
import { onUnhandledRejection } from "./unhandled.ts";
import { globalsOf, World } from "./world.ts";

/** What a simulation has come to. */
export interface SimulationReport<T> {
  /** What the test has returned. */
  readonly value: T;
  /** The seed of the run. */
  readonly seed: Seed;
  /** A hash of all that happened, in order: the same for each run of this seed with the same code, in every runtime. */
  readonly fingerprint: string;
  /** Milliseconds of virtual time. */
  readonly time: number;
  /** The last lines of the trace, up to 2,000. */
  readonly trace: readonly string[];
}

/**
 * Runs a whole cluster, and the code that uses it, in one thread and in virtual time: hours take seconds. `test` gets the
 * world: it starts nodes, cuts the network, crashes and pauses machines. The simulation ends with it. All that happens by
 * chance follows from the seed, so one seed is one run.
 *
 * ```ts
 * import { simulate } from "@synod/synod/testing";
 *
 * await simulate({ seed: 7, members: ["a", "b", "c"] }, async (world) => {
 *   const [a, b] = await world.join("a", "b", "c");
 *   await a.lock("door");
 *   world.crash("a");
 *   const waiting = b.lock("door"); // until the session of a has ended
 *   await world.sleep(60_000); // takes no time
 *   await (await waiting).release();
 * });
 * ```
 *
 * Rejects with a {@linkcode SimulationError} that has the seed and the last events, if the test or a program on a machine
 * throws, a promise rejects unhandled, or the test does not end; with a `TypeError` if an option is bad.
 */
export async function simulate<T>(
  options: SimulateOptions,
  test: (world: World) => T | PromiseLike<T>,
): Promise<SimulationReport<T>> {
  const { seed, settings } = checkSimulate(options);
  checkTest("simulate", test);
  return await simulateWith(seed, settings, test);
}

/**
 * Simulates `test` with each of the seeds, one after the other, until one fails: that rejects as {@linkcode simulate}
 * does.
 *
 * ```ts
 * import { run } from "@synod/synod/testing";
 *
 * await run({ seeds: 10, members: ["a", "b", "c"] }, async (world) => {
 *   const nodes = await world.join("a", "b", "c");
 *   const keys = nodes.map((node) => node.kv.put("leader", node.id));
 *   world.pause("a", 5_000 * world.random());
 *   const values = (await Promise.all(keys)).filter(({ ok }) => ok).map((put) => put.ok && put.value);
 *   if (new Set(values).size > 1) throw new Error("two leaders");
 * });
 * ```
 */
export async function run(
  options: RunOptions,
  test: (world: World) => unknown,
): Promise<void> {
  const { seeds, settings } = checkRun(options);
  checkTest("run", test);
  for (const seed of seeds) await simulateWith(seed, settings, test);
}

function checkTest(call: string, test: unknown): void {
  if (typeof test !== "function") throw new TypeError(`${call}: the test must be a function`);
}

async function simulateWith<T>(
  seed: Seed,
  settings: WorldSettings,
  test: (world: World) => T | PromiseLike<T>,
): Promise<SimulationReport<T>> {
  const trace = new Trace();
  const simulation = new Simulation(String(seed), (line) => {
    trace.add(line);
    settings.trace?.(line);
  });
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  const fail = (error: unknown) => outcome ??= { error };
  const world = new World(simulation, seed, settings, { fail, run });
  const globals = settings.globals ? globalsOf(world) : null;
  const undo = [replaceGlobals(), onUnhandledRejection(fail), onInvariantFailure(fail)];
  simulation.at(0, () => {
    new Promise<T>((resolve) => resolve(test(world))).then(
      (value) => outcome ??= { value },
      fail,
    );
  });
  try {
    await simulation.run(settings.limit, () => {
      // Other simulations may have run in between.
      enter(globals);
      return outcome !== undefined;
    });
  } catch (error) {
    fail(error);
  } finally {
    enter(null);
    for (const step of undo) step();
  }
  outcome ??= { error: new Error(unended(simulation, settings.limit)) };
  const { time } = simulation;
  if ("error" in outcome) throw new SimulationError(outcome.error, seed, time, trace.lines);
  const fingerprint = simulation.fingerprint.toString();
  return { value: outcome.value, seed, fingerprint, time, trace: trace.lines };
}

/** Why a test has not ended. */
function unended({ isIdle }: Simulation, limit: number): string {
  const outside = "What takes real time, such as a file or a socket, needs world.outside";
  return isIdle
    ? `the test waits for something that never happens. ${outside}`
    : `the test has not ended after ${
      seconds(limit)
    } of virtual time (the option limit). ${outside}`;
}
