import { esbuild } from "./node_modules.ts";
import { run } from "./process.ts";

/**
 * Bundles the program `entry`, with all that it imports, into one JavaScript module for browsers and
 * workerd: the file `output`. esbuild does it, in the version of the lock file (`deno bundle` works
 * with esbuild as well, but fetches its own when it is first used), and takes the library's dependencies
 * from `node_modules`.
 */
export async function bundle(entry: string, output: string): Promise<void> {
  const { code, output: said } = await run("node", [
    esbuild,
    entry,
    "--bundle",
    "--format=esm",
    "--platform=browser",
    "--target=es2022",
    "--log-level=warning",
    `--outfile=${output}`,
  ]);
  if (code !== 0 || said !== "") throw new Error(`esbuild, for ${entry}:\n${said}`);
}
