import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Hono } from "hono";
import { inspector } from "../../../lib/inspector/inspector.ts";
import { type ClusterNode, join } from "../../../mod.ts";
import { Browser, type Tab } from "../../../tasks/browser.ts";
import { memoryNetwork } from "../../../transports/memory.ts";
import { fill } from "../../inspector/support/fill.ts";

/** What a page must not run, as a key, a value and a label. */
const MARKUP = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>";

describe("the page of the inspector in a browser", () => {
  let node: ClusterNode;
  let host: ClusterNode;
  let server: Deno.HttpServer<Deno.NetAddr>;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    const network = memoryNetwork();
    const transport = network.transport();
    const spec = { id: "slow", start: () => ({ wait: () => new Promise<void>(() => {}) }) };
    const busy = {
      ...{ id: "busy", concurrent: true },
      start: () => ({ [MARKUP]: () => new Promise<void>(() => {}) }),
    };
    const options = { sessionTtl: 60_000, callTimeout: 600_000, clients: true };
    const members = ["w1"];
    node = await join({ id: "w1", members, transport, ...options, hosts: [spec] });
    const other = { ...options, transport: network.transport(), hosts: [busy] };
    host = await join({ id: "w2", members, ...other });
    await Promise.all([node.ready, host.ready]);
    fill(node, { keys: 100_000, locks: 1_000 });
    await node.lock(MARKUP, { label: MARKUP });
    void node.lock(MARKUP, { label: "second" }).catch(() => {});
    await node.kv.put(MARKUP, MARKUP);
    await node.cell("a cell").set(MARKUP);
    void node.name("single", spec).wait().catch(() => {});
    const far = node.name("far", busy);
    for (let i = 0; i < 12; i++) void far[MARKUP]().catch(() => {});
    const app = new Hono().route("/inspect", inspector(node));
    const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    server = Deno.serve(listen, (request) => app.fetch(request));
    browser = await Browser.launch();
    tab = await browser.newTab();
    // A path without a slash at its end leads to the page, too.
    await tab.goto(`http://127.0.0.1:${server.addr.port}/inspect`);
    await tab.evaluate(() => {
      const violations: string[] = [];
      Object.assign(globalThis, { violations });
      addEventListener(
        "securitypolicyviolation",
        (event) => violations.push(event.type),
      );
      addEventListener("error", (event) => violations.push(event.message));
    });
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await Promise.all([host.close(), node.close()]);
    await server.shutdown();
  });

  const text = () => tab.evaluate(() => document.body.innerText);
  const shows = (text: string) =>
    tab.waitUntil((text) => document.body.innerText.includes(text), text);

  it("shows the members", async () => {
    await shows("operational");
    await tab.waitUntil(() => document.querySelector("#quorum")?.textContent === "quorum", null);
    assertStringIncludes(await text(), "w1 this node");
    assertEquals(await tab.evaluate(() => document.title), "w1 · Synod");
  });

  it("shows 1,000 locks and 100,000 keys in pages, as text", async () => {
    await tab.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { key: "2" })));
    await shows("1,001");
    await shows("second");
    const rows = () => tab.evaluate(() => document.querySelectorAll("tbody tr").length);
    assertEquals(await rows(), 100);
    await tab.click(".more button");
    await tab.waitUntil(() => document.querySelectorAll("tbody tr").length === 300, null);
    await tab.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { key: "3" })));
    await shows("many · 100,000");
    await shows("<b>not bold</b>");
    assertEquals(await rows(), 200);
    await tab.click(".more button");
    await tab.waitUntil(() => document.querySelectorAll("tbody tr").length === 400, null);
    await tab.click('.buckets button[aria-pressed="false"]');
    await shows(MARKUP.replaceAll('"', '\\"').slice(0, 30));
    assertEquals(await tab.evaluate(() => document.querySelectorAll("main img, main b").length), 0);
  });

  it("shows singletons by host with their calls, and the timeline", async () => {
    await tab.click("[data-view=singletons]");
    await shows("wait() for w1");
    // Those of another node, which tells the first ten.
    await shows(`${MARKUP}() for w1`);
    await shows("and 2 more");
    assertEquals(await tab.evaluate(() => document.querySelectorAll("main img, main b").length), 0);
    await tab.click("[data-view=timeline]");
    await node.kv.put("for the timeline", 1);
    await shows("proposal.chosen");
    await shows("for the timeline");
  });

  it("shows cells, as text", async () => {
    await tab.click("[data-view=cells]");
    await shows('"a cell"');
    await shows("No singleton keeps a state.");
    assertEquals(await tab.evaluate(() => document.querySelectorAll("main img, main b").length), 0);
  });

  it("explains a lock that is searched for, by the keyboard alone", async () => {
    await tab.evaluate((key) => {
      dispatchEvent(new KeyboardEvent("keydown", { key: "/" }));
      if (document.activeElement?.id !== "query") throw new Error("the search has no focus");
      (document.activeElement as HTMLInputElement).value = key;
      document.querySelector<HTMLFormElement>("#search")!.requestSubmit();
    }, MARKUP);
    await shows("One request waits:");
    assertStringIncludes(await text(), "w1 · process");
    await tab.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" })));
    const isHidden = () => document.querySelector<HTMLElement>("#explanation")!.hidden === true;
    await tab.waitUntil(isHidden, null);
  });

  it("follows the colours of the system, and the button", async () => {
    const background = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const is = (theme: string) =>
      tab.waitUntil((theme) => document.documentElement.dataset.theme === theme, theme);
    await tab.emulate({ width: 1_200, height: 800, dark: true });
    await is("dark");
    const dark = await background();
    await tab.emulate({ width: 1_200, height: 800, dark: false });
    await is("light");
    assert(dark !== await background());
    await tab.click("#theme");
    await is("dark");
    assertEquals(await background(), dark);
  });

  it("fits a small screen", async () => {
    await tab.emulate({ width: 360, height: 700, dark: false });
    for (const view of ["members", "locks", "keys", "singletons", "cells", "timeline"]) {
      await tab.click(`[data-view=${view}]`);
      const { scrollWidth } = await tab.evaluate(() => {
        const { scrollWidth } = document.documentElement;
        return { scrollWidth };
      });
      assert(scrollWidth <= 360, `${view}: ${scrollWidth} pixels`);
    }
  });

  it("has broken no rule of its policy, and thrown nothing", async () => {
    const violations = await tab.evaluate(() =>
      (globalThis as unknown as { violations: string[] }).violations
    );
    assertEquals(violations, []);
    assertEquals(await tab.evaluate(() => document.title), "w1 · Synod");
  });
});
