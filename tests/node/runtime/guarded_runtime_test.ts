import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { guardedRuntime } from "../../../lib/node/runtime/guarded_runtime.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";

/** A runtime that keeps the callbacks which it is given. */
function keeping(): { runtime: Runtime; callbacks: (() => void)[]; cancelled: number[] } {
  const callbacks: (() => void)[] = [];
  const cancelled: number[] = [];
  const runtime: Runtime = {
    now: () => 1,
    wallNow: () => 2,
    clockError: () => 3,
    setTimer: (callback, delay) => {
      callbacks.push(callback);
      return () => void cancelled.push(delay);
    },
    defer: (callback) => void callbacks.push(callback),
    random: () => 0.5,
  };
  return { runtime, callbacks, cancelled };
}

const planned = new Error("as planned");
const fail = (): never => {
  throw planned;
};

describe("guardedRuntime", () => {
  it("hands what a timer or a deferred callback throws to `failed`", () => {
    const { runtime, callbacks } = keeping();
    const failures: unknown[] = [];
    const guarded = guardedRuntime(runtime, (error) => void failures.push(error));
    guarded.setTimer(fail, 5);
    guarded.defer(fail);
    for (const callback of callbacks) callback();
    assertEquals(failures, [planned, planned]);
  });

  it("lets through what `failed` throws", () => {
    const { runtime, callbacks } = keeping();
    guardedRuntime(runtime, (error) => {
      throw error;
    }).defer(fail);
    assertThrows(callbacks[0], Error, "as planned");
  });

  it("is otherwise the runtime that it guards", () => {
    const { runtime, callbacks, cancelled } = keeping();
    const guarded = guardedRuntime(runtime, fail);
    const { now, wallNow, clockError, random } = guarded;
    assertEquals([now(), wallNow(), clockError(), random()], [1, 2, 3, 0.5]);
    let called = 0;
    guarded.setTimer(() => called++, 7)();
    callbacks[0]();
    assertEquals([called, cancelled], [1, [7]]);
  });
});
