import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { within } from "../support/wait.ts";
import { Turnstile } from "./support/turnstile.ts";

const PATIENCE = 90_000;

describe("100 processes on 3 nodes", () => {
  it("take one lock 20 times each: 2,000 turns, never two owners, and nothing left behind", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 30_000 });
    const turnstile = new Turnstile();
    const processes = Array.from(
      { length: 100 },
      (_, index) =>
        cluster.nodes[index % 3].spawn(async (self) => {
          for (let turn = 0; turn < 20; turn++) {
            const lock = await self.lock("k");
            await turnstile.pass(lock);
            await lock.release();
          }
        }),
    );
    let mostEntries = 0;
    const watch = setInterval(async () => {
      const { entries } = await cluster.nodes[0].status();
      mostEntries = Math.max(mostEntries, entries);
    }, 100);
    try {
      await within(Promise.all(processes.map(({ result }) => result)), "all turns", PATIENCE);
    } finally {
      clearInterval(watch);
    }
    assertEquals(turnstile.turns, 2_000);
    assertLess(mostEntries, 3, "one lock is one register");
    for (const node of cluster.nodes) {
      const { owned } = await node.status();
      assertEquals(owned, { processes: 0, locks: 0, singletons: 0 });
    }
    assertEquals(await cluster.nodes[0].locks.query(), { held: [], pending: [] });
  });
});
