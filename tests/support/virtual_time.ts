import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import { EventQueue } from "../../testing/event_queue.ts";
import { Random } from "../../testing/random.ts";
import { memoryNetwork } from "../../transports/memory.ts";

/** Promise turns after one event: more than any chain of the library has, so no reaction runs late. */
const TURNS = 30;

/** A virtual clock: hours pass in seconds, and every timer is counted. */
export class VirtualTime {
  readonly #random: Random;
  readonly #queue = new EventQueue();
  #now = 0;
  #live = 0;

  /** `seed` determines all random choices. */
  constructor(seed = "virtual time") {
    this.#random = new Random(seed);
  }

  /** Number of running timers of nodes; frames in transit do not count. */
  get timers(): number {
    return this.#live;
  }

  /** The runtime for a node, in place of the system's. */
  readonly runtime: Runtime = {
    now: () => this.#now,
    wallNow: () => 1_800_000_000_000 + Math.floor(this.#now),
    clockError: () => 0,
    setTimer: (callback, delay) => {
      this.#live++;
      let waiting: (() => void) | null = callback;
      const end = () => {
        const ended = waiting;
        waiting = null;
        if (ended !== null) this.#live--;
        return ended;
      };
      this.#queue.push(this.#now + Math.max(0, delay), () => end()?.());
      return () => void end();
    },
    defer: (callback) => queueMicrotask(callback),
    random: () => this.#random.fraction(),
  };

  /** Delay of each frame on the network, in milliseconds, and the share by which it may be longer or shorter. */
  latency = 0.5;
  jitter = 0.2;

  readonly network = memoryNetwork({
    schedule: (deliver) => {
      const delay = this.latency * (1 + this.jitter * (2 * this.#random.fraction() - 1));
      this.#queue.push(this.#now + delay, deliver);
    },
  });

  /** Lets `duration` milliseconds pass. */
  async pass(duration: number): Promise<void> {
    const end = this.#now + duration;
    for (let next = this.#queue.peek(); next && next.time <= end; next = this.#queue.peek()) {
      await this.#step();
    }
    this.#now = end;
  }

  /** Lets `duration` milliseconds pass without a callback, as if one task kept the process busy. */
  stall(duration: number): void {
    this.#now += duration;
  }

  /** Lets time pass until `promise` settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => settled = true;
    promise.then(done, done);
    await Promise.resolve();
    const end = this.#now + 3_600_000;
    while (!settled) {
      if (this.#queue.size === 0 || this.#now > end) throw new Error("it never happened");
      await this.#step();
    }
    return await promise;
  }

  async #step(): Promise<void> {
    const next = this.#queue.pop();
    if (next === undefined) return;
    this.#now = Math.max(this.#now, next.time);
    next.run();
    // Deferred work runs before the next event.
    for (let i = 0; i < TURNS; i++) await Promise.resolve();
  }
}
