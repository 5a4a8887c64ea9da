import type { ClusterNode, Lock } from "../mod.ts";
import { now } from "./clock.ts";

/** Somebody on another node who waits for locks. */
export interface Waiter {
  /** Asks for these; resolves as soon as that is done. */
  ask(keys: readonly string[]): Promise<void>;
  /** When each of them was granted, in the same order, on the clock of all threads. */
  granted(): Promise<number[]>;
  /** Gives all of them back. */
  release(): Promise<void>;
  /** Lets `contenders` of them have one lock `times` times each; when each time it was granted. */
  contend(key: string, contenders: number, times: number): Promise<number[]>;
}

/** One that waits on a node of this thread. */
export class LocalWaiter implements Waiter {
  readonly #node: ClusterNode;
  #waiting: Promise<{ lock: Lock; at: number }>[] = [];

  /** Waits on `node`. */
  constructor(node: ClusterNode) {
    this.#node = node;
  }

  // deno-lint-ignore require-await -- the other one has to wait for its thread
  async ask(keys: readonly string[]): Promise<void> {
    this.#waiting = keys.map(async (key) => {
      const lock = await this.#node.lock(key);
      return { lock, at: now() };
    });
  }

  async granted(): Promise<number[]> {
    return (await Promise.all(this.#waiting)).map(({ at }) => at);
  }

  async release(): Promise<void> {
    const waiting = await Promise.all(this.#waiting);
    await Promise.all(waiting.map(({ lock }) => lock.release()));
  }

  async contend(key: string, contenders: number, times: number): Promise<number[]> {
    const granted: number[] = [];
    await Promise.all(Array.from({ length: contenders }, async () => {
      for (let time = 0; time < times; time++) {
        const lock = await this.#node.lock(key);
        granted.push(now());
        // Whoever is the next to have it is told before this one asks again.
        await lock.release();
      }
    }));
    return granted;
  }
}
