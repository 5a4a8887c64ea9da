import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { root } from "../../tasks/process.ts";

/** A program that replaces another: a bash script. */
type Fakes = Record<string, string>;

/** Other programs of the machine that `.ci/run` uses. */
const TOOLS = ["bash", "dirname", "grep", "mktemp", "rm", "tail", "tee", "timeout"];

/** Runs `.ci/run` with no programs but `fakes` and the tools. */
async function runWith(fakes: Fakes): Promise<{ lines: string[]; code: number }> {
  const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
  try {
    for (const tool of TOOLS) {
      const { stdout } = await new Deno.Command("which", { args: [tool] }).output();
      await Deno.symlink(new TextDecoder().decode(stdout).trim(), `${folder}/${tool}`);
    }
    for (const [name, script] of Object.entries(fakes)) {
      await Deno.writeTextFile(`${folder}/${name}`, `#!${folder}/bash\n${script}\n`, {
        mode: 0o755,
      });
    }
    const ended = await new Deno.Command(`${folder}/bash`, {
      args: [`${root}.ci/run`],
      clearEnv: true,
      env: { PATH: folder },
      stdin: "null",
    }).output();
    const lines = new TextDecoder().decode(ended.stdout).trimEnd().split("\n");
    return { lines, code: ended.code };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The servers that tests need. */
const SERVERS: Fakes = { pg_ctlcluster: "", "redis-server": "" };

/** Runs `.ci/run` with all that it needs, and with a test command that prints `output` and exits with `code`. */
function runCi(output: string, code: number): Promise<{ lines: string[]; code: number }> {
  const quoted = `'${output}'`;
  return runWith({ npx: `printf %s ${quoted}\nexit ${code}`, chromium: "", ...SERVERS });
}

describe(".ci/run", () => {
  it("passes on the output and the exit code of a successful run", async () => {
    assertEquals(await runCi("ok: lint\n12 passed, 0 failed\n", 0), {
      lines: ["ok: lint", "12 passed, 0 failed"],
      code: 0,
    });
  });

  it("fails if a test failed, with any exit code", async () => {
    const lines = ["11 passed, 1 failed"];
    assertEquals(await runCi("11 passed, 1 failed\n", 1), { lines, code: 1 });
    assertEquals(await runCi("11 passed, 1 failed\n", 0), { lines, code: 1 });
  });

  it("repeats the count if other output follows it", async () => {
    const { lines, code } = await runCi("3 passed, 0 failed\nsome notice\n", 0);
    assertEquals(lines, ["3 passed, 0 failed", "some notice", "3 passed, 0 failed"]);
    assertEquals(code, 0);
  });

  it("fails with a count if there is none", async () => {
    assertEquals(await runCi("cannot fetch\n", 1), {
      lines: ["cannot fetch", "0 passed, 1 failed"],
      code: 1,
    });
    assertEquals((await runCi("", 0)).lines.at(-1), "0 passed, 1 failed");
    assertEquals((await runCi("", 0)).code, 1);
  });

  it("counts one failure if the exit code contradicts the count", async () => {
    const { lines, code } = await runCi("5 passed, 0 failed\n", 7);
    assertEquals(lines.at(-1), "5 passed, 1 failed");
    assertEquals(code, 1);
  });
});

describe(".ci/run, without a browser", () => {
  const passes = { npx: "echo '2 passed, 0 failed'", ...SERVERS };
  const asRoot = { id: "echo 0" };

  it("installs one before the tests, and hides the output of the installation", async () => {
    const get = `echo "noise"; [[ $1 != install ]] || echo : > "\${0%/*}/installed"`;
    const npx = `[[ -e "\${0%/*}/installed" ]] && echo '2 passed, 0 failed'`;
    assertEquals(await runWith({ ...asRoot, "apt-get": get, npx, ...SERVERS }), {
      lines: ["Installing chromium", "2 passed, 0 failed"],
      code: 0,
    });
  });

  it("installs the servers with it that are not there either", async () => {
    const get = `[[ $1 != install ]] || echo "$*" > "\${0%/*}/installed"`;
    const npx = `read -r line < "\${0%/*}/installed"; echo "$line"; echo '2 passed, 0 failed'`;
    assertEquals(await runWith({ ...asRoot, "apt-get": get, npx }), {
      lines: [
        "Installing chromium postgresql redis-server",
        "install -y -qq --no-install-recommends chromium postgresql redis-server",
        "2 passed, 0 failed",
      ],
      code: 0,
    });
  });

  for (const step of ["update", "install"]) {
    it(`reports a failure at "${step}", and runs the tests all the same`, async () => {
      const get = `[[ $1 == ${step} ]] && echo "E: no network" >&2 && exit 100; exit 0`;
      assertEquals(await runWith({ ...asRoot, "apt-get": get, ...passes }), {
        lines: [
          "Installing chromium",
          "They could not be installed:",
          "E: no network",
          "2 passed, 0 failed",
        ],
        code: 0,
      });
    });
  }

  it("reports that it cannot install one", async () => {
    const lines = [
      "Not here, and only root can install it, with apt-get: chromium",
      "2 passed, 0 failed",
    ];
    const get = { "apt-get": "echo called" };
    assertEquals(await runWith({ id: "echo 1000", ...get, ...passes }), { lines, code: 0 });
    assertEquals(await runWith({ ...asRoot, ...passes }), { lines, code: 0 });
  });
});
