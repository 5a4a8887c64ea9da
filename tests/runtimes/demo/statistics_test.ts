import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Attempt, ClaimsLog } from "../../../examples/demo/claims_log.ts";
import type { Race } from "../../../examples/demo/race.ts";
import { report } from "../../../examples/demo/report.ts";
import { statisticsOf } from "../../../examples/demo/statistics.ts";
import { attempt, MEMBERS, result, won } from "./evidence.ts";

/** A log that says just this. */
function logOf(attempts: Attempt[]): ClaimsLog {
  return Object.assign(ClaimsLog.withCapacity(0), { attempts: () => attempts });
}

/** w3 did line 0 and claimed lines 1 and 2; was terminated at 200; w1 took over 1, w2 took over 2. */
function race(): Race {
  const results = [
    result(0, "w3", 10),
    result(1, "w1", 40),
    result(2, "w2", 50),
    result(3, "w1", 45),
  ];
  return {
    lines: ["a", "b", "c", "d"],
    members: MEMBERS,
    terminated: { worker: 2, at: 200 },
    results: [results, results, null],
    logs: [
      logOf([
        attempt(0, 10, 2, 100),
        attempt(1, 20, 2, 110),
        won(3, 45, 0, 205),
        won(1, 40, 0, 1199),
      ]),
      logOf([attempt(2, 30, 2, 120), won(2, 50, 1, 1249)]),
      // It had no time to note its claim of line 2: only w2 knows.
      logOf([won(0, 10, 2, 100), won(1, 20, 2, 109, { publishing: 0, published: 0 })]),
    ],
  };
}

describe("statisticsOf()", () => {
  it("counts what each worker did", () => {
    const counts = statisticsOf(race()).workers.map((
      { id, won, lost, takenOver, results },
    ) => [id, won, lost, takenOver, results]);
    assertEquals(counts, [["w1", 2, 2, 1, 2], ["w2", 1, 1, 1, 1], ["w3", 2, 0, 0, 1]]);
  });

  it("counts the attempts, those that were lost, and the lines that several wanted at once", () => {
    const { attempts, lost, contested } = statisticsOf(race());
    // Line 0 at 100, by w1 and w3; on line 1 w1 began when w3 had its answer.
    assertEquals({ attempts, lost, contested }, { attempts: 8, lost: 3, contested: 1 });
  });

  it("measures the failover from the termination", () => {
    assertEquals(statisticsOf(race()).failover, {
      worker: "w3",
      unfinished: 2,
      nextClaim: 6,
      first: 1000,
      last: 1050,
    });
  });

  it("counts the operations until the termination, in a second", () => {
    // Five attempts and one publication in the 100 ms from the first attempt.
    assertEquals(statisticsOf(race()).operationsPerSecond, 60);
  });

  it("gives the median and the 99th percentile of what took how long", () => {
    const logs = [
      logOf(
        Array.from(
          { length: 100 },
          (_, i) => won(i, i + 1, 0, 0, { answered: i + 1, publishing: 0, published: 0 }),
        ),
      ),
      logOf([]),
      logOf([]),
    ];
    const results = [Array.from({ length: 100 }, (_, i) => result(i, "w1", i + 1)), null, null];
    const [{ claim, publish }] = statisticsOf({ ...race(), logs, results }).workers;
    assertEquals(claim, { p50: 50, p99: 99 });
    assertEquals(publish, null);
  });
});

describe("report()", () => {
  it("shows the figures as a table and in words", () => {
    const text = report(statisticsOf(race()));
    assertEquals(text.split("\n"), [
      "worker  claims won  lost  taken over  results  claim p50     p99  publish p50     p99",
      "w1               2     2           1        2     1.0 ms  1.0 ms       1.0 ms  1.0 ms",
      "w2               1     1           1        1     1.0 ms  1.0 ms       1.0 ms  1.0 ms",
      "w3               2     0           0        1     1.0 ms  1.0 ms       1.0 ms  1.0 ms  terminated",
      "all              5     3           2        4",
      "",
      "contention  3 of 8 claims went to another worker",
      "            1 line was claimed by several at the same moment",
      "speed       60 claims and publications a second, of all three together",
      "failover    the others' next claim came 6.0 ms after the termination",
      "            2 lines that w3 had claimed and not finished: taken over after 1,000 ms to 1,050 ms",
    ]);
  });

  it("says that nothing was left behind", () => {
    const one = race();
    const logs = [logOf([won(0, 10, 0, 100)]), logOf([]), logOf([])];
    const results = [[result(0, "w1", 10)], [result(0, "w1", 10)], null];
    const text = report(statisticsOf({ ...one, logs, results }));
    assertStringIncludes(text, "w3 left no line behind that was claimed and not done");
  });
});
