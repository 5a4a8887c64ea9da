import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess } from "@std/assert";
import { LIMIT, runProgram } from "./support/run_program.ts";

/** The default `sessionTtl`, in milliseconds. */
const SESSION_TTL = 5_000;

describe("child processes that are killed, over WebSocket (section 6)", () => {
  it("lose their locks when their parent reports that they have exited", async () => {
    const permissions = ["--allow-net", "--allow-run"];
    const { code, output, timedOut } = await runProgram(
      "deno",
      "killed.ts",
      ["2"],
      LIMIT,
      permissions,
    );
    assertEquals([code, timedOut], [0, false], output);
    const { took } = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    assertEquals(took.length, 2);
    // Real time on a busy machine: far from a session, though usually a few milliseconds.
    for (const time of took) assertLess(time, SESSION_TTL / 3, output);
  });
});
