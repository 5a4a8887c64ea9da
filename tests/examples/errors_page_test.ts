import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { root } from "../../tasks/process.ts";

/** The errors of results in the shipped code, some of which are codes of a `SynodError`, too. */
async function resultErrors(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await resultErrors(`${folder}${name}/`));
    if (!name.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(folder + name);
    for (const [result] of text.matchAll(/\bResult<[^=;{}()]*>/g)) {
      found.push(...[...result.matchAll(/"(\w+)"/g)].map(([, error]) => error));
    }
  }
  return found;
}

describe("docs/errors.md", () => {
  it("has a section for every code, with its cause and its cure, and for nothing else", async () => {
    const source = await Deno.readTextFile(`${root}lib/errors.ts`);
    const union = source.slice(source.indexOf("type SynodErrorCode"), source.indexOf(";"));
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);
    const page = await Deno.readTextFile(`${root}docs/errors.md`);
    const sections = page.split(/^### /m).slice(1);
    const described = sections.map((section) => section.match(/^`(\w+)`/)?.[1]);
    const all = new Set([...codes, ...await resultErrors(`${root}lib/`)]);
    assertEquals(described.toSorted(), [...all].toSorted());
    for (const section of sections) {
      const [name] = section.split("\n");
      assertEquals([section.includes("_Cause:_"), section.includes("_Cure:_")], [true, true], name);
    }
  });
});
