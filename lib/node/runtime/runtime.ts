import { ClockError } from "./clock_error.ts";
import { type StartTimer, Timers } from "./timers.ts";

/**
 * The time and the randomness of a node. `lib` takes them only from here, so the simulator can replace them and
 * replay a run from its seed.
 */
export interface Runtime {
  /** Milliseconds on a clock that never goes back (it may stop while the machine sleeps). */
  now(): number;
  /** Milliseconds since 1970, as `Date.now()`. */
  wallNow(): number;
  /**
   * The amount by which the time between two readings of the same clock may look shorter than it is, in
   * milliseconds: some clocks are rounded. Deadlines of sessions allow for it.
   */
  clockError(): number;
  /**
   * Calls `callback` once after `delay` milliseconds or later (as soon as possible if `delay` is negative).
   * Returns the function that cancels it; cancelling after it fired, or twice, is harmless.
   */
  setTimer(callback: () => void, delay: number): () => void;
  /** Calls `callback` once, at the end of the current turn of the event loop. */
  defer(callback: () => void): void;
  /** A number in [0, 1), random enough for ids that must never collide. */
  random(): number;
}

/** Random numbers are drawn many at a time: one draw costs as much as hundreds. */
const draws = new Uint32Array(256);
let drawn = draws.length;

/**
 * The functions as they are when this module is loaded. A test runner that replaces them with fakes for a while
 * must not stop a node, and its clock must not go back.
 */
const { setTimeout, clearTimeout, queueMicrotask, performance } = globalThis;
const LOADED: Pick<Runtime, "now" | "defer"> & { readonly start: StartTimer } = {
  now: performance.now.bind(performance),
  defer: (callback) => queueMicrotask(callback),
  start(callback, wait) {
    const timer = setTimeout(callback, wait);
    return () => clearTimeout(timer);
  },
};

/** The functions as they are at each call: those that were loaded are fake, and may be restored. */
const PRESENT: typeof LOADED = {
  now: neverBack(() => globalThis.performance.now()),
  // The microtask queue of promises cannot be replaced.
  defer: (callback) => void Promise.resolve().then(callback),
  start(callback, wait) {
    const timer = globalThis.setTimeout(callback, wait);
    return () => globalThis.clearTimeout(timer);
  },
};

/** `clock` marks the fakes of the package fake-timers, which most test runners use. */
const { now, defer, start } = "clock" in setTimeout ? PRESENT : LOADED;

/** A clock that stands still where `read` goes back. */
function neverBack(read: () => number): () => number {
  let [last, offset] = [-Infinity, 0];
  return () => {
    const time = read();
    if (time < last) offset += last - time;
    last = time;
    return time + offset;
  };
}

/** Longest wait of a timer of the runtime, in milliseconds; with a longer one it would fire at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * The clocks, timers and randomness of the JavaScript runtime, for one node. Nodes do not share timers: in
 * workerd a node lives in one request, and a timer that another request has set never fires for it.
 */
export function systemRuntime(): Runtime {
  const timers = new Timers(now, start);
  return { ...plainRuntime(), setTimer: (callback, delay) => timers.set(callback, delay) };
}

/**
 * The same for a node with few timers, such as a guest: each is one of the JavaScript runtime. A bundle that uses
 * only this one is smaller.
 */
export function plainRuntime(): Runtime {
  const error = new ClockError(now);
  return {
    now: () => {
      const reading = now();
      if (!error.isFine) error.observe(reading);
      return reading;
    },
    wallNow: () => Date.now(),
    clockError: () => error.value,
    setTimer(callback, delay) {
      const due = now() + delay;
      let cancel = () => {};
      const arm = (wait: number) => {
        cancel = start(() => {
          // Node may call a timer a little too soon.
          const rest = due - now();
          if (rest > 0) arm(rest);
          else callback();
        }, Math.min(LONGEST_WAIT, Math.max(0, wait)));
      };
      arm(delay);
      return () => cancel();
    },
    defer,
    random: () => {
      if (drawn === draws.length) {
        crypto.getRandomValues(draws);
        drawn = 0;
      }
      return draws[drawn++] / 2 ** 32;
    },
  };
}
