import { EventQueue } from "./event_queue.ts";
import { Fingerprint } from "./fingerprint.ts";
import { Random } from "./random.ts";
import { openTasks } from "./tasks.ts";

/**
 * A simulation in virtual time: a queue of events, and random numbers from a seed. Each event runs in its own
 * task of the real event loop, so all of its microtasks have run before the next event. No wait takes real
 * time, and a seed determines the run.
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
  #holds = 0;
  /** Goes on with a run that is held. */
  #goOn: (() => void) | null = null;

  /** `trace` is called with a line for each event that is noted. */
  constructor(seed: string, trace?: (line: string) => void) {
    this.seed = seed;
    this.random = new Random(seed);
    this.#trace = trace;
  }

  /** Virtual time in milliseconds since the simulation began. */
  get time(): number {
    return this.#time;
  }

  /** The number of events that have run. */
  get events(): number {
    return this.#events;
  }

  /** Whether nothing more will happen. */
  get isIdle(): boolean {
    return this.#queue.size === 0;
  }

  /** A number that grows with each call: it records the order of operations. */
  instant(): number {
    return ++this.#instant;
  }

  /** Runs `callback` at `time`, or now if `time` has passed. */
  at(time: number, callback: () => void): void {
    if (Number.isNaN(time)) throw new RangeError("an event needs a time");
    this.#queue.push(Math.max(time, this.#time), callback);
  }

  /** Runs `callback` in `delay` milliseconds. */
  after(delay: number, callback: () => void): void {
    this.at(this.#time + delay, callback);
  }

  /** Adds an event to the fingerprint of the run, and to its trace. */
  note(what: string): void {
    this.fingerprint.number(this.#time);
    this.fingerprint.text(what);
    this.#trace?.(`${this.#time.toFixed(3).padStart(12)}  ${what}`);
  }

  /** Whether there is a trace. */
  get traced(): boolean {
    return this.#trace !== undefined;
  }

  /** Adds a line to the trace only, for details that follow from noted events. */
  comment(what: () => string): void {
    this.#trace?.(`${this.#time.toFixed(3).padStart(12)}  ${what()}`);
  }

  /** No event runs until the returned function is called, which may be in a real event. */
  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holds > 0) return;
      const goOn = this.#goOn;
      this.#goOn = null;
      goOn?.();
    };
  }

  /**
   * Runs events until `done` returns true (checked before each event), or until the next event is after
   * `deadline`. Resolves to whether `done` returned true. Rejects with the exception of an event or of `done`.
   */
  run(deadline: number, done: () => boolean = () => false): Promise<boolean> {
    const tasks = openTasks();
    const ended = new Promise<boolean>((resolve, reject) => {
      const turn = () => {
        try {
          if (done()) return resolve(true);
          if (this.#holds > 0) {
            this.#goOn = () => tasks.next(turn);
            return;
          }
          const next = this.#queue.peek();
          if (next === undefined || next.time > deadline) {
            this.#time = Math.max(this.#time, deadline);
            return resolve(false);
          }
          this.#queue.pop();
          this.#time = next.time;
          this.#events++;
          next.run();
        } catch (error) {
          return reject(error);
        }
        tasks.next(turn); // all microtasks run first
      };
      tasks.next(turn);
    });
    return ended.finally(() => tasks.close());
  }
}
