import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import { runPast, runProgram, RUNTIMES } from "./support/run_program.ts";

/** Time for which a program that must not end is observed once it has done its work, in milliseconds. */
const WATCHED = 4_000;

/** Limit in milliseconds, below the 15 s for which a timer of Deno can outlive all closed sockets. */
const SOON = 13_000;

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

    it("so does one whose transport has rejected a stranger that went on sending", async () => {
      const permissions = ["--allow-net=127.0.0.1"];
      const { code, output, timedOut } = await runPast(
        "closed with ",
        runtime,
        "leave_stranger.ts",
        [],
        SOON,
        permissions,
      );
      assertEquals([code, timedOut], [0, false], output);
      // Deno's server drops a connection on which data arrives after its close frame. Its client then sees a
      // failed connection (0), if the words were not sent at once.
      assertMatch(output, runtime === "deno" ? /^closed with (4401|0)$/m : /^closed with 4401$/m);
    });

    it("a program that leaves a node open keeps running", async () => {
      const sign = '"claim":"hello"';
      const { timedOut } = await runPast(sign, runtime, "leave.ts", ["stay"], WATCHED);
      assertEquals(timedOut, true);
    });
  });
}
