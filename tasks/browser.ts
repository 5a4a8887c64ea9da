import { createRequire } from "node:module";
import { toolsManifest } from "./node_modules.ts";
import { findChromium } from "./optional_programs.ts";

/** A tab, as far as it is used here. All that is done to it waits for what it needs. */
export interface Tab {
  /** Resolves when the page has loaded, its modules included. */
  goto(url: string): Promise<unknown>;
  /** Runs `work` in the page; it knows nothing from here but `argument`. */
  evaluate<A, R>(work: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  evaluate<R>(work: () => R | Promise<R>): Promise<R>;
  /** Clicks on what the selector finds, as soon as that can be done. */
  click(selector: string): Promise<void>;
  /** Resolves when `test`, run in the page, is true. */
  waitForFunction<A>(test: (argument: A) => boolean, argument: A): Promise<unknown>;
  /** Closes the tab at once: the page is not asked. */
  close(): Promise<void>;
}

/** A browser. Its tabs are of one user: they share storage and channels. */
export interface Browser extends AsyncDisposable {
  newTab(): Promise<Tab>;
}

/** Nothing goes out from it but what a page asks for. */
const FLAGS = [
  "--no-sandbox", // it may run as root, in a container that has no sandbox to give
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium without a window. What waits in it fails after half a minute. */
export async function launchBrowser(): Promise<Browser> {
  const { chromium } = createRequire(toolsManifest)("playwright-core");
  const browser = await chromium.launch({ executablePath: await executable(), args: FLAGS });
  const context = await browser.newContext();
  return {
    newTab: () => context.newPage(),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Playwright takes a path, and does not look for a name itself. */
async function executable(): Promise<string> {
  const name = await findChromium();
  if (name.includes("/")) return name;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if ((await Deno.stat(`${folder}/${name}`)).isFile) return `${folder}/${name}`;
    } catch {
      // Not in this folder.
    }
  }
  return name;
}
