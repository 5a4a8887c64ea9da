import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { plainRuntime, type Runtime, systemRuntime } from "../../../lib/node/runtime/runtime.ts";

/** Resolves when `runtime` has called a timer with this delay. */
const after = (delay: number, runtime: Runtime) =>
  new Promise<void>((resolve) => void runtime.setTimer(resolve, delay));

for (const make of [systemRuntime, plainRuntime]) {
  describe(`${make.name}()`, () => {
    it("has a clock that does not go back, and the wall clock of the system", () => {
      const runtime = make();
      let last = runtime.now();
      for (let i = 0; i < 10_000; i++) {
        const now = runtime.now();
        assert(now >= last);
        last = now;
      }
      const before = Date.now();
      const wall = runtime.wallNow();
      assert(before <= wall && wall <= Date.now());
    });

    it("calls a timer once, not before its delay by its own clock", async () => {
      const runtime = make();
      const began = runtime.now();
      let calls = 0;
      runtime.setTimer(() => calls++, 5);
      await after(20, runtime);
      assert(runtime.now() - began >= 20);
      assertEquals(calls, 1);
    });

    it("calls a timer with a negative delay as soon as possible, but not at once", async () => {
      const runtime = make();
      let calls = 0;
      runtime.setTimer(() => calls++, -5);
      assertEquals(calls, 0);
      await after(1, runtime);
      assertEquals(calls, 1);
    });

    it("does not call a timer that was cancelled; a late or second cancel does no harm", async () => {
      const runtime = make();
      let calls = 0;
      const cancelled = runtime.setTimer(() => calls++, 0);
      const done = runtime.setTimer(() => calls++, 0);
      cancelled();
      await after(5, runtime);
      cancelled();
      done();
      assertEquals(calls, 1);
    });

    it("defers to the end of the turn, before any timer", async () => {
      const runtime = make();
      const order: string[] = [];
      runtime.setTimer(() => order.push("timer"), 0);
      runtime.defer(() => order.push("deferred"));
      order.push("turn");
      await after(5, runtime);
      assertEquals(order, ["turn", "deferred", "timer"]);
    });

    it("draws different numbers in [0, 1), more than are drawn at a time", () => {
      const { random } = make();
      const drawn = Array.from({ length: 1_000 }, random);
      assert(drawn.every((number) => number >= 0 && number < 1));
      assert(new Set(drawn).size > 990);
      const [low, high] = [Math.min(...drawn), Math.max(...drawn)];
      assert(low < 0.1 && high > 0.9, `from ${low} to ${high}`);
    });

    it("knows by how much its clock may be rounded", () => {
      const runtime = make();
      for (let i = 0; i < 1_000; i++) runtime.now();
      assert(runtime.clockError() >= 0 && runtime.clockError() < 200);
    });

    it("does not call a timer at once that is longer than the runtime supports", async () => {
      const runtime = make();
      let calls = 0;
      const cancels = [2 ** 31, 2 ** 40, Infinity].map((delay) =>
        runtime.setTimer(() => calls++, delay)
      );
      await after(5, runtime);
      for (const cancel of cancels) cancel();
      assertEquals(calls, 0);
    });
  });
}
