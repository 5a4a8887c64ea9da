import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import { Random } from "../sim/random.ts";
import { memoryNetwork } from "../../transports/memory.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** Promise turns after one event: more than any chain of the library has, so no reaction runs late. */
const TURNS = 30;

/** A virtual clock: hours pass in seconds, and every timer is counted. */
export class VirtualTime {
  readonly #random: Random;
  /** A binary heap, the earliest first. */
  readonly #queue: Timer[] = [];
  #now = 0;
  #order = 0;
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
      const timer = this.#add(() => {
        this.#live--;
        callback();
      }, Math.max(0, delay));
      return () => {
        if (timer.callback === null) return;
        timer.callback = null;
        this.#live--;
      };
    },
    defer: (callback) => queueMicrotask(callback),
    random: () => this.#random.fraction(),
  };

  /** Delay of each frame on the network, in milliseconds, and the share by which it may be longer or shorter. */
  latency = 0.5;
  jitter = 0.2;

  readonly network = memoryNetwork({
    schedule: (deliver) =>
      void this.#add(deliver, this.latency * (1 + this.jitter * (2 * this.#random.fraction() - 1))),
  });

  /** Lets `duration` milliseconds pass. */
  async pass(duration: number): Promise<void> {
    const end = this.#now + duration;
    while (this.#queue.length > 0 && this.#queue[0].at <= end) await this.#step();
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
      if (this.#queue.length === 0 || this.#now > end) throw new Error("it never happened");
      await this.#step();
    }
    return await promise;
  }

  async #step(): Promise<void> {
    const timer = this.#pop();
    this.#now = Math.max(this.#now, timer.at);
    const { callback } = timer;
    timer.callback = null;
    callback?.();
    // Deferred work runs before the next event.
    for (let i = 0; i < TURNS; i++) await Promise.resolve();
  }

  #add(callback: () => void, delay: number): Timer {
    const timer: Timer = { at: this.#now + delay, order: this.#order++, callback };
    const queue = this.#queue;
    let index = queue.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, queue[parent])) break;
      queue[index] = queue[parent];
      index = parent;
    }
    queue[index] = timer;
    return timer;
  }

  #pop(): Timer {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop()!;
    if (queue.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1], queue[child])) child++;
      if (!isBefore(queue[child], last)) break;
      queue[index] = queue[child];
      index = child;
    }
    queue[index] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
