import { findWorkerd } from "./node_modules.ts";
import { run } from "./process.ts";

/** A program that may be missing on a machine; tests that need it are then skipped. */
export type OptionalProgram = "chromium" | "workerd" | "postgres" | "redis-server";

/** Names of Chromium: those of Debian and others, of Ubuntu, and of Google. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium of this machine, or the one in the variable `CHROMIUM`. */
export async function findChromium(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  const names = named === undefined ? CHROMIUM : [named];
  for (const name of names) {
    if (await runs(name)) return name;
  }
  throw new Error(`no Chromium on this machine; tried ${names.join(", ")}`);
}

/** Where Debian puts PostgreSQL, by version: not on the PATH. */
const POSTGRES = "/usr/lib/postgresql/";

/** The folder of PostgreSQL's programs on this machine, with a slash at its end; `""`: they are on the PATH. */
export async function findPostgres(): Promise<string> {
  const folders = [""];
  try {
    for await (const { name } of Deno.readDir(POSTGRES)) folders.unshift(`${POSTGRES}${name}/bin/`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const folder of folders) {
    if (await runs(`${folder}initdb`) && await runs(`${folder}postgres`)) return folder;
  }
  throw new Error("no PostgreSQL server on this machine");
}

/** Redis on this machine. */
export async function findRedis(): Promise<string> {
  if (await runs("redis-server")) return "redis-server";
  throw new Error("no Redis server on this machine");
}

async function runs(program: string): Promise<boolean> {
  try {
    return (await run(program, ["--version"])).code === 0;
  } catch {
    return false;
  }
}

const FINDERS: Readonly<Record<OptionalProgram, () => Promise<string>>> = {
  chromium: findChromium,
  workerd: findWorkerd,
  postgres: findPostgres,
  "redis-server": findRedis,
};

/** The subset of `programs` that is missing on this machine. */
export async function findMissing(
  programs: Iterable<OptionalProgram>,
): Promise<Set<OptionalProgram>> {
  const missing = new Set<OptionalProgram>();
  for (const program of new Set(programs)) {
    try {
      await FINDERS[program]();
    } catch {
      missing.add(program);
    }
  }
  return missing;
}
