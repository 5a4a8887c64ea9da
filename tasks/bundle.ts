import { esbuild } from "./node_modules.ts";
import { run } from "./process.ts";

/**
 * Bundles the program `entry` and its imports into one JavaScript module for browsers and workerd: the
 * file `output`. It runs esbuild, in the version of the lock file (`deno bundle` also uses esbuild, but
 * downloads its own at first use), and takes the library's dependencies from `node_modules`. `aliases`: files in
 * place of modules, by the names under which they are imported.
 */
export async function bundle(
  entry: string,
  output: string,
  aliases: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, output: said } = await run("node", [
    esbuild,
    entry,
    "--bundle",
    "--format=esm",
    "--platform=browser",
    "--target=es2022",
    "--log-level=warning",
    ...Object.entries(aliases).map(([name, file]) => `--alias:${name}=${file}`),
    `--outfile=${output}`,
  ]);
  if (code !== 0 || said !== "") throw new Error(`esbuild, for ${entry}:\n${said}`);
}
