/**
 * `deno run tasks/bundle_size.ts`: the size of what a page loads to be a guest over WebSocket. Fails if it is above
 * the limit.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { esbuild } from "./node_modules.ts";
import { root, run } from "./process.ts";

/** The module of `connect`. */
const ENTRY = "guest/connect.ts";

/**
 * Its largest size minified and compressed by gzip, in bytes: what it has now and room for corrections. 20,000 is
 * wanted; the parts that are printed say what takes the rest. Lower it with each reduction; raise it only for something
 * that guests have got.
 */
const LIMIT = 39_000;

/** The size of a bundle in bytes. */
export interface BundleSize {
  readonly minified: number;
  /** Each file on its own, as a server sends it. */
  readonly compressed: number;
  /** The minified bytes of each folder, the largest first. */
  readonly parts: readonly (readonly [folder: string, bytes: number])[];
}

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/**
 * The size of the bundle of `entry`, a path from the root of the project. Modules that are imported when an option
 * asks for them are in files of their own, and do not count.
 */
export async function bundleSize(entry: string): Promise<BundleSize> {
  const folder = await Deno.makeTempDir({ prefix: "synod-bundle-" });
  try {
    const { code, output } = await run("node", [
      esbuild,
      entry,
      "--bundle",
      "--minify",
      "--splitting",
      "--format=esm",
      "--platform=browser",
      "--target=es2022",
      "--log-level=warning",
      `--metafile=${folder}/meta.json`,
      `--outdir=${folder}`,
    ]);
    if (code !== 0 || output !== "") throw new Error(`esbuild, for ${entry}:\n${output}`);
    const meta = JSON.parse(await Deno.readTextFile(`${folder}/meta.json`));
    const files = [...loadedBy(entry, meta.outputs)];
    const inputs = files.flatMap((file) => Object.entries((meta.outputs[file] as Output).inputs));
    return { ...await sizeOf(files), parts: partsOf(inputs) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files that a page loads which imports `entry`. */
function loadedBy(entry: string, outputs: Readonly<Record<string, Output>>): Iterable<string> {
  const first = Object.keys(outputs).filter((file) => outputs[file].entryPoint === entry);
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

/** Says whether `size` is within `limit`; returns whether it is. */
export function isWithin({ minified, compressed, parts }: BundleSize, limit: number): boolean {
  console.log(
    `connect over WebSocket: ${minified} bytes minified, ${compressed} with gzip; at most ${limit}`,
  );
  const share = (bytes: number) => Math.round(bytes / minified * compressed);
  console.log(
    `of these: ${parts.map(([folder, bytes]) => `${folder} ${share(bytes)}`).join(", ")}`,
  );
  return compressed <= limit;
}

if (import.meta.main && !isWithin(await bundleSize(ENTRY), LIMIT)) Deno.exit(1);
