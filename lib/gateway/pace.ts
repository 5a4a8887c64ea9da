import type { Runtime } from "../node/shell.ts";
import { Allowance } from "./allowance.ts";

/** Seconds of the rate that may be handled at once: others wait for no longer burst of one guest. */
const BURST = 0.25;

/**
 * Milliseconds in a second in which frames of one guest are handled, if more of them wait; the seconds of these that may
 * come at once: others get their turns after a frame that took long. A process that was suspended meanwhile has not worked
 * all the time.
 */
const WORK = 500;
const WORK_BURST = 0.01;
const LONGEST_WORK = 50;

/** Frames of one guest that may wait; one that has a bounded number of operations under way has fewer. */
const MAX_WAITING = 1_000;

/**
 * Handles the frames of one guest in order, no faster than its messages may come. Even a refusal takes time, so one that
 * sends more than it may is not answered sooner; no other guest waits for it.
 */
export class Pace {
  readonly #runtime: Runtime;
  readonly #allowance: Allowance;
  readonly #work: Allowance;
  readonly #waiting: (() => void)[] = [];
  #cancel: () => void = () => {};

  /** `rate`: messages in a second, on average. */
  constructor(runtime: Runtime, rate: number) {
    this.#runtime = runtime;
    this.#allowance = new Allowance(rate, runtime.now(), BURST);
    this.#work = new Allowance(WORK, runtime.now(), WORK_BURST);
  }

  /** Calls `handle`, which returns the number of messages, now or later; returns false if too many wait. */
  run(handle: () => number): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    const work = () => {
      // A frame that could not be handled has taken time, too.
      let messages = 1;
      const begun = this.#runtime.now();
      try {
        messages = handle();
      } finally {
        const now = this.#runtime.now();
        this.#allowance.take(messages, now);
        this.#work.take(Math.min(LONGEST_WORK, now - begun), now);
      }
    };
    if (this.#waiting.length === 0 && this.#wait() === 0) {
      work();
      return true;
    }
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#goOnLater();
    return true;
  }

  /** Handles nothing more. */
  close(): void {
    this.#cancel();
    this.#waiting.length = 0;
  }

  #wait(): number {
    const now = this.#runtime.now();
    return Math.max(this.#allowance.wait(now), this.#work.wait(now));
  }

  #goOnLater(): void {
    this.#cancel = this.#runtime.setTimer(() => {
      try {
        while (this.#waiting.length > 0 && this.#wait() === 0) this.#waiting.shift()?.();
      } finally {
        if (this.#waiting.length > 0) this.#goOnLater();
      }
    }, this.#wait());
  }
}
