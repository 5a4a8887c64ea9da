import { deno, root, run } from "./process.ts";
import { offlineSetup, type Setup } from "./run_file.ts";

/** Time to wait for JSR before using the offline stand-ins, in milliseconds. */
const PATIENCE = 20_000;

/** The `jsr:` entries of deno.json. */
async function packagesOfJsr(): Promise<string[]> {
  const config = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const imports: Record<string, string> = config.imports;
  return Object.values(imports).filter((specifier) => specifier.startsWith("jsr:"));
}

/**
 * Takes the tests' own imports from JSR if it can be reached (or Deno has them cached), and otherwise
 * from `tests/offline`. `folder` is for a copy of the lock file, to which Deno adds them: in the
 * project's own lock file they would make every checkout depend on JSR.
 */
export async function chooseSetup(folder: string): Promise<Setup> {
  const offline = await offlineSetup();
  const lock = `${folder}/deno.lock`;
  await Deno.copyFile(`${root}deno.lock`, lock);
  const wanted = (await packagesOfJsr())
    // The package itself has no main module.
    .map((specifier) => specifier.includes("@std/testing") ? `${specifier}/bdd` : specifier);
  const ended = await run(deno, ["cache", `--lock=${lock}`, ...wanted], { timeout: PATIENCE });
  if (ended.code === 0) return { ...offline, importMap: null, lock };
  console.log("JSR cannot be reached: @std/assert and @std/testing/bdd come from tests/offline");
  return offline;
}
