import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { esbuild } from "../../tasks/node_modules.ts";
import { root, run } from "../../tasks/process.ts";

/** The share of files with code whose tests are at their place, at least. */
const SHARE = 0.85;

/** The place of the tests of a file: `tests/x/y_test.ts` for `lib/x/y.ts`, `tests/transports/` for transports. */
function placeOf(file: string): string {
  return `tests/${file.replace(/^lib\//, "").replace(/\.ts$/, "_test.ts")}`;
}

/**
 * Whether `code`, the JavaScript of a file, does anything: types are not in it any more, and imports and re-exports
 * do not count.
 */
function hasCode(code: string): boolean {
  return code
    .replace(/^"use strict";/, "")
    .replaceAll(
      /\b(?:import|export)\s*(?:\*(?:\s*as\s+\w+)?|\w+|\{[^}]*\})\s*from\s*"[^"]+";?/g,
      "",
    )
    .replaceAll(/\bimport\s*"[^"]+";?|\bexport\s*\{[^}]*\};?/g, "")
    .trim() !== "";
}

/** The TypeScript files in a folder, and their JavaScript, as esbuild compiles each one alone. */
async function compiled(folders: readonly string[]): Promise<Map<string, string>> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else if (name.endsWith(".ts")) files.push(`${folder}/${name}`);
    }
  };
  for (const folder of folders) await walk(folder);
  const output = await Deno.makeTempDir({ prefix: "synod-places-" });
  try {
    const args = [esbuild, ...files, "--outbase=.", `--outdir=${output}`, "--legal-comments=none"];
    const { code, output: said } = await run("node", [...args, "--log-level=warning"]);
    assertEquals([code, said], [0, ""]);
    const text = (file: string) => Deno.readTextFile(`${output}/${file.replace(/\.ts$/, ".js")}`);
    return new Map(
      await Promise.all(files.sort().map(async (file) => [file, await text(file)] as const)),
    );
  } finally {
    await Deno.remove(output, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

describe("the tests of lib/x/y.ts are tests/x/y_test.ts", () => {
  it(`for ${SHARE * 100} % of the files in lib and transports, without those of types only`, async () => {
    const sources = await compiled(["lib", "transports"]);
    const counted = [...sources].filter(([, code]) => hasCode(code)).map(([file]) => file);
    assert(counted.length > 200, `${counted.length} files were found`);
    const found = await Promise.all(counted.map((file) => exists(root + placeOf(file))));
    const missing = counted.filter((_, index) => !found[index]);
    const share = 1 - missing.length / counted.length;
    const percent = (share * 100).toFixed(1);
    assert(
      share >= SHARE,
      `${counted.length - missing.length} of ${counted.length} files (${percent} %) have their ` +
        `tests at their place; not these:\n  ${missing.join("\n  ")}`,
    );
  });

  it("a file of transports has its tests in tests/transports", () => {
    assertEquals(placeOf("lib/kv/puts.ts"), "tests/kv/puts_test.ts");
    assertEquals(placeOf("lib/errors.ts"), "tests/errors_test.ts");
    assertEquals(placeOf("transports/http/link.ts"), "tests/transports/http/link_test.ts");
  });

  it("files of types and re-exports do not count, all others do", () => {
    assertEquals(hasCode('"use strict";\n'), false);
    assertEquals(hasCode('import { a } from "./a.js";\nexport {\n  a\n};\n'), false);
    assertEquals(
      hasCode('export * from "./a.js";\nexport * as b from "./b.js";\nimport "./c.js";'),
      false,
    );
    assertEquals(hasCode('import { a } from "./a.js";\nexport const b = a;\n'), true);
    assertEquals(hasCode("const LIMIT = 1e3;\nexport {\n  LIMIT\n};\n"), true);
    assertEquals(hasCode('import { a } from "./a.js";\na();\n'), true);
  });
});
