import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Attempt, ClaimsLog } from "../../../examples/demo/claims_log.ts";
import type { LineResult } from "../../../examples/demo/messages.ts";
import type { Race } from "../../../examples/demo/race.ts";
import { report } from "../../../examples/demo/report.ts";
import { statisticsOf } from "../../../examples/demo/statistics.ts";
import { attempt, MEMBERS, result, won } from "./evidence.ts";

/** A log with exactly these attempts. */
function logOf(attempts: Attempt[]): ClaimsLog {
  return Object.assign(ClaimsLog.withCapacity(0), { attempts: () => attempts });
}

/**
 * w3 did line 0 and claimed lines 1, 2 and 4, and was terminated at 200. w1 took over line 1, w2 line 2.
 * w3 was back at 350, did line 5, and took over the line that it had left itself: line 4.
 */
function race(): Race {
  const results = [
    result(0, "w3", 10),
    result(1, "w1", 40),
    result(2, "w2", 50),
    result(3, "w1", 45),
    result(4, "w3", 60),
    result(5, "w3", 55),
  ];
  const w1 = logOf([
    attempt(0, 10, 2, 100),
    attempt(1, 20, 2, 110),
    won(3, 45, 0, 205),
    won(1, 40, 0, 1199),
  ]);
  const w2 = logOf([attempt(2, 30, 2, 120), won(2, 50, 1, 1249)]);
  // It had no time to record its claims of lines 2 and 4: only other workers saw them.
  const w3 = logOf([won(0, 10, 2, 100), won(1, 20, 2, 109, { publishing: 0, published: 0 })]);
  const w3Again = logOf([won(5, 55, 2, 360), attempt(4, 31, 2, 370), won(4, 60, 2, 1299)]);
  return {
    lines: ["a", "b", "c", "d", "e", "f"],
    members: MEMBERS,
    lives: [
      { worker: 0, log: w1 },
      { worker: 1, log: w2 },
      { worker: 2, log: w3 },
      { worker: 2, log: w3Again },
    ],
    terminated: { worker: 2, at: 200 },
    restarted: { at: 300, ready: 350 },
    results: [results, results, results],
  };
}

/** A race in which only w1 did anything. */
function only(attempts: Attempt[], results: LineResult[]): Race {
  const lives = [0, 1, 2, 2].map((worker, life) => ({
    worker,
    log: logOf(life === 0 ? attempts : []),
  }));
  return { ...race(), lives, results: MEMBERS.map(() => results) };
}

describe("statisticsOf()", () => {
  it("counts the work of each worker in each life", () => {
    const counts = statisticsOf(race()).workers.map((
      { id, fate, won, lost, takenOver, results },
    ) => [id, fate, won, lost, takenOver, results]);
    assertEquals(counts, [
      ["w1", null, 2, 2, 1, 2],
      ["w2", null, 1, 1, 1, 1],
      ["w3", "terminated", 2, 0, 0, 1],
      ["w3", "restarted", 2, 1, 1, 2],
    ]);
  });

  it("counts attempts, lost attempts, and lines that several workers wanted at once", () => {
    const { attempts, lost, contested } = statisticsOf(race());
    // Line 0 at 100, by w1 and w3; on line 1 w1 began when w3 had its answer.
    assertEquals({ attempts, lost, contested }, { attempts: 11, lost: 4, contested: 1 });
  });

  it("measures the failover from the termination", () => {
    assertEquals(statisticsOf(race()).failover, {
      worker: "w3",
      unfinished: 3,
      nextClaim: 6,
      first: 1000,
      last: 1100,
    });
  });

  it("measures the recovery from the restart", () => {
    assertEquals(statisticsOf(race()).recovery, {
      worker: "w3",
      startedAfter: 100,
      took: 50,
      claims: 2,
    });
  });

  it("counts the operations until the termination, in a second", () => {
    // Five attempts and one publication in the 100 ms from the first attempt.
    assertEquals(statisticsOf(race()).operationsPerSecond, 60);
  });

  it("computes the median and the 99th percentile of durations", () => {
    const claims = Array.from(
      { length: 100 },
      (_, i) => won(i, i + 1, 0, 0, { answered: i + 1, publishing: 0, published: 0 }),
    );
    const results = Array.from({ length: 100 }, (_, i) => result(i, "w1", i + 1));
    const [{ claim, publish }] = statisticsOf(only(claims, results)).workers;
    assertEquals(claim, { p50: 50, p99: 99 });
    assertEquals(publish, null);
  });
});

describe("report()", () => {
  it("prints the figures as a table and in words", () => {
    const text = report(statisticsOf(race()));
    assertEquals(text.split("\n"), [
      "worker  claims won  lost  taken over  results  claim p50     p99  publish p50     p99",
      "w1               2     2           1        2     1.0 ms  1.0 ms       1.0 ms  1.0 ms",
      "w2               1     1           1        1     1.0 ms  1.0 ms       1.0 ms  1.0 ms",
      "w3               2     0           0        1     1.0 ms  1.0 ms       1.0 ms  1.0 ms  terminated",
      "w3               2     1           1        2     1.0 ms  1.0 ms       1.0 ms  1.0 ms  restarted",
      "all              7     4           3        6",
      "",
      "contention  4 of 11 claims went to another worker",
      "            1 line was claimed by several at the same moment",
      "speed       60 claims and publications a second, of all three together",
      "failover    the next claim came 6.0 ms after the termination",
      "            3 lines that w3 had claimed and not finished: taken over after 1,000 ms to 1,100 ms",
      "recovery    w3 started again 100 ms later, with an empty memory",
      "            it had its memory back, and a session, after 50 ms; from then on it claimed 2 lines",
    ]);
  });

  it("reports that no claimed line was left behind", () => {
    const text = report(statisticsOf(only([won(0, 10, 0, 100)], [result(0, "w1", 10)])));
    assertStringIncludes(text, "w3 left no line behind that was claimed and not done");
  });
});
