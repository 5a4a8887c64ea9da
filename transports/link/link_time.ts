/** The time and randomness of links; tests replace them. */
export interface LinkTime {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Calls `callback` once after `delay` milliseconds. Returns the function that cancels it. */
  setTimer(callback: () => void, delay: number): () => void;
}

/** The clock, timers and randomness of the runtime. */
export const SYSTEM_TIME: LinkTime = {
  now: () => performance.now(),
  random: () => Math.random(),
  setTimer(callback, delay) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};
