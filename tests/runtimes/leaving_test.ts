import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram, RUNTIMES } from "./run_program.ts";

/** How long a program that has no end is watched, in milliseconds. */
const WATCHED = 4_000;

for (const runtime of RUNTIMES) {
  describe(`close() in ${runtime} leaves nothing behind`, () => {
    it("a program that joins, puts and closes exits by itself", async () => {
      const { code, output, timedOut } = await runProgram(runtime, "leave.ts");
      assertEquals([code, timedOut], [0, false], output);
      assertEquals(JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!), {
        put: { ok: true, value: "hello" },
        claim: "hello",
        waiting: "closed",
      });
    });

    it("so does one with three threads that join, put and close", async () => {
      const { code, output, timedOut } = await runProgram(runtime, "leave_threads.ts");
      assertEquals([code, timedOut], [0, false], output);
      assertEquals(output.match(/^w[123]: left$/gm)?.sort(), ["w1: left", "w2: left", "w3: left"]);
    });

    it("a program that leaves a node open goes on", async () => {
      const { timedOut, output } = await runProgram(runtime, "leave.ts", ["stay"], WATCHED);
      assertEquals(timedOut, true, output);
      assertStringIncludes(output, '"claim":"hello"', "it was not through before it was killed");
    });
  });
}
