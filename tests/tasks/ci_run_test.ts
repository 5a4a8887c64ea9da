import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { root } from "../../tasks/process.ts";

/** Runs `.ci/run` with a test command that prints `output` and exits with `code`. */
async function runCi(output: string, code: number): Promise<{ lines: string[]; code: number }> {
  const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
  try {
    const script = `#!/usr/bin/env bash\nprintf '%s' "$FAKE_OUTPUT"\nexit "$FAKE_CODE"\n`;
    await Deno.writeTextFile(`${folder}/npx`, script, { mode: 0o755 });
    const ended = await new Deno.Command("bash", {
      args: [`${root}.ci/run`],
      env: {
        PATH: `${folder}:${Deno.env.get("PATH")}`,
        FAKE_OUTPUT: output,
        FAKE_CODE: String(code),
      },
      stdin: "null",
    }).output();
    const lines = new TextDecoder().decode(ended.stdout).trimEnd().split("\n");
    return { lines, code: ended.code };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

describe(".ci/run", () => {
  it("passes on a run that passed: all that it printed, and its exit code", async () => {
    assertEquals(await runCi("ok: lint\n12 passed, 0 failed\n", 0), {
      lines: ["ok: lint", "12 passed, 0 failed"],
      code: 0,
    });
  });

  it("fails where a test failed, whatever the exit code", async () => {
    const lines = ["11 passed, 1 failed"];
    assertEquals(await runCi("11 passed, 1 failed\n", 1), { lines, code: 1 });
    assertEquals(await runCi("11 passed, 1 failed\n", 0), { lines, code: 1 });
  });

  it("repeats the count if something else came after it", async () => {
    const { lines, code } = await runCi("3 passed, 0 failed\nsome notice\n", 0);
    assertEquals(lines, ["3 passed, 0 failed", "some notice", "3 passed, 0 failed"]);
    assertEquals(code, 0);
  });

  it("fails, with a count, where there is none", async () => {
    assertEquals(await runCi("cannot fetch\n", 1), {
      lines: ["cannot fetch", "0 passed, 1 failed"],
      code: 1,
    });
    assertEquals((await runCi("", 0)).lines.at(-1), "0 passed, 1 failed");
    assertEquals((await runCi("", 0)).code, 1);
  });

  it("counts one failure where the exit code denies the count", async () => {
    const { lines, code } = await runCi("5 passed, 0 failed\n", 7);
    assertEquals(lines.at(-1), "5 passed, 1 failed");
    assertEquals(code, 1);
  });
});
