import type { Operation, Runtime } from "../node/shell.ts";
import { Allowance } from "./allowance.ts";

/** Bytes that are under way before the next value waits, and that may begin at once after a rest. */
export const LARGE_BYTES: number = 512 * 1024;

/** Bytes in a second, on average: about a third of what three members on two slow cores can do. */
const LEAST_RATE = 8 * 2 ** 20;

/**
 * The turns of the large values of all guests of a member: each takes tens of milliseconds of all members, in which
 * nothing else is served.
 */
export class LargeTurns {
  readonly #runtime: Runtime;
  readonly #allowance: Allowance;
  #free = LARGE_BYTES;
  readonly #waiting = new Set<() => void>();
  #cancel: () => void = () => {};

  /** Nothing is under way. `bytesPerSecond`: what one guest may send, which it may do alone also if it is more. */
  constructor(runtime: Runtime, bytesPerSecond: number) {
    this.#runtime = runtime;
    const rate = Math.max(LEAST_RATE, bytesPerSecond);
    this.#allowance = new Allowance(rate, runtime.now(), LARGE_BYTES / rate);
  }

  /**
   * Runs `work`, which sends that many bytes, in its turn. It waits for that as long as the operation that `wait` begins
   * lasts; after that nothing is left of it.
   */
  async run<T>(work: () => Promise<T>, wait: () => Operation<void>, bytes: number): Promise<T> {
    if (this.#waiting.size === 0 && this.#mayBegin()) this.#take(bytes);
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

  #mayBegin(): boolean {
    return this.#free > 0 && this.#allowance.wait(this.#runtime.now()) === 0;
  }

  #take(bytes: number): void {
    this.#free -= bytes;
    this.#allowance.take(bytes, this.#runtime.now());
  }

  #goOn(): void {
    this.#cancel();
    for (const next of this.#waiting) {
      if (!this.#mayBegin()) break;
      next();
    }
    // What is under way goes on at its end.
    if (this.#waiting.size === 0 || this.#free <= 0) return;
    const wait = this.#allowance.wait(this.#runtime.now());
    this.#cancel = this.#runtime.setTimer(() => this.#goOn(), wait);
  }
}
