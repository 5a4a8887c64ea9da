import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

const { exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));

// deno-lint-ignore no-explicit-any -- the output of `deno doc --json`, of which a few fields are read
type Json = any;

/** The types of this project to which `node`, a part of the output of `deno doc --json`, refers. */
function* referencesIn(node: Json): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  if (node.kind === "typeRef") {
    const { typeName, resolution } = node.value;
    if (resolution?.kind === "import" && !resolution.specifier.startsWith(".")) return;
    if (resolution?.kind === "import") yield resolution.name ?? typeName;
    if (resolution?.kind === "local") yield typeName;
  }
  for (const [name, part] of Object.entries(node)) {
    // Users do not construct the classes, so the private parts of a node are not part of the API.
    if (name !== "constructors") yield* referencesIn(part);
  }
}

/** Types to which exported symbols of `documentation` refer but which it does not export, with the symbols. */
function missingIn(documentation: Json): string[] {
  const missing: string[] = [];
  for (const { symbols } of Object.values<Json>(documentation.nodes)) {
    const names = new Set(symbols.map(({ name }: Json) => name));
    for (const { name, declarations } of symbols) {
      const references = [...new Set(referencesIn(declarations))];
      missing.push(...references.filter((one) => !names.has(one)).map((one) => `${name}: ${one}`));
    }
  }
  return missing;
}

describe("an entry point", () => {
  for (const [entry, file] of Object.entries<string>(exports)) {
    it(`exports every type that its exports refer to: ${entry}`, async () => {
      const { code, output } = await run(deno, ["doc", "--json", "--quiet", file]);
      assertEquals(code, 0, output);
      const documentation = JSON.parse(output.slice(output.indexOf("{")));
      assertEquals(missingIn(documentation), []);
    });
  }

  it("is reported if it does not", () => {
    const reference = (typeName: string, resolution: object) => ({
      kind: "typeRef",
      value: { typeName, resolution },
    });
    const method = [
      reference("Known", { kind: "local" }),
      reference("Life", { kind: "import", specifier: "../paxos/ballot.ts", name: "Life" }),
      reference("Hono", { kind: "import", specifier: "hono", name: "Hono" }),
      reference("T", { kind: "typeParam" }),
    ];
    const symbols = [
      { name: "Known", declarations: [] },
      { name: "Node", declarations: [{ def: { methods: [{ params: method }] } }] },
    ];
    assertEquals(missingIn({ nodes: { "mod.ts": { symbols } } }), ["Node: Life"]);
  });
});
