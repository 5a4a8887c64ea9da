import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { makePlayground, servePlayground } from "../../examples/playground/main.ts";
import { Browser, type Tab } from "../../tasks/browser.ts";

const NODES = ["a", "b", "c", "d", "e"];

describe("the playground, in a browser", () => {
  let folder: string;
  let server: Deno.HttpServer<Deno.NetAddr>;
  let browser: Browser;
  let tab: Tab;

  /** Waits until the row of a node contains a text. */
  const rowHas = (id: string, text: string) =>
    tab.waitUntil(
      ({ id, text }) =>
        document.querySelector(`#node-${id}`)?.closest("tr")?.textContent?.includes(text) ?? false,
      { id, text },
    );

  beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "synod-playground-" });
    await makePlayground(folder);
    server = servePlayground(folder, 0);
    browser = await Browser.launch();
    tab = await browser.newTab();
    await tab.goto(`http://127.0.0.1:${server.addr.port}/#seed=7`);
    // Faster than real time, in which sessions take seconds to end.
    await tab.evaluate(() => {
      const speed = document.querySelector<HTMLSelectElement>("#speed")!;
      speed.value = "5";
      speed.dispatchEvent(new Event("change"));
    });
    for (const id of NODES) await rowHas(id, "ready");
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.shutdown();
    await Deno.remove(folder, { recursive: true });
  });

  it("has the seed of the URL, and makes one if there is none", async () => {
    assertEquals(await tab.evaluate(() => document.querySelector("#seed")?.textContent), "7");
    const other = await browser.newTab();
    await other.goto(`http://127.0.0.1:${server.addr.port}/`);
    await other.waitUntil(() => /^#seed=\d+$/.test(location.hash), null);
    await other.close();
  });

  it("passes a lock on when its holder is killed, and starts the node again", async () => {
    await tab.click("#lock-a");
    await rowHas("a", "holds it");
    await tab.click("#lock-b");
    await tab.click("#node-a");
    await rowHas("a", "down");
    await rowHas("b", "holds it");
    await tab.click("#lock-b");
    await tab.click("#node-a");
    await rowHas("a", "ready");
  });

  it("agrees on a key, and counts in one place", async () => {
    await tab.click("#put-c");
    await rowHas("c", "it is c");
    await tab.click("#put-d");
    await rowHas("d", "it is c");
    await tab.click("#count-a");
    await rowHas("a", "1, counted by");
    await tab.click("#count-b");
    await rowHas("b", "2, counted by");
  });

  it("cuts links by the keyboard: a node without a majority has no quorum until they are mended", async () => {
    const press = (label: string) =>
      tab.evaluate((label) => {
        const link = document.querySelector<SVGElement>(`[aria-label^="${label}"]`)!;
        link.focus();
        const key = new KeyboardEvent("keydown", { key: "Enter", bubbles: true });
        document.activeElement!.dispatchEvent(key);
      }, label);
    for (const pair of ["a and e", "b and e", "c and e", "d and e"]) await press(`Link of ${pair}`);
    await rowHas("e", "no quorum");
    await tab.click("#heal");
    await rowHas("e", "ready");
    const cuts = await tab.evaluate(() => document.querySelectorAll(".link.cut").length);
    assertEquals(cuts, 0);
  });

  it("shows events as text, and fits on a small screen, light and dark", async () => {
    const first = await tab.evaluate(() => document.querySelector("#events")!.textContent);
    assertMatch(first!, /a crashes/);
    for (const dark of [false, true]) {
      await tab.emulate({ width: 360, height: 740, dark });
      const width = await tab.evaluate(() => document.documentElement.scrollWidth);
      assert(width <= 360, `${width} pixels`);
    }
  });
});
