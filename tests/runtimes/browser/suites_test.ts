import { assertEquals, assertGreater } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Browser } from "../../../tasks/browser.ts";
import { bundleSuites } from "../suites/bundle_suites.ts";
import type { Report } from "../suites/report.ts";
import { serveSite, type Site } from "./site.ts";

// A global of the page.
declare const runInWorkers: (count: number) => Promise<Report[]>;

/** Tests of the suites at least. */
const TESTS = 200;

/** Workers of the page that share the tests; they wait for much of their time. */
const WORKERS = 4;

describe("the suites over guests, in a browser", () => {
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    const script = (output: string) => bundleSuites("page.ts", output);
    [site, browser] = await Promise.all([serveSite(script), Browser.launch()]);
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site.close();
  });

  it("pass: keys, locks, singletons and Web Locks", async () => {
    const tab = await browser.newTab();
    await tab.goto(site.url);
    const reports = await tab.evaluate((workers) => runInWorkers(workers), WORKERS);
    assertEquals(reports.flatMap(({ failed }) => failed), []);
    assertGreater(reports.flatMap(({ passed }) => passed).length, TESTS);
  });
});
