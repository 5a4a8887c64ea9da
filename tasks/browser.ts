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
  /** Comes to the front, and clicks on what the selector finds as soon as that can be done. */
  click(selector: string): Promise<void>;
  /** Resolves when `test`, run in the page again and again, is true. */
  waitUntil<A>(test: (argument: A) => boolean, argument: A): Promise<void>;
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
    newTab: async () => {
      const page = await context.newPage();
      return {
        goto: (url) => page.goto(url),
        // deno-lint-ignore no-explicit-any -- as the interface says
        evaluate: (work: any, argument?: any) => page.evaluate(work, argument),
        click: async (selector) => {
          await page.bringToFront();
          await page.click(selector);
        },
        // By a timer: frames are drawn rarely, or not at all, in a tab that is not in front.
        waitUntil: (test, argument) => page.waitForFunction(test, argument, { polling: 50 }),
        close: () => page.close(),
      };
    },
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
