/**
 * Loaded into the processes of tests and measurements in Node 24, which runs TypeScript by itself: resolves their own
 * imports to the files that `tsconfig.json` names under `paths`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const root = new URL("..", import.meta.url);
const config = JSON.parse(readFileSync(new URL("tsconfig.json", root), "utf8"));
const paths: Record<string, [string]> = config.compilerOptions.paths;

registerHooks({
  resolve(specifier, context, nextResolve) {
    return Object.hasOwn(paths, specifier)
      ? { url: new URL(paths[specifier][0], root).href, shortCircuit: true }
      : nextResolve(specifier, context);
  },
});
