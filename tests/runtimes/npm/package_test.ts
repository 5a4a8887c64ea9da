import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { findBun, findNode, rollup, rollupResolver, tsc } from "../../../tasks/node_modules.ts";
import { makePackage } from "../../../tasks/npm_package.ts";
import { deno, root, run } from "../../../tasks/process.ts";

/** Time limit for any program of these tests, in milliseconds; each takes a fraction of it. */
const LIMIT = 60_000;

const here = decodeURIComponent(new URL(".", import.meta.url).pathname);

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

/** All files below `folder`. */
async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await filesIn(`${folder}${name}/`));
    else files.push(folder + name);
  }
  return files;
}

/** The JSON output of a program. */
async function runJson(command: string, program: string) {
  const { code, output } = await run(command, [program], { timeout: LIMIT });
  assertEquals(code, 0, output);
  return JSON.parse(output);
}

/** The links of a page to other files beside it: those of its text, of its images, and its definitions. */
function fileLinks(text: string): string[] {
  const found = text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"|^\[[^\]]+\]: (\S+)/gm);
  return [...found].map(([, ...ways]) => ways.find((way) => way !== undefined)!)
    .filter((link) => !/^([a-z]+:|#)/.test(link));
}

/** The links of the pages among these files of the project that lead to none of them. */
async function deadLinks(files: ReadonlySet<string>): Promise<string[]> {
  const pages = [...files].filter((file) => file.endsWith(".md"));
  assert(pages.includes("README.md") && pages.includes("docs/testing.md"), pages.join());
  const dead: string[] = [];
  for (const page of pages) {
    const links = fileLinks(await Deno.readTextFile(root + page));
    if (page === "README.md") assert(links.length > 10, links.join());
    for (const link of links) {
      const { pathname } = new URL(link, `file:///${page}`);
      if (!files.has(decodeURIComponent(pathname.slice(1)))) dead.push(`${page}: ${link}`);
    }
  }
  return dead;
}

/** What a program's compiler knows of its platform. */
const TYPES = {
  dom: { lib: ["dom", "dom.iterable", "dom.asynciterable"], types: [], files: [] },
  node: { lib: [], types: ["node"], files: [] },
  workers: { lib: [], types: [], files: ["@cloudflare/workers-types/index.d.ts"] },
} as const;

describe("the npm package", () => {
  let folder: string;
  let installed: string;

  /** Type-checks the program, and compiles it into the folder. */
  async function compile(module: string, moduleResolution: string): Promise<void> {
    const path = `${folder}/tsconfig.json`;
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023", "dom", "esnext.disposable"],
      types: [],
      strict: true,
      skipLibCheck: false,
    };
    await Deno.writeTextFile(path, JSON.stringify({ compilerOptions, files: ["cluster.ts"] }));
    const { code, output } = await run("node", [tsc, "--project", path], { timeout: LIMIT });
    assertEquals(code, 0, output);
  }

  beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "synod-npm-" });
    installed = `${folder}/node_modules/@synod/synod/`;
    const tarball = await makePackage(`${folder}/made/`);
    for (const file of ["bundled.js", "cluster.ts", "threads.mjs"]) {
      await Deno.copyFile(here + file, `${folder}/${file}`);
    }
    await Deno.writeTextFile(`${folder}/package.json`, `{ "private": true, "type": "module" }`);
    const { code, output } = await run("npm", [
      "install",
      "--prefer-offline",
      "--ignore-scripts",
      "--omit=optional",
      `--prefix=${folder}`,
      tarball,
    ], { timeout: LIMIT });
    assertEquals(code, 0, output);
  });

  afterAll(() => Deno.remove(folder, { recursive: true }));

  it("has a JavaScript file and its types for every entry point of deno.json, and no others", async () => {
    const { name, version, exports } = await readJson(`${root}deno.json`);
    const manifest = await readJson(`${installed}package.json`);
    assertEquals([manifest.name, manifest.version], [name, version]);
    const { "./package.json": _, ...entries } = manifest.exports;
    assertEquals(Object.keys(entries).sort(), Object.keys(exports).sort());
    for (const [entry, source] of Object.entries<string>(exports)) {
      const stem = source.replace(/\.ts$/, "");
      assertEquals(entries[entry], { types: `${stem}.d.ts`, default: `${stem}.js` });
      for (const file of Object.values<string>(entries[entry])) {
        assert((await Deno.stat(installed + file)).isFile, file);
      }
    }
  });

  it("contains the README and the licence, and no TypeScript except declarations and examples", async () => {
    for (const file of ["README.md", "LICENSE"]) {
      assertEquals(
        await Deno.readTextFile(installed + file),
        await Deno.readTextFile(root + file),
      );
    }
    const files = await filesIn(installed);
    assert(files.length > 100);
    const examples = `${installed}examples/`;
    const sources = files.filter((file) => /(?<!\.d)\.ts$/.test(file));
    assertEquals(sources.filter((file) => !file.startsWith(examples)), []);
  });

  it("contains examples that import nothing which is not in it", async () => {
    const bugs = `${installed}examples/bugs/`;
    const { exports } = await readJson(`${installed}package.json`);
    const files = await filesIn(bugs);
    assert(files.length > 12, files.join());
    for (const file of files) {
      const imports = (await Deno.readTextFile(file)).matchAll(/ from "([^"]+)"/g);
      for (const [, name] of imports) {
        if (name.startsWith("./")) assert((await Deno.stat(bugs + name)).isFile, name);
        else assert(name.replace("@synod/synod", ".") in exports, `${file}: ${name}`);
      }
    }
  });

  it("contains the files that its pages link to", async () => {
    const files = new Set((await filesIn(installed)).map((file) => file.slice(installed.length)));
    assertEquals(await deadLinks(files), []);
  });

  it("needs only its declared dependencies", async () => {
    const manifest = await readJson(`${installed}package.json`);
    assertEquals(manifest.dependencies, (await readJson(`${root}package.json`)).dependencies);
    const modules = [...Deno.readDirSync(`${folder}/node_modules`)].map(({ name }) => name);
    assertEquals(modules.filter((name) => !name.startsWith(".")).sort(), [
      "@synod",
      ...Object.keys(manifest.dependencies),
    ]);
  });

  it("runs the first program of the README, as it is printed, in Node 24 and Bun", async () => {
    const readme = await Deno.readTextFile(`${installed}README.md`);
    const [, program] = /^## Try it$[^]*?^```ts\n([^]*?)^```$/m.exec(readme) ?? [];
    await Deno.writeTextFile(`${folder}/try.mts`, program);
    for (const runtime of [await findNode(24), await findBun()]) {
      const { code, output } = await run(runtime, [`${folder}/try.mts`], { timeout: LIMIT });
      assertEquals(code, 0, output);
      assertStringIncludes(output, "w3 has the lock, with token");
    }
  });

  for (const [module, resolution] of [["esnext", "bundler"], ["nodenext", "nodenext"]]) {
    it(`has types for programs, with the module resolution "${resolution}"`, async () => {
      await compile(module, resolution);
    });
  }

  it("has types that are clean for each platform, from the stated minimum of TypeScript on", async () => {
    const { exports } = await readJson(`${installed}package.json`);
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
    const all = entries.map((entry, i) =>
      `export * as e${i} from "@synod/synod${entry.slice(1)}";`
    );
    await Deno.writeTextFile(`${folder}/all.ts`, all.join("\n"));
    const readme = await Deno.readTextFile(`${root}README.md`);
    const [, minimum] = /TypeScript (\d+\.\d+) or later/.exec(readme) ?? [];
    const packages = `${root}tasks/npm/node_modules/`;
    const oldest = `${packages}typescript-${minimum}/bin/tsc`;
    for (const [compiler, platforms] of [[tsc, Object.keys(TYPES)], [oldest, ["dom", "node"]]]) {
      for (const platform of platforms as (keyof typeof TYPES)[]) {
        const { lib, types, files } = TYPES[platform];
        const compilerOptions = {
          ...{ module: "nodenext", moduleResolution: "nodenext", target: "es2022", noEmit: true },
          ...{ lib: ["es2023", "esnext.disposable", ...lib], types },
          ...{ typeRoots: [`${packages}@types`], strict: true, exactOptionalPropertyTypes: true },
          // Of the package, and of what it imports; not of what the compiler brings.
          ...{ skipLibCheck: false, skipDefaultLibCheck: true },
        };
        const path = `${folder}/tsconfig.types.json`;
        const found = files.map((file) => packages + file);
        const project = { compilerOptions, files: [...found, "all.ts"] };
        await Deno.writeTextFile(path, JSON.stringify(project));
        const command = [compiler as string, "--project", path];
        const { code, output } = await run("node", command, { timeout: LIMIT });
        assertEquals(code, 0, `${compiler} for ${platform}:\n${output}`);
      }
    }
  });

  for (const format of ["es", "cjs"]) {
    it(`is bundled by Rollup with only its resolver, as "${format}", and runs`, async () => {
      const bundle = `${folder}/bundle.${format === "es" ? "mjs" : "cjs"}`;
      const entry = `${folder}/bundled.js`;
      const { code, output } = await run("node", [
        rollup,
        entry,
        `--plugin=${rollupResolver}`,
        `--format=${format}`,
        "--inlineDynamicImports",
        "--failAfterWarnings",
        `--file=${bundle}`,
      ], { timeout: LIMIT });
      assertEquals(code, 0, output);
      // In a folder without installed packages.
      await Deno.mkdir(`${folder}/alone`, { recursive: true });
      const alone = `${folder}/alone/${bundle.slice(folder.length + 1)}`;
      await Deno.rename(bundle, alone);
      assertEquals(await runJson("node", alone), { ok: true, value: ["hello", 1, 2] });
    });
  }

  for (const runtime of ["node", "bun"]) {
    const command = () => runtime === "node" ? "node" : findBun();

    it(`runs a cluster of three in ${runtime}, in one process`, async () => {
      await compile("nodenext", "nodenext");
      const { token, ...others } = await runJson(await command(), `${folder}/cluster.js`);
      assert(Number.isSafeInteger(token) && token > 0, `no fencing token: ${token}`);
      assertEquals(others, {
        put: { ok: true, value: "hello" },
        seen: { ok: true, value: "hello" },
        held: true,
        counts: [7, 8],
        wrong: 7,
        others: ["function", "function", "function", "function"],
        error: "SynodError",
      });
    });

    it(`runs a cluster of three threads in ${runtime}, which exits by itself`, async () => {
      const answers = await runJson(await command(), `${folder}/threads.mjs`);
      assertEquals(answers.length, 3);
      for (const { leader } of answers) assertEquals(leader, answers[0].leader);
      const tokens = answers.map(({ token }: { token: number }) => token);
      assertEquals(new Set(tokens).size, 3, "each thread had the lock alone");
    });
  }
});

describe("the package for JSR", () => {
  it("contains the files that its pages link to", async () => {
    const command = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
    const { code, output } = await run(deno, command, { timeout: LIMIT });
    assertEquals(code, 0, output);
    const base = `file://${root}`;
    const files = output.split("\n").map((line) => line.trim().split(" ")[0])
      .filter((word) => word.startsWith(base)).map((url) => url.slice(base.length));
    assertEquals(await deadLinks(new Set(files)), []);
  });
});
