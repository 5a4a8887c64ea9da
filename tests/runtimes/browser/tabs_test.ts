import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { ClusterNode, Lock } from "../../../mod.ts";
import { Browser, type Tab } from "../../../tasks/browser.ts";
import type { library } from "./page.ts";
import { serveSite, type Site } from "./site.ts";

// Globals of the page.
declare const synod: typeof library;
declare global {
  /** The node of a tab. */
  var node: ClusterNode;
  /** Another lock. */
  var brush: Lock;
  /** Number of sessions that the node has lost. */
  var lost: number;
  /** The lock that the tab owns or waits for. */
  var lock: Promise<Lock>;
}

const members = ["w1", "w2", "w3"];

describe("three tabs of one origin over BroadcastChannel", () => {
  let site: Site;
  let browser: Browser;
  let tabs: Tab[];

  beforeAll(async () => {
    [site, browser] = await Promise.all([serveSite(), Browser.launch()]);
    tabs = await Promise.all(members.map(() => browser.newTab()));
    await Promise.all(tabs.map((tab) => tab.goto(site.url)));
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site.close();
  });

  it("are a cluster of three members, and agree", async () => {
    const states = await Promise.all(
      tabs.map((tab, index) =>
        tab.evaluate(async ({ id, members }) => {
          const transport = synod.broadcastChannel("tabs");
          globalThis.node = await synod.join({ id, members, transport, sessionTtl: 3_000 });
          globalThis.lost = 0;
          node.addEventListener("sessionlost", () => lost++);
          await node.ready;
          return node.hasQuorum;
        }, { id: members[index], members })
      ),
    );
    assertEquals(states, [true, true, true]);

    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    const answers = await Promise.all(tabs.map((tab) =>
      tab.evaluate(
        (keys) => Promise.all(keys.map((key) => node.kv.put(key, node.id, { timeout: 30_000 }))),
        keys,
      )
    ));
    for (const results of answers) assertEquals(results, answers[0]);
    assert(answers[0].every((result) => result.ok && members.includes(result.value)));
  });

  it("lose no session and no time, although all but one are hidden", async () => {
    await tabs[0].show();
    const states = await Promise.all(
      tabs.map((tab) => tab.evaluate(() => document.visibilityState)),
    );
    assertEquals(states, ["visible", "hidden", "hidden"]);
    // Each operation needs the vote of a tab whose timers fire once a second.
    const took = await tabs[0].evaluate(async () => {
      const started = performance.now();
      for (let round = 0; round < 30; round++) await node.kv.put(`hidden ${round}`, round);
      return performance.now() - started;
    });
    assertLess(took, 15_000);
    // 1.5 times as long as a session lasts without a renewal.
    await tabs[0].evaluate(async () => {
      await node.kv.put("a while", "not yet over", { until: Date.now() + 4_500 });
      for await (const { present } of node.kv.watch("a while")) if (!present) break;
    });
    const losses = await Promise.all(tabs.map((tab) => tab.evaluate(() => lost)));
    assertEquals(losses, [0, 0, 0]);
  });

  it("hand over a lock, each with a greater token", async () => {
    const take = () => {
      globalThis.lock = node.lock("pen");
      return lock.then(({ token }) => token);
    };
    const first = await tabs[0].evaluate(take);
    const second = tabs[1].evaluate(take);
    // The second tab waits while the first tab has the lock.
    await tabs[0].evaluate(async () => {
      const held = await lock;
      for (let round = 0; round < 20; round++) {
        await node.kv.put(`round ${round}`, round);
        if (!held.held) throw new Error("the lock was lost");
      }
      await held.release();
    });
    assertGreater(await second, first);
    for (const tab of tabs) {
      const holders = await tab.evaluate(() => node.holders("pen"));
      assert(holders.ok);
      assertEquals(holders.value.map(({ pid }) => pid.node), ["w2"]);
    }
  });

  it("take the lock of a frozen tab, which knows it as soon as it wakes", async () => {
    const before = await tabs[1].evaluate(async () => {
      globalThis.brush = await node.lock("brush");
      return brush.token;
    });
    await tabs[1].freeze(true);
    const taken = await tabs[2].evaluate(async () => {
      await using taken = await node.lock("brush");
      return taken.token;
    });
    assertGreater(taken, before);
    await tabs[1].freeze(false);
    // Possibly before any of its timers has fired.
    assertEquals(await tabs[1].evaluate(() => [brush.held, brush.signal.aborted]), [false, true]);
    assertEquals(
      await tabs[1].evaluate(() => node.kv.put("awake", "again", { timeout: 20_000 })),
      { ok: true, value: "again" },
    );
  });

  it("continue without a closed tab, and release what it owned", async () => {
    const before = await tabs[1].evaluate(() => node.lock("pencil").then(({ token }) => token));
    const third = tabs[2].evaluate(() => node.lock("pencil").then(({ token }) => token));
    await tabs[2].evaluate(() => node.kv.put("the third", "waits"));
    await tabs[1].close();
    // Immediately: two of three are a quorum.
    assertEquals(await tabs[0].evaluate(() => node.kv.put("after", "the loss")), {
      ok: true,
      value: "the loss",
    });
    assertGreater(await third, before);
    const holders = await tabs[0].evaluate(() => node.holders("pencil"));
    assert(holders.ok);
    assertEquals(holders.value.map(({ pid }) => pid.node), ["w3"]);
  });

  it("accept the tab when it is opened again", async () => {
    const tab = tabs[1] = await browser.newTab();
    await tab.goto(site.url);
    const found = await tab.evaluate(async (members) => {
      const transport = synod.broadcastChannel("tabs");
      globalThis.node = await synod.join({ id: "w2", members, transport, sessionTtl: 3_000 });
      return await node.kv.get("after", { timeout: 20_000 });
    }, members);
    assertEquals(found, { ok: true, value: "the loss" });
    // Now the first tab may leave: the other two are a majority with complete memory.
    await tabs[0].evaluate(() => node.close());
    assertEquals(await tabs[2].evaluate(() => node.kv.get("after", { timeout: 20_000 })), found);
  });
});
