import { beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Report } from "./support/hand_over.ts";
import { runProgram, RUNTIMES } from "./support/run_program.ts";

/** By how much two clocks of one machine may differ, in milliseconds. */
const PRECISION = 5;

for (const runtime of RUNTIMES) {
  describe(`locks of five threads in ${runtime}, each a member over broadcastChannel()`, () => {
    let report: Report;

    beforeAll(async () => {
      const { code, output, timedOut } = await runProgram(runtime, "hand_over.ts");
      assertEquals([code, timedOut], [0, false], output);
      report = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    });

    // The number of round trips is verified in the simulator, where time is virtual.
    for (const way of ["release", "exit", "close"] as const) {
      it(`pass to the next owner at once: ${way}`, () => {
        const longest = Math.max(...report[way]);
        assertLess(longest, report.sessionTtl / 3, JSON.stringify(report));
      });
    }

    it("pass to the next owner when the session of a terminated thread has ended", () => {
      assertGreater(report.remaining, 0);
      assertGreater(report.diedAsked, report.remaining - PRECISION);
      assertLess(report.died, report.sessionTtl + 1_000);
    });
  });
}
