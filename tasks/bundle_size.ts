/**
 * `deno run tasks/bundle_size.ts`: the size of what a page loads to be a guest or a client over WebSocket. Fails if one
 * is above its limit.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { esbuild } from "./node_modules.ts";
import { root, run } from "./process.ts";

/** Something that a page loads. */
export interface Bundle {
  readonly name: string;
  /** Paths from the root of the project. */
  readonly modules: readonly string[];
  /** Its largest size minified and compressed by gzip, in bytes. */
  readonly limit: number;
}

/**
 * Each limit is what the bundle has now and room for corrections; the parts that are printed say what takes it. Lower a
 * limit with each reduction; raise it only for something that its users have got.
 */
const BUNDLES: readonly Bundle[] = [
  // 20,000 is wanted.
  { name: "connect over WebSocket", modules: ["guest/connect.ts"], limit: 39_000 },
  // 60,000 is wanted.
  {
    name: "join and webSocketClient",
    modules: ["lib/cluster/join.ts", "transports/websocket_client.ts"],
    limit: 136_000,
  },
];

/** The size of a bundle in bytes. */
export interface BundleSize {
  readonly minified: number;
  /** Each file on its own, as a server sends it. */
  readonly compressed: number;
  /** The minified bytes of each folder, the largest first. */
  readonly parts: readonly (readonly [folder: string, bytes: number])[];
}

/** The name of a module that imports all that are wanted. */
const ENTRY = "bundle_size_entry.js";

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/**
 * The size of the bundle of some modules, by their paths from the root of the project. Modules that are imported when an
 * option asks for them are in files of their own, and do not count.
 */
export async function bundleSize(modules: readonly string[]): Promise<BundleSize> {
  const folder = await Deno.makeTempDir({ prefix: "synod-bundle-" });
  try {
    const all = modules.map((module) => `export * from ${JSON.stringify(root + module)};\n`);
    await Deno.writeTextFile(`${folder}/${ENTRY}`, all.join(""));
    const { code, output } = await run("node", [
      esbuild,
      `${folder}/${ENTRY}`,
      "--bundle",
      "--minify",
      "--splitting",
      "--format=esm",
      "--platform=browser",
      "--target=es2022",
      "--log-level=warning",
      `--metafile=${folder}/meta.json`,
      `--outdir=${folder}/out`,
    ]);
    if (code !== 0 || output !== "") throw new Error(`esbuild, for ${modules}:\n${output}`);
    const meta = JSON.parse(await Deno.readTextFile(`${folder}/meta.json`));
    const files = [...loadedBy(meta.outputs)];
    const inputs = files.flatMap((file) => Object.entries((meta.outputs[file] as Output).inputs));
    return { ...await sizeOf(files), parts: partsOf(inputs) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files that a page loads which imports the entry. */
function loadedBy(outputs: Readonly<Record<string, Output>>): Iterable<string> {
  const first = Object.keys(outputs).filter((file) => outputs[file].entryPoint?.endsWith(ENTRY));
  const loaded = new Set(first);
  for (const file of loaded) {
    for (const { path, kind } of outputs[file].imports) {
      if (kind === "import-statement") loaded.add(path);
    }
  }
  return loaded;
}

/** The bytes of each folder. */
function partsOf(
  inputs: readonly [file: string, { bytesInOutput: number }][],
): BundleSize["parts"] {
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of inputs) {
    const folder = file.slice(0, file.lastIndexOf("/"));
    parts.set(folder, (parts.get(folder) ?? 0) + bytesInOutput);
  }
  return [...parts].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
}

async function sizeOf(files: Iterable<string>): Promise<Omit<BundleSize, "parts">> {
  let [minified, compressed] = [0, 0];
  for (const file of files) {
    // The paths are relative to the working directory of esbuild.
    const bytes = await Deno.readFile(new URL(file, `file://${root}`));
    minified += bytes.length;
    compressed += gzipSync(bytes, { level: 9 }).length;
  }
  return { minified, compressed };
}

/** Says whether a bundle of that size is within its limit; returns whether it is. */
export function isWithin(
  { name, limit }: Pick<Bundle, "name" | "limit">,
  { minified, compressed, parts }: BundleSize,
): boolean {
  console.log(`${name}: ${minified} bytes minified, ${compressed} with gzip; at most ${limit}`);
  const share = (bytes: number) => Math.round(bytes / minified * compressed);
  console.log(
    `of these: ${parts.map(([folder, bytes]) => `${folder} ${share(bytes)}`).join(", ")}`,
  );
  return compressed <= limit;
}

if (import.meta.main) {
  const within = [];
  for (const bundle of BUNDLES) within.push(isWithin(bundle, await bundleSize(bundle.modules)));
  if (within.includes(false)) Deno.exit(1);
}
