import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

const AROUND = "with the lock around the loop";
const INSIDE = "with the lock inside the loop";
const WITHOUT = "without the lock";

/** The lines that the example prints, each by its heading. */
async function lines(...flags: string[]): Promise<Record<string, string>> {
  const main = `${root}examples/ten-processes/main.ts`;
  const args = ["run", "--no-check", "--no-prompt", "--allow-read", main, ...flags];
  const { code, output, timedOut } = await run(deno, args, { timeout: 180_000 });
  assertEquals([code, timedOut], [0, false], output);
  return Object.fromEntries(
    Array.from(output.matchAll(/^(with.*):\n(\d+)$/gm), ([, ...pair]) => pair),
  );
}

/** Fails unless each digit occurs five times. */
function assertComplete(line: string): void {
  assertEquals(
    line.split("").sort().join(""),
    "0123456789".replaceAll(/\d/g, (digit) => digit.repeat(5)),
  );
}

describe("examples/ten-processes", () => {
  it("prints each digit five times in a row, also with the lock inside the loop", async () => {
    const printed = await lines();
    assertEquals(Object.keys(printed), [AROUND, INSIDE]);
    for (const line of Object.values(printed)) {
      assertComplete(line);
      assertMatch(line, /^(?:(\d)\1{4}){10}$/);
    }
  });

  it("mixes them without the lock", async () => {
    const printed = await lines("--no-lock");
    assertEquals(Object.keys(printed), [WITHOUT]);
    assertComplete(printed[WITHOUT]);
    assert(!/(\d)\1{4}/.test(printed[WITHOUT]), printed[WITHOUT]);
  });
});
