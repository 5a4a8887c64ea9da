import { assert, assertEquals, assertLess } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { ClusterNode, Lock } from "../../../mod.ts";
import { Browser, type Tab } from "../../../tasks/browser.ts";
import type { library } from "./page.ts";
import { serveSite, type Site } from "./site.ts";

// Globals of the page.
declare const synod: typeof library;
declare global {
  var node: ClusterNode;
}

const MEMBERS = ["w1", "w2", "w3"];

/** The default `sessionTtl`, in milliseconds: none of these tests waits for it. */
const SESSION_TTL = 5_000;

/** Repetitions of each. */
const ROUNDS = 3;

describe("tabs and workers of one origin that are gone (section 6)", () => {
  let site: Site;
  let browser: Browser;
  let tabs: Tab[];

  /** Opens a tab whose node owns the lock `key`, as a client. */
  async function owner(id: string, key: string): Promise<Tab> {
    const tab = await browser.newTab();
    await tab.goto(site.url);
    await tab.evaluate(async ({ id, members, key }) => {
      const transport = synod.broadcastChannel("gone");
      globalThis.node = await synod.join({ id, members, clients: true, transport });
      await node.lock(key);
    }, { id, members: MEMBERS, key });
    return tab;
  }

  /** Resolves to the milliseconds since `begun` once the first tab has the lock. */
  function next(key: string): { waiting: Promise<void>; queued: Promise<void> } {
    const waiting = tabs[0].evaluate(async (key) => {
      await (await node.lock(key)).release();
    }, key);
    const queued = tabs[1].evaluate(async (key) => {
      for (;;) {
        const { pending } = await node.locks.query();
        if (pending.some(({ name }) => name === key)) return;
      }
    }, key);
    return { waiting, queued };
  }

  beforeAll(async () => {
    [site, browser] = await Promise.all([serveSite(), Browser.launch()]);
    tabs = await Promise.all(MEMBERS.map(() => browser.newTab()));
    await Promise.all(tabs.map((tab) => tab.goto(site.url)));
    await Promise.all(tabs.map((tab, index) =>
      tab.evaluate(async ({ id, members }) => {
        const transport = synod.broadcastChannel("gone");
        globalThis.node = await synod.join({ id, members, clients: true, transport });
        await node.ready;
      }, { id: MEMBERS[index], members: MEMBERS })
    ));
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site.close();
  });

  it("a worker that was terminated", async () => {
    const cluster = await tabs[0].evaluate(async ({ members, rounds, url }) => {
      const script = `
        import "${url}page.js";
        onmessage = async ({ data: { id, members, key } }) => {
          const transport = synod.broadcastChannel("gone");
          const node = await synod.join({ id, members, clients: true, transport });
          await node.lock(key);
          postMessage("owns");
        };`;
      const source = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
      const cluster: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const worker = new Worker(source, { type: "module" });
        const key = `worker ${round}`;
        const owns = new Promise((resolve, reject) => {
          worker.onmessage = resolve;
          worker.onerror = reject;
        });
        worker.postMessage({ id: `worker-${round}`, members, key });
        await owns;
        let begun = 0;
        const took = () => performance.now() - begun;
        const waiting = node.lock(key).then((lock: Lock) => {
          cluster.push(took());
          return lock.release();
        });
        await new Promise((resolve) => setTimeout(resolve, 100));
        begun = performance.now();
        worker.terminate();
        await waiting;
      }
      return cluster;
    }, { members: MEMBERS, rounds: ROUNDS, url: site.url });
    for (const took of cluster) assertLess(took, SESSION_TTL / 3);
  });

  it("a tab that was closed", async () => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const key = `closed ${round}`;
      const tab = await owner(`closed-${round}`, key);
      const { waiting, queued } = next(key);
      await queued;
      const begun = performance.now();
      await tab.close();
      await waiting;
      times.push(performance.now() - begun);
    }
    for (const took of times) assertLess(took, SESSION_TTL / 3);
  });

  it("a frozen tab keeps its lock until its session ends", async () => {
    const tab = await owner("frozen", "frozen");
    const { waiting, queued } = next("frozen");
    await queued;
    const begun = performance.now();
    await tab.freeze(true);
    await waiting;
    const took = performance.now() - begun;
    assert(took > SESSION_TTL / 2, `${took}`);
    await tab.freeze(false);
    assertEquals(await tab.evaluate(() => node.id), "frozen");
  });
});
