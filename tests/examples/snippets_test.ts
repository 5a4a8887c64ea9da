import { assert, assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { tsc } from "../../tasks/node_modules.ts";
import { deno, root, run } from "../../tasks/process.ts";
import { extractSnippets, type Snippet, withPrelude } from "./support/snippets.ts";

/** Time limit for a program, in milliseconds; each takes a fraction of it. */
const LIMIT = 180_000;

/** Marks of snippets that need hosts which do not exist, or more nodes: they are type-checked, but not run. */
const NOT_RUN = [".example/", "changeMembers("];

/** The files that programs of snippets import, and the declarations for TypeScript. */
const SUPPORT = [
  ...["prelude.ts", "node.ts", "watched.ts", "deno_runner.ts", "test_runner.ts"],
  "platform.d.ts",
];

/** What has a stand-in here: the runners of tests, which run nothing outside of their own programs. */
const RUNNERS = ["vitest", "node:test"];

const preludes = new URL("./support/", import.meta.url);

async function markdownFiles(): Promise<string[]> {
  const files = ["README.md"];
  for await (const { name } of Deno.readDir(`${root}docs`)) {
    if (name.endsWith(".md")) files.push(`docs/${name}`);
  }
  return files.sort();
}

/** The package under its published name: the sources, and their dependencies. */
async function importMap(): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const { imports } = JSON.parse(
    await Deno.readTextFile(`${root}tests/offline/import_map.json`),
  );
  for (const [entry, file] of Object.entries<string>(exports)) {
    imports[`@synod/synod${entry.slice(1)}`] = new URL(file, `file://${root}`).href;
  }
  return imports;
}

const snippets: Snippet[] = [];
for (const file of await markdownFiles()) {
  snippets.push(...extractSnippets(file, await Deno.readTextFile(root + file)));
}

describe("the snippets of README.md and docs/", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "synod-snippets-" }));
    for (const file of SUPPORT) {
      await Deno.copyFile(new URL(file, preludes), `${folder}/${file}`);
    }
    for (const [index, snippet] of snippets.entries()) {
      await Deno.writeTextFile(`${folder}/snippet_${index}.ts`, withPrelude(snippet));
      // As printed, for a program that is not compiled.
      await Deno.writeTextFile(`${folder}/snippet_${index}.mjs`, snippet.code);
    }
    const imports = await importMap();
    for (const name of RUNNERS) imports[name] = new URL("test_runner.ts", preludes).href;
    await Deno.writeTextFile(`${folder}/import_map.json`, JSON.stringify({ imports }));
    await Deno.writeTextFile(`${folder}/package.json`, `{ "type": "module" }`);
    await Deno.symlink(`${root}node_modules`, `${folder}/node_modules`);
    const paths = Object.entries(imports)
      .filter(([name]) => name.startsWith("@synod/") || name === "vitest")
      .map(([name, url]) => [name, [new URL(url).pathname]]);
    const compilerOptions = {
      module: "esnext",
      moduleResolution: "bundler",
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"],
      types: [],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      paths: Object.fromEntries(paths),
    };
    const files = ["platform.d.ts", ...snippets.map((_, index) => `snippet_${index}.ts`)];
    await Deno.writeTextFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files }));
  });

  afterAll(() => Deno.remove(folder, { recursive: true }));

  it("exist", () => {
    assert(snippets.length >= 6, `${snippets.length} snippets`);
  });

  it("type-check with strict TypeScript", async () => {
    const command = [tsc, "--project", `${folder}/tsconfig.json`];
    const { code, output } = await run("node", command, { timeout: LIMIT });
    assertEquals(code, 0, output);
  });

  it("type-check with Deno", async () => {
    const files = snippets.map((_, index) => `${folder}/snippet_${index}.ts`);
    const command = ["check", "--quiet", `--import-map=${folder}/import_map.json`, ...files];
    const { code, output } = await run(deno, command, { timeout: LIMIT });
    assertEquals(code, 0, output);
  });

  for (const [index, { place, code: source }] of snippets.entries()) {
    it(`are JavaScript that Node runs unchanged: ${place}`, async () => {
      const { code, output } = await run("node", ["--check", `${folder}/snippet_${index}.mjs`]);
      assertEquals(code, 0, output);
    });

    if (NOT_RUN.some((mark) => source.includes(mark))) continue;
    it(`run, and end when their node closes: ${place}`, async () => {
      const program = `${folder}/snippet_${index}.ts`;
      const command = ["run", "--quiet", "--no-check", `--import-map=${folder}/import_map.json`];
      // A snippet may keep files, in a folder of its own.
      const cwd = await Deno.makeTempDir({ dir: folder });
      const permissions = [`--allow-read=${cwd}`, `--allow-write=${cwd}`, "--no-prompt"];
      const { code, output } = await run(deno, [...command, ...permissions, program], {
        timeout: LIMIT,
        cwd,
      });
      assertEquals(code, 0, output);
    });
  }
});

describe("extractSnippets()", () => {
  it("returns the TypeScript of a text, with its lines", () => {
    const text =
      "# A\n\n```ts\nconst a = 1;\n```\n\n```sh\nls\n```\n- b\n\n  ```typescript\n  b();\n  ```\n";
    assertEquals(extractSnippets("A.md", text), [
      { place: "A.md:3", code: "const a = 1;\n" },
      { place: "A.md:12", code: "b();\n" },
    ]);
  });

  it("throws if a block has no end", () => {
    let message = "";
    try {
      extractSnippets("A.md", "```ts\nconst a = 1;\n");
    } catch (error) {
      message = (error as Error).message;
    }
    assertEquals(message, "A.md:1: the block has no end");
  });
});

describe("withPrelude()", () => {
  const made = (code: string) => withPrelude({ place: "A.md:1", code });

  it("imports the names that a snippet uses but does not define, and closes its node", () => {
    assertEquals(
      made("await work(node.id);\n"),
      'import { node } from "./node.ts";\nimport { work } from "./prelude.ts";\n' +
        "await work(node.id);\nawait node.close();\n",
    );
    assertEquals(
      made("const node = await join({ id });\n"),
      'import { id, join } from "./prelude.ts";\nconst node = await join({ id });\n' +
        "await node.close();\n",
    );
    assertEquals(
      made("Deno.test(name, body);\n"),
      'import "./deno_runner.ts";\nDeno.test(name, body);\n',
    );
    for (const code of ['import { join } from "x";\njoin();\n', "a.node = { work: 1 };\n"]) {
      assertEquals(made(code), code);
    }
  });
});
