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

/** How long the next owners have been queued before the owner is ended, in milliseconds. */
const QUEUED = 100;

/** How long the next owners waited, in milliseconds from the command that ended the owner. */
export interface Waited {
  /** For the lock of the cluster. */
  readonly cluster: number[];
  /** For the browser's own lock, in the same rounds. */
  readonly platform: number[];
}

/** The ways in which a tab ends. */
export const ENDS = {
  closed: (tab: Tab) => Promise.resolve(() => tab.close()),
  crashed: (tab: Tab) => tab.prepareCrash(),
  /** As by a system that is short of memory: at once, without a report of the crash. */
  killed: async (tab: Tab) => {
    const id = await tab.processId();
    return () => Promise.resolve(Deno.kill(id, "SIGKILL"));
  },
} as const;

/** Three members in tabs of one origin, and owners of a lock in other tabs and in workers that are ended. */
export class GoneTabs implements AsyncDisposable {
  readonly #site: Site;
  readonly #browser: Browser;
  readonly #tabs: readonly Tab[];
  #owners = 0;

  private constructor(site: Site, browser: Browser, tabs: readonly Tab[]) {
    this.#site = site;
    this.#browser = browser;
    this.#tabs = tabs;
  }

  static async start(): Promise<GoneTabs> {
    const [site, browser] = await Promise.all([serveSite(), Browser.launch()]);
    const tabs = await Promise.all(MEMBERS.map(() => browser.newTab()));
    await Promise.all(tabs.map((tab) => tab.goto(site.url)));
    await Promise.all(tabs.map((tab, index) =>
      tab.evaluate(async ({ id, members }) => {
        const transport = synod.broadcastChannel("gone");
        globalThis.node = await synod.join({ id, members, clients: true, transport });
        await node.ready;
      }, { id: MEMBERS[index], members: MEMBERS })
    ));
    return new GoneTabs(site, browser, tabs);
  }

  /** Workers of a member's tab that are terminated. */
  workers(rounds: number): Promise<Waited> {
    return this.#tabs[0].evaluate(async ({ members, rounds, url, queued }) => {
      const script = `
        import "${url}page.js";
        onmessage = async ({ data: { id, members, key } }) => {
          const transport = synod.broadcastChannel("gone");
          const node = await synod.join({ id, members, clients: true, transport });
          await node.lock(key);
          navigator.locks.request(key, () => {
            postMessage("owns");
            return new Promise(() => {});
          });
        };`;
      const source = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
      const cluster: number[] = [];
      const platform: number[] = [];
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
        const own = navigator.locks.request(key, () => void platform.push(took()));
        await new Promise((resolve) => setTimeout(resolve, queued));
        begun = performance.now();
        worker.terminate();
        await Promise.all([waiting, own]);
      }
      return { cluster, platform };
    }, { members: MEMBERS, rounds, url: this.#site.url, queued: QUEUED });
  }

  /** Tabs that are ended; `prepare` returns what ends one. */
  async tabs(
    prepare: (tab: Tab) => Promise<() => Promise<void>>,
    rounds: number,
  ): Promise<Waited> {
    const waited: Waited = { cluster: [], platform: [] };
    for (let round = 0; round < rounds; round++) {
      const { tab, waiting, own } = await this.#owner();
      const end = await prepare(tab);
      const begun = performance.now();
      const took = () => performance.now() - begun;
      await Promise.all([
        end(),
        waiting.then(() => waited.cluster.push(took())),
        own.then(() => waited.platform.push(took())),
      ]);
      // Only now: a user closes no tab in the moment of its crash, and the browser would be busy with it.
      await tab.close();
    }
    return waited;
  }

  /** A tab that is frozen while it owns a lock: how long the next owner waited, and the id of its node afterwards. */
  async frozen(): Promise<{ readonly took: number; readonly id: string; readonly still: string }> {
    const { id, tab, waiting, own } = await this.#owner();
    own.catch(() => {}); // it has the browser's lock for as long as the tab is there
    const begun = performance.now();
    await tab.freeze(true);
    await waiting;
    const took = performance.now() - begun;
    await tab.freeze(false);
    return { took, id, still: await tab.evaluate(() => node.id) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    await this.#site.close();
  }

  /** A tab whose node is a client and owns two locks for which others wait: that of the cluster, and the browser's. */
  async #owner() {
    const id = `owner-${this.#owners++}`;
    const tab = await this.#browser.newTab();
    await tab.goto(this.#site.url);
    await tab.evaluate(async ({ id, members }) => {
      const transport = synod.broadcastChannel("gone");
      globalThis.node = await synod.join({ id, members, clients: true, transport });
      await node.lock(id);
      await new Promise<void>((resolve) => {
        navigator.locks.request(id, () => {
          resolve();
          return new Promise(() => {});
        });
      });
    }, { id, members: MEMBERS });
    const [first, second, third] = this.#tabs;
    const waiting = first.evaluate(async (key) => {
      // The next owner has it now, whenever it gives it back.
      void (await node.lock(key)).release();
    }, id);
    const own = third.evaluate((key) => navigator.locks.request(key, () => {}), id);
    await second.evaluate(async (key) => {
      for (;;) {
        const { pending } = await node.locks.query();
        if (pending.some(({ name }) => name === key)) return;
      }
    }, id);
    await new Promise((resolve) => setTimeout(resolve, QUEUED));
    return { id, tab, waiting, own };
  }
}
