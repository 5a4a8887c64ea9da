import type { Operation, Runtime } from "../node/shell.ts";
import { Allowance } from "./allowance.ts";

/** Bytes in a second, on average: about a third of what three members on two slow cores can do. */
const LEAST_RATE = 8 * 2 ** 20;

/** Bytes that may begin at once after a rest, and that are under way before the next value waits for them. */
const BURST = 512 * 1024;

/** The longest time for which a value waits for those that are under way, in milliseconds: these may take for ever. */
const LONGEST_TURN = 100;

/**
 * The turns of the large values of all guests of a member: each takes tens of milliseconds of all members, in which
 * nothing else is served.
 */
export class LargeTurns {
  /** The bytes of all values that have not ended, which the guests count. */
  held = 0;
  readonly #runtime: Runtime;
  readonly #allowance: Allowance;
  readonly #waiting = new Set<() => void>();
  #free = BURST;
  /** When the latest one has begun. */
  #begun = 0;
  #cancel: () => void = () => {};

  /** No value waits. `bytesPerSecond`: what one guest may send, which it may do alone also if it is more. */
  constructor(runtime: Runtime, bytesPerSecond: number) {
    this.#runtime = runtime;
    const rate = Math.max(LEAST_RATE, bytesPerSecond);
    this.#allowance = new Allowance(rate, runtime.now(), BURST / rate);
  }

  /**
   * Runs `work`, which sends that many bytes, in its turn. It waits for that as long as the operation that `wait` begins
   * lasts; after that nothing is left of it.
   */
  async run<T>(work: () => Promise<T>, wait: () => Operation<void>, bytes: number): Promise<T> {
    if (this.#waiting.size === 0 && this.#wait() === 0) this.#take(bytes);
    else await this.#turn(wait(), bytes);
    try {
      return await work();
    } finally {
      this.#free += bytes;
      this.#goOn();
    }
  }

  async #turn(wait: Operation<void>, bytes: number): Promise<void> {
    const pass = () => {
      this.#take(bytes);
      wait.resolve();
    };
    if (!wait.ended) {
      this.#waiting.add(pass);
      wait.onEnd(() => {
        this.#waiting.delete(pass);
        if (this.#waiting.size === 0) this.#cancel();
      });
      if (this.#waiting.size === 1) this.#goOn();
    }
    await wait.promise;
  }

  /** The time until the next one may begin, in milliseconds. */
  #wait(): number {
    const now = this.#runtime.now();
    const due = this.#allowance.wait(now);
    return this.#free > 0 ? due : Math.max(due, this.#begun + LONGEST_TURN - now);
  }

  #take(bytes: number): void {
    this.#free -= bytes;
    this.#begun = this.#runtime.now();
    this.#allowance.take(bytes, this.#begun);
  }

  #goOn(): void {
    this.#cancel();
    for (const next of this.#waiting) {
      if (this.#wait() > 0) break;
      next();
    }
    if (this.#waiting.size === 0) return;
    this.#cancel = this.#runtime.setTimer(() => this.#goOn(), this.#wait());
  }
}
