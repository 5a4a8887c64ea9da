import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/cluster.ts";

/** As the fake timers of test runners: they wait for a call that nobody makes, on a clock of their own. */
const FAKES: readonly (readonly [owner: object, name: string, fake: unknown])[] = [
  [globalThis, "setTimeout", () => 0],
  [globalThis, "clearTimeout", () => {}],
  [globalThis, "queueMicrotask", () => {}],
  [performance, "now", () => 0],
];

/** Runs `body` with fake timers, which are put back then. */
async function withFakeTimers(body: () => Promise<void>): Promise<void> {
  const undo = FAKES.map(([owner, name, value]) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    return () => {
      if (before !== undefined) Object.defineProperty(owner, name, before);
      else Reflect.deleteProperty(owner, name);
    };
  });
  try {
    await body();
  } finally {
    for (const step of undo) step();
  }
}

describe("a node in a test with fake timers", () => {
  it("works while they are there, and when they were put back", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200, timeout: 10_000 });
    const [node, other] = cluster.nodes;
    await withFakeTimers(async () => {
      assertEquals(await node.kv.put("during", 1), { ok: true, value: 1 });
      await (await other.lock("k")).release();
    });
    // Longer than a session lasts that is not renewed.
    const until = node.kv.now() + 500;
    assertEquals(await node.kv.put("until", 1, { until }), { ok: true, value: 1 });
    for await (const { present } of node.kv.watch("until")) if (!present) break;
    await (await node.lock("k")).release();
    assertEquals(await other.kv.get("during"), { ok: true, value: 1 });
  });
});
