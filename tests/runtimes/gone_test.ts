import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Gone } from "./support/gone.ts";
import { runProgram, RUNTIMES } from "./support/run_program.ts";

/** The default `sessionTtl`, in milliseconds. */
const SESSION_TTL = 5_000;

for (const runtime of RUNTIMES) {
  describe(`threads in ${runtime} that are terminated (section 6)`, () => {
    let report: Gone;

    beforeAll(async () => {
      const { code, output, timedOut } = await runProgram(runtime, "gone.ts", ["client", "2"]);
      assertEquals([code, timedOut], [0, false], output);
      report = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    });

    it("lose their locks at once where the platform has Web Locks, else with their sessions", () => {
      for (const took of report.cluster) {
        // Real time on a busy machine: far from a session, though usually a few milliseconds.
        if (report.hasLocks) assertLess(took, SESSION_TTL / 3, JSON.stringify(report));
        else assertGreater(took, SESSION_TTL / 2, JSON.stringify(report));
      }
    });

    it("keep them while they are only blocked", () => {
      assert(!report.blockedLost, JSON.stringify(report));
    });
  });
}
