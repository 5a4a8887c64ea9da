import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { explain, Summary } from "./report.ts";
import { runSeed } from "./run.ts";

/** How many seeds the test task runs; `deno task sim --seeds N` runs more. */
const SEEDS = 200;

/** So many in one test, so that it is seen where time goes. */
const AT_ONCE = 25;

/** No new one begins after this, in milliseconds: on a slow machine fewer are run, but never few. */
const TIME = 80_000;
const FEWEST = 50;

describe("a simulated cluster", () => {
  it("lives through one seed in one way only", async () => {
    const [first, second, other] = [await runSeed("7"), await runSeed("7"), await runSeed("8")];
    assertEquals(first, second);
    assertEquals(first.fingerprint === other.fingerprint, false);
  });

  it("lives the same life whether somebody watches or not", async () => {
    const lines: string[] = [];
    const traced = await runSeed("9", { trace: (line) => lines.push(line), frames: true });
    assertEquals(traced, await runSeed("9"));
    assertGreater(lines.length, 1_000);
  });

  const summary = new Summary();
  const start = performance.now();
  for (let from = 1; from <= SEEDS; from += AT_ONCE) {
    it(`keeps all promises in the lives of seeds ${from} to ${from + AT_ONCE - 1}`, async () => {
      const failed = [];
      for (let seed = from; seed < from + AT_ONCE; seed++) {
        if (summary.runs >= FEWEST && performance.now() - start > TIME) break;
        const result = await runSeed(`${seed}`);
        summary.add(result);
        if (result.violations.length > 0) failed.push(explain(result));
      }
      assertEquals(failed.join("\n"), "");
    });
  }

  it("met everything that the checks are about", () => {
    // A simulator in which nothing goes wrong, or nothing goes right, checks nothing.
    const { totals, runs } = summary;
    const atLeast = (name: string, perRun: number) => {
      const count = totals.get(name) ?? 0;
      assert(count >= perRun * runs, `${name}: only ${count} in ${runs} runs`);
    };
    atLeast("operations", 200);
    atLeast("chosen", 10);
    atLeast("lost", 50);
    for (const fault of ["partition", "oneWayCut", "pause", "sleep", "stepWall", "crash"]) {
      atLeast(`fault ${fault}`, 0.3);
    }
    atLeast("fault close", 0.02);
    for (const kind of ["put", "claim"]) {
      atLeast(`${kind} -> ok`, 30);
      for (const end of ["no_quorum", "invalid_value", "aborted"]) atLeast(`${kind} -> ${end}`, 1);
    }
    for (const kind of ["get", "token", "node", "pid"]) {
      atLeast(`${kind} -> ok`, 0.5);
      atLeast(`${kind} -> not_found`, 0.5);
    }
    for (const kind of ["keys", "exit", "status"]) atLeast(`${kind} -> ok`, 2);
  });
});
