import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Gone } from "./support/gone.ts";
import { runProgram, RUNTIMES } from "./support/run_program.ts";

/** The default `sessionTtl`, in milliseconds. */
const SESSION_TTL = 5_000;

/** By how much two clocks of one machine may differ, in milliseconds. */
const PRECISION = 5;

for (const runtime of RUNTIMES) {
  describe(`threads in ${runtime} that are terminated (section 6)`, () => {
    let report: Gone;

    beforeAll(async () => {
      const { code, output, timedOut } = await runProgram(runtime, "gone.ts", ["client", "2"]);
      assertEquals([code, timedOut], [0, false], output);
      report = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    });

    it("lose their locks at once where the platform has Web Locks, else with their sessions", () => {
      const { cluster, asked, remaining, hasLocks } = report;
      assertEquals(cluster.length, 2);
      for (const [round, took] of cluster.entries()) {
        const text = JSON.stringify(report);
        assertGreater(remaining[round], 0, text);
        // Real time on a busy machine: far from a session, though usually a few milliseconds.
        if (hasLocks) assertLess(took, SESSION_TTL / 3, text);
        else assertGreater(asked[round], remaining[round] - PRECISION, text);
      }
    });

    it("keep them while they are only blocked", () => {
      assert(!report.blockedLost, JSON.stringify(report));
    });
  });
}
