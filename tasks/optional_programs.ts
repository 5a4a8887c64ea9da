import { findWorkerd } from "./node_modules.ts";
import { run } from "./process.ts";

/** A program that may be missing on a machine; tests that need it are then skipped. */
export type OptionalProgram = "chromium" | "workerd";

/** Names of Chromium: those of Debian and others, of Ubuntu, and of Google. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium of this machine, or the one in the variable `CHROMIUM`. */
export async function findChromium(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  const names = named === undefined ? CHROMIUM : [named];
  for (const name of names) {
    try {
      if ((await run(name, ["--version"])).code === 0) return name;
    } catch {
      // Not installed.
    }
  }
  throw new Error(`no Chromium on this machine; tried ${names.join(", ")}`);
}

/** The subset of `programs` that is missing on this machine. */
export async function findMissing(
  programs: Iterable<OptionalProgram>,
): Promise<Set<OptionalProgram>> {
  const missing = new Set<OptionalProgram>();
  for (const program of new Set(programs)) {
    try {
      await (program === "chromium" ? findChromium() : findWorkerd());
    } catch {
      missing.add(program);
    }
  }
  return missing;
}
