import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Browser } from "../../../tasks/browser.ts";
import { simulated } from "../support/simulated.ts";
import type { library } from "./page.ts";
import { serveSite } from "./site.ts";

// A global of the page.
declare const synod: typeof library;

describe("a simulation of one seed, in a browser", () => {
  it("is the same run as in Deno", async () => {
    const [site, browser] = await Promise.all([serveSite(), Browser.launch()]);
    try {
      const tab = await browser.newTab();
      await tab.goto(site.url);
      const { fingerprint, trace } = await tab.evaluate(() => synod.simulated(1));
      const here = await simulated(1);
      assertEquals(trace, here.trace);
      assertEquals(fingerprint, here.fingerprint);
    } finally {
      await browser[Symbol.asyncDispose]();
      await site.close();
    }
  });
});
