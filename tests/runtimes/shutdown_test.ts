import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import { LIMIT, runProgram, RUNTIMES } from "./support/run_program.ts";
import type { Shutdown } from "./support/shutdown.ts";

/** Real time on a busy machine; a server that waits for its connections never stops. In milliseconds. */
const LONGEST = 6_000;

for (const runtime of RUNTIMES) {
  for (const scheme of ["ws", "http"]) {
    describe(`the server of a node in ${runtime}, over ${scheme}`, () => {
      it("stops before, together with, and after the node", async () => {
        const permissions = ["--allow-net=127.0.0.1"];
        const { code, output, timedOut } = await runProgram(
          runtime,
          "shutdown.ts",
          [scheme],
          LIMIT,
          permissions,
        );
        assertEquals([code, timedOut], [0, false], output);
        const line = output.split("\n").find((line) => line.startsWith("{")) ?? "";
        const report: Shutdown = JSON.parse(line);
        assert(report.worked, "the node did not work without its server");
        for (const order of ["drained", "together", "nodeFirst"] as const) {
          assert(report[order] >= 0, `${order}: the server did not stop: ${line}`);
          assertLess(report[order], LONGEST, line);
        }
      });
    });
  }
}
