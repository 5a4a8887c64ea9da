import { findWorkerd } from "./node_modules.ts";
import { run } from "./process.ts";

/** A program that a machine may be without: then the tests that need it are not run. */
export type OptionalProgram = "chromium" | "workerd";

/** What Chromium is called: by Debian and others, by Ubuntu, and by Google. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium of this machine, or the one that the variable `CHROMIUM` names. */
export async function findChromium(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  const names = named === undefined ? CHROMIUM : [named];
  for (const name of names) {
    try {
      if ((await run(name, ["--version"])).code === 0) return name;
    } catch {
      // Not there.
    }
  }
  throw new Error(`no Chromium on this machine; tried ${names.join(", ")}`);
}

/** Those of `programs` that this machine is without. */
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
