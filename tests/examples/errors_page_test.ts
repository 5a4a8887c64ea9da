import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { root } from "../../tasks/process.ts";

/** Errors of results, which are no codes of a `SynodError`; `no_quorum` is both. */
const RESULTS = ["not_found", "invalid_value"];

describe("docs/errors.md", () => {
  it("has a section for every code, with its cause and its cure, and for nothing else", async () => {
    const source = await Deno.readTextFile(`${root}lib/errors.ts`);
    const union = source.slice(source.indexOf("type SynodErrorCode"), source.indexOf(";"));
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);
    const page = await Deno.readTextFile(`${root}docs/errors.md`);
    const sections = page.split(/^### /m).slice(1);
    const described = sections.map((section) => section.match(/^`(\w+)`/)?.[1]);
    assertEquals(described.toSorted(), [...codes, ...RESULTS].toSorted());
    for (const section of sections) {
      const [name] = section.split("\n");
      assertEquals([section.includes("_Cause:_"), section.includes("_Cure:_")], [true, true], name);
    }
  });
});
