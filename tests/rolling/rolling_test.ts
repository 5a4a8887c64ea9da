import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

/** Little load and much time, for a busy machine: operations must not fail because the machine has no time for them. */
const LOAD = ["--calls", "20", "--contenders", "4", "--pause", "300", "--timeout", "20000"];

describe("a rolling restart of processes over WebSocket (section 10)", () => {
  it("fails no call, no lock and no put", async () => {
    const map = `--import-map=${root}tests/offline/import_map.json`;
    const args = ["run", "--no-check", "--no-prompt", "--allow-all", map];
    const { code, output, timedOut } = await run(
      deno,
      [...args, `${root}tests/rolling/main.ts`, ...LOAD],
      { timeout: 120_000 },
    );
    assertEquals([code, timedOut], [0, false], output);
    for (const kind of ["calls", "locks", "puts"]) {
      assertMatch(output, new RegExp(`^${kind} +[1-9][0-9]* done, failed: none;`, "m"));
    }
  });
});
