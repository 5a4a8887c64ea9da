import type { Simulation } from "./simulation.ts";

/** The shortest delay of a timer, in milliseconds, as in Node: code that polls with a delay of 0 lets time pass. */
const SHORTEST = 1;

/** The longest delay, in milliseconds: a longer one fires at once in every runtime. */
const LONGEST = 2 ** 31 - 1;

/** What `setTimeout` makes of a delay. */
export function delayOf(delay: unknown): number {
  const number = Number(delay);
  return number >= SHORTEST && number <= LONGEST ? number : SHORTEST;
}

/** The timers of a simulation that belong to no machine: `setTimeout` and `setInterval`. */
export class VirtualTimers {
  readonly #simulation: Simulation;
  readonly #running = new Map<number, () => void>();
  #last = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** As the global function. */
  setTimeout(callback: () => void, delay: unknown): number {
    const id = ++this.#last;
    this.#running.set(id, callback);
    this.#simulation.after(delayOf(delay), () => {
      const waiting = this.#running.get(id);
      this.#running.delete(id);
      waiting?.();
    });
    return id;
  }

  /** As the global function. */
  setInterval(callback: () => void, delay: unknown): number {
    const id = ++this.#last;
    this.#running.set(id, callback);
    const wait = () => {
      this.#simulation.after(delayOf(delay), () => {
        if (!this.#running.has(id)) return;
        wait();
        callback();
      });
    };
    wait();
    return id;
  }

  /** As the global functions. */
  clear(id: number): void {
    this.#running.delete(id);
  }
}
