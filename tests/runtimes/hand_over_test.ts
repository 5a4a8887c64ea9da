import { beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Report } from "./hand_over.ts";
import { runProgram, RUNTIMES } from "./run_program.ts";

for (const runtime of RUNTIMES) {
  describe(`locks of five threads in ${runtime}, each a member over broadcastChannel()`, () => {
    let report: Report;

    beforeAll(async () => {
      const { code, output, timedOut } = await runProgram(runtime, "hand_over.ts");
      assertEquals([code, timedOut], [0, false], output);
      report = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    });

    // How many round trips that takes is measured in the simulator, where nothing else takes time.
    for (const way of ["release", "exit", "close"] as const) {
      it(`go to the next one at once: ${way}`, () => {
        const longest = Math.max(...report[way]);
        assertLess(longest, report.sessionTtl / 3, JSON.stringify(report));
      });
    }

    it("go to the next one when the session of a thread that was ended is over", () => {
      for (const took of report.died) {
        // Its last renewal was at most a third of the session before its end.
        assertGreater(took, report.sessionTtl / 2);
        assertLess(took, report.sessionTtl + 1_000);
      }
    });
  });
}
