import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import { join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";

/** Like the fake timers of test runners: they wait for a call that never comes, and have their own clock. */
const FAKES: readonly (readonly [owner: object, name: string, fake: unknown])[] = [
  [globalThis, "setTimeout", Object.assign(() => 0, { clock: {} })],
  [globalThis, "clearTimeout", () => {}],
  [globalThis, "queueMicrotask", () => {}],
  [performance, "now", () => 1e9],
];

/** Runs `body` with fake timers, and restores the real ones afterwards. */
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
  it("works while they are installed, and after they were removed", async () => {
    const network = memoryNetwork();
    const members = ["n1", "n2", "n3"];
    const [node, other, third] = await Promise.all(
      members.map((id) => {
        const transport = network.transport();
        return join({ id, members, transport, sessionTtl: 200, timeout: 10_000 });
      }),
    );
    await withFakeTimers(async () => {
      assertEquals(await node.kv.put("during", 1), { ok: true, value: 1 });
      await (await other.lock("k")).release();
    });
    // Longer than a session lasts without a renewal.
    const until = node.kv.now() + 500;
    assertEquals(await node.kv.put("until", 1, { until }), { ok: true, value: 1 });
    for await (const { present } of node.kv.watch("until")) if (!present) break;
    await (await node.lock("k")).release();
    assertEquals(await other.kv.get("during"), { ok: true, value: 1 });
    await Promise.all([node, other, third].map((node) => node.close()));
  });

  it("works if it was loaded and joined while they were installed", async () => {
    // Loaded again: only this module looks up the functions of the runtime.
    const path: string = "../../lib/node/runtime/runtime.ts?loaded-with-fake-timers";
    let made: Promise<Runtime> | undefined;
    let called = 0;
    let before = 0;
    await withFakeTimers(async () => {
      const { systemRuntime }: typeof import("../../lib/node/runtime/runtime.ts") = await import(
        path
      );
      const runtime = systemRuntime();
      before = runtime.now();
      runtime.setTimer(() => called++, 100);
      runtime.setTimer(() => called++, 1);
      await new Promise<void>((resolve) => runtime.defer(resolve));
      made = Promise.resolve(runtime);
    });
    const runtime = await made!;
    // Its clock, which was ahead, does not go back.
    const after = runtime.now();
    assert(after >= before, `${after} after ${before}`);
    // As a node does constantly, it sets further timers; then overdue ones are called.
    while (called < 2) {
      runtime.setTimer(() => {}, 20);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert(runtime.now() > after);
  });
});
