import { describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { assertInvariant } from "../../lib/paxos/invariant.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { explain, Summary } from "./report.ts";
import { Random } from "../../testing/random.ts";
import { runSeed } from "./run.ts";
import { drawScenario, type Workload } from "./scenario.ts";

/** The seeds of each workload in the test task; `deno task sim --seeds N` runs more. */
const SEEDS: Readonly<Record<Workload, number>> = {
  kv: 48,
  locks: 28,
  steal: 12,
  singletons: 16,
  cells: 12,
};

/** The seeds per test; small, to show where time goes. */
const AT_ONCE = 25;

/**
 * The time budget, in milliseconds per planned seed: when it is used up, no further seed starts, but at least
 * this share of the seeds runs. So a slow machine runs fewer seeds.
 */
const TIME_PER_SEED = 400;
const SHARE_AT_LEAST = 0.25;

/** Runs of each workload at least, so that the averages below mean something. */
const RUNS_AT_LEAST = 12;

/** The events that each workload must have, as the minimum average per run. */
const AT_LEAST: Readonly<Record<Workload, Readonly<Record<string, number>>>> = {
  kv: {
    "kv: recorded": 200,
    chosen: 10,
    ...ends(["put", "claim"], { ok: 30, no_quorum: 1, invalid_value: 1, aborted: 1 }),
    ...ends(["get", "token", "node", "pid"], { ok: 0.5, not_found: 0.5 }),
    ...ends(["keys", "exit", "status"], { ok: 2 }),
  },
  locks: {
    "locks: owners": 40,
    // Owners that did not know yet that they had lost the lock, beside a later one.
    "locks: looks": 50,
    chosen: 50,
    ...ends(["lock"], { ok: 10, unavailable: 1, timeout: 1, aborted: 3, ended: 0.2 }),
    ...ends(["request"], { ok: 4, unavailable: 0.5, aborted: 1, ended: 0.1 }),
    ...ends(["process"], { ok: 3, aborted: 1, ended: 0.2 }),
    ...ends(["holders"], { ok: 1, not_found: 0.2 }),
    ...ends(["query"], { ok: 0.5 }),
  },
  steal: {
    "steal: owners": 40,
    ...ends(["lock"], { ok: 10, stolen: 0.5 }),
    ...ends(["request"], { ok: 3, stolen: 0.1 }),
    ...ends(["process"], { ok: 3 }),
  },
  singletons: {
    "singletons: executions": 80,
    "singletons: instances": 5,
    "singletons: looks": 5,
    "singletons: states": 10,
    ...ends(["call"], { ok: 50, threw: 5, timeout: 2, aborted: 5, unknown: 2, no_quorum: 1 }),
    ...ends(["lookup"], { ok: 2, not_found: 0.2 }),
    ...ends(["whereis"], { ok: 2 }),
    ...ends(["stream"], { ok: 3, aborted: 0.2 }),
  },
  cells: {
    "cells: recorded": 100,
    ...ends(["get"], { ok: 10, not_found: 1 }),
    ...ends(["set", "update"], { ok: 10, no_quorum: 0.5, aborted: 0.5 }),
    ...ends(["compareAndSet"], { ok: 3, conflict: 3 }),
    ...ends(["delete"], { ok: 2 }),
  },
};

function ends(kinds: string[], outcomes: Record<string, number>): Record<string, number> {
  const counts = kinds.flatMap((kind) =>
    Object.entries(outcomes).map(([end, count]) => [`${kind} -> ${end}`, count] as const)
  );
  return Object.fromEntries(counts);
}

describe("a simulated cluster", () => {
  for (const workload of Object.keys(SEEDS) as Workload[]) {
    it(`is deterministic for a seed: ${workload}`, async () => {
      const run = (seed: string) => runSeed(seed, { workload });
      const [first, second, other] = [await run("7"), await run("7"), await run("8")];
      assertEquals(first, second);
      assertEquals(first.fingerprint === other.fingerprint, false);
    });
  }

  it("reports an invariant that fails in a node, also one whose error is caught", async () => {
    const { handle } = Voter.prototype;
    let left = 20;
    Voter.prototype.handle = function (request, from, now) {
      if (request.type === "accept" && --left === 0) {
        try {
          assertInvariant(false, "the first one is caught");
        } catch {
          // As code would that must not fail.
        }
        assertInvariant(false, "the second one is not");
      }
      return handle.call(this, request, from, now);
    };
    try {
      const { violations } = await runSeed("9", { workload: "kv", storage: false });
      const told = violations.join("\n");
      assertStringIncludes(told, "an invariant failed: the first one is caught");
      assertStringIncludes(told, "an invariant failed: the second one is not");
      assertMatch(
        told,
        /failed: SynodError: Node \S+ has stopped, since .*: the second one is not/,
      );
    } finally {
      Voter.prototype.handle = handle;
    }
  });

  it("runs the same way with and without a trace", async () => {
    const lines: string[] = [];
    const traced = await runSeed("9", { trace: (line) => lines.push(line), frames: true });
    assertEquals(traced, await runSeed("9"));
    assertGreater(lines.length, 1_000);
  });

  it("has brief runs, with short sessions and no reload", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(`${seed}`);
      const scenario = drawScenario(random, { brief: true, changes: true });
      assert(scenario.sessionTtl <= 500 && scenario.duration <= 6_500, `seed ${seed}`);
      assertEquals(scenario.reload, null);
      assert(scenario.spares.length > 0 && scenario.changes !== null, `seed ${seed}`);
    }
  });

  it("has a workload that its seed decides", async () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => `${seed}`);
    const scenarios = seeds.map((seed) => drawScenario(new Random(seed)));
    const drawn = new Set(scenarios.map(({ workload }) => workload));
    assertEquals([...drawn].sort(), Object.keys(SEEDS).sort());
    assertEquals((await runSeed("7")).scenario, drawScenario(new Random("7/scenario")));
  });
});

for (const [workload, seeds] of Object.entries(SEEDS) as [Workload, number][]) {
  describe(`a simulated cluster: ${workload}`, () => {
    const summary = new Summary();
    let start: number | undefined;
    for (let from = 1; from <= seeds; from += AT_ONCE) {
      const to = Math.min(from + AT_ONCE, seeds + 1);
      it(`has no violation in seeds ${from} to ${to - 1}`, async () => {
        start ??= performance.now();
        const failed = [];
        for (let seed = from; seed < to; seed++) {
          const isEnough = summary.runs >= Math.max(RUNS_AT_LEAST, SHARE_AT_LEAST * seeds);
          if (isEnough && performance.now() - start > TIME_PER_SEED * seeds) break;
          const result = await runSeed(`${seed}`, { workload });
          summary.add(result);
          if (result.violations.length > 0) failed.push(explain(result));
        }
        assertEquals(failed.join("\n"), "");
      });
    }

    it("exercises all checks", () => {
      // A simulator without faults, or without successful operations, checks nothing.
      const { totals, runs } = summary;
      const atLeast = (name: string, perRun: number) => {
        const count = totals.get(name) ?? 0;
        assert(count >= Math.floor(perRun * runs), `${name}: only ${count} in ${runs} runs`);
      };
      for (const fault of ["partition", "oneWayCut", "pause", "sleep", "stepWall", "crash"]) {
        atLeast(`fault ${fault}`, 0.3);
      }
      atLeast("fault close", 0.02);
      atLeast("fault reload", 0.1);
      // The list of members changes, also by two nodes at once.
      atLeast("fault change", 1);
      atLeast("fault twoChanges", 0.3);
      for (const end of ["ok", "overtaken", "aborted"]) atLeast(`changeMembers -> ${end}`, 0.2);
      atLeast("lost", 50);
      for (const [name, perRun] of Object.entries(AT_LEAST[workload])) atLeast(name, perRun);
    });
  });
}
