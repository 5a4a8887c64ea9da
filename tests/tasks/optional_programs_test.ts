import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { findChromium, findMissing } from "../../tasks/optional_programs.ts";
import { deno, root, run } from "../../tasks/process.ts";

const NOWHERE = "/nowhere/chromium";

describe("an optional program", () => {
  let before: string | undefined;
  beforeEach(() => {
    before = Deno.env.get("CHROMIUM");
  });
  afterEach(() => {
    if (before === undefined) Deno.env.delete("CHROMIUM");
    else Deno.env.set("CHROMIUM", before);
  });

  it("is found if it runs", async () => {
    Deno.env.set("CHROMIUM", deno);
    assertEquals(await findChromium(), deno);
    assertEquals(await findMissing(["chromium"]), new Set());
  });

  it("is missing if it does not exist, or does not run", async () => {
    for (const program of [NOWHERE, `${root}LICENSE`, "false"]) {
      Deno.env.set("CHROMIUM", program);
      await assertRejects(() => findChromium(), Error, program);
      assertEquals(await findMissing(["chromium"]), new Set(["chromium" as const]));
    }
  });

  it("is reported by the test task, which does not count the tests that it did not run", async () => {
    const ended = await run(deno, [
      "run",
      "--no-check",
      "--allow-all",
      "tasks/test.ts",
      "--runtime",
      "deno",
      "tests/runtimes/browser/",
      "tests/tasks/junit_test.ts",
    ], { env: { CHROMIUM: NOWHERE }, timeout: 120_000 });
    assertEquals(ended.code, 0, ended.output);
    const lines = ended.output.trimEnd().split("\n");
    const total = Number(/^(\d+) passed, 0 failed$/.exec(lines.at(-1)!)?.[1]);
    const ran = lines.filter((line) => line.startsWith("deno  tests/"));
    assert(ran.length === 1 && ran[0].includes(`junit_test.ts: ${total} passed`), ended.output);
    const notRun = lines.filter((line) => line.startsWith("not run: "));
    assert(notRun.length > 0, ended.output);
    for (const line of notRun) {
      assert(/^not run: tests\/runtimes\/browser\/\w+_test\.ts \(no chromium /.test(line), line);
    }
  });
});
