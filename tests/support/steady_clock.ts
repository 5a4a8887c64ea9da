import { plainRuntime, type Runtime } from "../../lib/node/runtime/runtime.ts";
import { Timers } from "../../lib/node/runtime/timers.ts";

/** The most time that passes from one reading to the next, in milliseconds: for the rest of it the process stood still. */
const MOST = 8;

/** A waiting timer reads the clock this often, in milliseconds. */
const BEAT = 4;

const { setTimeout, clearTimeout } = globalThis;

/**
 * Real time, without the time in which the process stood still because the machine ran others. Nodes in one process
 * stand still together, so between them it is as if that time had not been: none loses its session by it. Time
 * passes only while a timer waits. The wall clock falls behind that of the system with it. All nodes of a network must
 * share one clock, since another one goes at another speed.
 */
export class SteadyClock {
  /** Whether the time in which the process stands still counts from now on. */
  countsStalls = false;
  readonly #system = plainRuntime();
  #read = this.#system.now();
  #now = this.#read;

  /** In milliseconds, from an arbitrary point. */
  get now(): number {
    const read = this.#system.now();
    const passed = read - this.#read;
    this.#now += this.countsStalls ? passed : Math.min(passed, MOST);
    this.#read = read;
    return this.#now;
  }

  /** Resolves after `duration` milliseconds. */
  pass(duration: number): Promise<void> {
    return new Promise((resolve) => void this.#start(resolve, duration));
  }

  /**
   * Begins to measure. The function that it returns ends that, and returns the time since then in milliseconds: of a
   * longer time, at least `most`.
   */
  measure(most = 60_000): () => number {
    const begun = this.now;
    const end = this.#start(() => {}, most);
    return () => {
      end();
      return this.now - begun;
    };
  }

  /** The runtime of one node: nodes do not share timers. */
  runtime(): Runtime {
    const now = () => this.now;
    const timers = new Timers(now, (callback, wait) => this.#start(callback, wait));
    return {
      ...this.#system,
      now,
      wallNow: () => Math.floor(this.#system.wallNow() + now() - this.#read),
      setTimer: (callback, delay) => timers.set(callback, delay),
    };
  }

  #start(callback: () => void, wait: number): () => void {
    const due = this.now + wait;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = (rest: number) => {
      timer = setTimeout(() => {
        const rest = due - this.now;
        if (rest > 0) arm(rest);
        else callback();
      }, Math.min(rest, BEAT));
    };
    arm(wait);
    return () => clearTimeout(timer);
  }
}
