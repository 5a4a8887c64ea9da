import { setImmediate } from "node:timers";
import { EventQueue } from "./event_queue.ts";
import { Fingerprint } from "./fingerprint.ts";
import { Random } from "./random.ts";

/**
 * A world with a time of its own: a queue of events, and chance from a seed. Each event runs in a
 * task of the real event loop, so all microtasks that it leads to have run before the next one.
 * Nothing here takes real time, and one seed gives one run.
 */
export class Simulation {
  readonly seed: string;
  readonly random: Random;
  readonly fingerprint: Fingerprint = new Fingerprint();
  readonly #queue = new EventQueue();
  readonly #trace: ((line: string) => void) | undefined;
  #time = 0;
  #events = 0;
  #instant = 0;

  /** `trace` gets a line for whatever happens. */
  constructor(seed: string, trace?: (line: string) => void) {
    this.seed = seed;
    this.random = new Random(seed);
    this.#trace = trace;
  }

  /** Virtual time in milliseconds since the simulation began. */
  get time(): number {
    return this.#time;
  }

  /** How many events have run. */
  get events(): number {
    return this.#events;
  }

  /** Grows with each call, so that what is recorded has an order: the order in which it happened. */
  instant(): number {
    return ++this.#instant;
  }

  /** Runs `callback` at `time`, or now if that has passed. */
  at(time: number, callback: () => void): void {
    if (Number.isNaN(time)) throw new RangeError("an event needs a time");
    this.#queue.push(Math.max(time, this.#time), callback);
  }

  /** Runs `callback` in `delay` milliseconds. */
  after(delay: number, callback: () => void): void {
    this.at(this.#time + delay, callback);
  }

  /** Notes something that happened: in the fingerprint of the run, and in its trace. */
  note(what: string): void {
    this.fingerprint.number(this.#time);
    this.fingerprint.text(what);
    this.#trace?.(`${this.#time.toFixed(3).padStart(12)}  ${what}`);
  }

  /** Whether anybody reads the trace. */
  get traced(): boolean {
    return this.#trace !== undefined;
  }

  /** Writes to the trace only: what follows from what was noted, for a person. */
  comment(what: () => string): void {
    this.#trace?.(`${this.#time.toFixed(3).padStart(12)}  ${what()}`);
  }

  /**
   * Runs events until `done` (asked after each), or until the next one would be after `deadline`.
   * Returns whether it was `done`. Rejects with what an event threw.
   */
  run(deadline: number, done: () => boolean = () => false): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        if (done()) return resolve(true);
        const next = this.#queue.peek();
        if (next === undefined || next.time > deadline) {
          this.#time = Math.max(this.#time, deadline);
          return resolve(false);
        }
        this.#queue.pop();
        this.#time = next.time;
        this.#events++;
        try {
          next.run();
        } catch (error) {
          return reject(error);
        }
        setImmediate(turn); // a task of its own: first all microtasks run
      };
      setImmediate(turn);
    });
  }
}
