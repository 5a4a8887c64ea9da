/**
 * `deno task npm`: makes the npm package in `build/npm`, JavaScript with its types, and packs it.
 *
 * The TypeScript compiler makes it file by file, so the package contains the code and the types that
 * were tested. (`deno pack` omits dependencies of which only types are imported, such as `hono` in the
 * declarations.)
 *
 * @module
 */
import { installModules, tsc } from "./node_modules.ts";
import { root, run } from "./process.ts";

/** Where the task puts the package; not in the repository. */
const FOLDER = `${root}build/npm/`;

/** The fields of `package.json` that are used here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly engines: Record<string, string>;
  /** The entry points and their TypeScript files. */
  readonly exports: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

/** The manifest to publish, made from the one in the repository. */
export function publishedManifest(manifest: Manifest): Record<string, unknown> {
  const { name, version, description, keywords, license, engines, dependencies } = manifest;
  const exports = Object.entries(manifest.exports).map(([entry, file]) => {
    const stem = file.replace(/\.ts$/, "");
    return [entry, { types: `${stem}.d.ts`, default: `${stem}.js` }];
  });
  return {
    name,
    version,
    description,
    keywords,
    license,
    type: "module",
    sideEffects: false,
    engines,
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    dependencies,
    // npm publishes a scoped package as private by default.
    publishConfig: { access: "public" },
  };
}

async function mustRun(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${output}`);
}

/** The examples that pages link to. */
const EXAMPLES = "examples/bugs/";

/** An example as a program of the package's users has it: it imports the package, not the sources. */
export function importingPackage(code: string, { name, exports }: Manifest): string {
  return code.replace(/(from )"(?:\.\.\/)+([^"]+)"/g, (all, from, file) => {
    const entry = Object.entries(exports).find(([, source]) => source === `./${file}`)?.[0];
    return entry === undefined ? all : `${from}"${name}${entry.slice(1)}"`;
  });
}

async function copyExamples(folder: string, manifest: Manifest): Promise<void> {
  await Deno.mkdir(folder + EXAMPLES, { recursive: true });
  for await (const { name } of Deno.readDir(root + EXAMPLES)) {
    const code = await Deno.readTextFile(root + EXAMPLES + name);
    await Deno.writeTextFile(folder + EXAMPLES + name, importingPackage(code, manifest));
  }
}

/** Copies what people read: the README, and the pages that it links to. */
async function copyPages(folder: string): Promise<void> {
  const pages = ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
  pages.push("tests/README.md");
  for (const place of ["docs/", "docs/recipes/"]) {
    for await (const { name } of Deno.readDir(root + place)) {
      if (/\.(md|png|svg)$/.test(name)) pages.push(place + name);
    }
  }
  for (const place of ["docs/recipes", "tests"]) {
    await Deno.mkdir(folder + place, { recursive: true });
  }
  for (const page of pages) await Deno.copyFile(root + page, folder + page);
}

/** Makes the package in `folder`, which is emptied first; returns the path of its tarball there. */
export async function makePackage(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
  await mustRun("node", [tsc, "--project", "tsconfig.npm.json", "--outDir", folder]);
  await copyPages(folder);
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(`${root}package.json`));
  await copyExamples(folder, manifest);
  const published = publishedManifest(manifest);
  await Deno.writeTextFile(`${folder}package.json`, `${JSON.stringify(published, null, 2)}\n`);
  await mustRun("npm", ["pack", "--pack-destination", folder, folder]);
  const tarball = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".tgz"));
  return folder + tarball!.name;
}

if (import.meta.main) {
  await installModules();
  console.log((await makePackage(FOLDER)).replace(root, ""));
}
