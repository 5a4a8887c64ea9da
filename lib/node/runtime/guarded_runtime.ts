import type { Runtime } from "./runtime.ts";

/** `runtime` with callbacks whose errors go to `failed`, which may throw them again. */
export function guardedRuntime(
  runtime: Runtime,
  failed: (error: unknown) => void,
): Runtime {
  const guarded = (callback: () => void) => () => {
    try {
      callback();
    } catch (error) {
      failed(error);
    }
  };
  return {
    now: () => runtime.now(),
    wallNow: () => runtime.wallNow(),
    clockError: () => runtime.clockError(),
    setTimer: (callback, delay) => runtime.setTimer(guarded(callback), delay),
    defer: (callback) => runtime.defer(guarded(callback)),
    random: () => runtime.random(),
  };
}
