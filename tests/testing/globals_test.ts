import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { simulate } from "../../testing/mod.ts";

const OPTIONS = { seed: 1, members: ["a"] };

/** The functions of the platform that a simulation replaces. */
function present(): unknown[] {
  const { setTimeout, clearTimeout, setInterval, clearInterval, Date } = globalThis;
  return [
    ...[setTimeout, clearTimeout, setInterval, clearInterval, Date, performance.now, Math.random],
    ...[AbortSignal.timeout, crypto.getRandomValues, crypto.randomUUID, crypto.subtle.digest],
  ];
}

/** Values of time and chance, by the global functions. */
async function drawn(): Promise<unknown[]> {
  await new Promise((resolve) => setTimeout(resolve, 1_000 * Math.random()));
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  return [
    ...[Date.now(), new Date().toISOString(), performance.now(), Math.random()],
    ...[crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]],
    new Uint8Array(digest)[0],
  ];
}

describe("the global functions in a simulation", () => {
  it("are those of the world, from the seed, and come back afterwards", async () => {
    const before = present();
    const runs = [];
    for (const seed of [1, 1, 2]) runs.push((await simulate({ ...OPTIONS, seed }, drawn)).value);
    assertEquals(runs[0], runs[1]);
    for (let i = 0; i < 6; i++) assertNotEquals(runs[0][i], runs[2][i]);
    await assertRejects(() => simulate(OPTIONS, () => Promise.reject(new Error("a bug"))));
    assertEquals(present().map((value, i) => value === before[i]), before.map(() => true));
  });

  it("make dates of the virtual present, and keep all others", async () => {
    await simulate({ ...OPTIONS, limit: 1e8 }, async (world) => {
      await world.sleep(86_400_000 - 500);
      assertEquals(new Date().toISOString(), "2026-01-01T23:59:59.500Z");
      assertEquals(new Date(0).getTime(), 0);
      assert(new Date() instanceof Date);
      assertEquals(Date.UTC(2026, 0, 2) - Date.now(), 500);
      class Birthday extends Date {}
      assertEquals([new Birthday().getTime(), new Birthday(5).getTime()], [Date.now(), 5]);
      assert(new Birthday() instanceof Birthday);
    });
  });

  it("run timers in their order, with arguments, until they are cleared", async () => {
    const { value } = await simulate(OPTIONS, async (world) => {
      const ran: unknown[] = [];
      const note = (what: unknown) => ran.push([what, world.now()]);
      const from = world.now();
      setTimeout(note, 20, "b");
      setTimeout(note, 10, "a");
      const cleared = setTimeout(note, 15, "never");
      const interval = setInterval(note, 30, "tick");
      clearTimeout(cleared);
      const signal = AbortSignal.timeout(50);
      signal.addEventListener("abort", () => note(signal.reason.name));
      await world.sleep(70);
      clearInterval(interval);
      await world.sleep(100);
      return ran.map((entry) => [(entry as [unknown])[0], (entry as number[])[1] - from]);
    });
    assertEquals(value, [["a", 10], ["b", 20], ["tick", 30], ["TimeoutError", 50], ["tick", 60]]);
  });

  it("have a timer that code may unref, where the runtime has one", async () => {
    await simulate(OPTIONS, async (world) => {
      const timer: unknown = setTimeout(() => {}, 10);
      if (typeof timer === "object") (timer as { unref(): { ref(): void } }).unref().ref();
      await world.sleep(20);
    });
  });

  it("are the real ones with `globals: false`", async () => {
    const before = Date.now();
    await simulate({ ...OPTIONS, globals: false }, async (world) => {
      assert(Date.now() >= before && Date.now() < world.now() + 1e15);
      assertNotEquals(Date.now(), world.now());
      const real = new Promise((resolve) => setTimeout(resolve, 1));
      await world.outside(() => real);
    });
  });

  it("belong to the world whose event runs, when two simulations run at the same time", async () => {
    const both = [1, 2].map((seed) =>
      simulate({ ...OPTIONS, seed }, async (world) => {
        for (let i = 0; i < 20; i++) {
          await new Promise((resolve) => setTimeout(resolve, 100 * seed));
          assertEquals(Date.now(), world.now());
        }
        return performance.now();
      })
    );
    assertEquals((await Promise.all(both)).map(({ value }) => value), [2_000, 4_000]);
  });
});

describe("world.outside()", () => {
  it("lets virtual time stand still until the work has ended, and keeps the order of its beginning", async () => {
    const runs = [];
    for (const slow of [0, 1]) {
      runs.push(
        await simulate({ ...OPTIONS, globals: false }, async (world) => {
          const ended: unknown[] = [];
          world.setTimeout(() => ended.push("timer"), 1);
          const from = world.now();
          await Promise.all([0, 1].map(async (index) => {
            const wait = index === slow ? 20 : 1;
            await world.outside(() => new Promise((resolve) => setTimeout(resolve, wait)));
            ended.push([index, world.now() - from]);
          }));
          return ended;
        }),
      );
    }
    assertEquals(runs[0].value, [[0, 0], [1, 0]]);
    assertEquals(runs[1].value, runs[0].value);
  });

  it("rejects as its work does, also if that throws", async () => {
    await simulate(OPTIONS, async (world) => {
      const bug = new Error("a bug");
      for (
        const work of [() => Promise.reject(bug), () => {
          throw bug;
        }]
      ) {
        const error = await assertRejects(() => world.outside(work), Error);
        assertEquals(error, bug);
      }
    });
  });
});
