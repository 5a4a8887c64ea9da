import type { ClusterNode, Lock } from "../mod.ts";
import { now } from "./clock.ts";

/** Waits for locks on another node. */
export interface Waiter {
  /** Requests these locks; resolves as soon as they are requested. */
  ask(keys: readonly string[]): Promise<void>;
  /** The time at which each of them was granted, in the same order, on the clock of all threads. */
  granted(): Promise<number[]>;
  /** Releases all of them. */
  release(): Promise<void>;
  /** Has `contenders` contenders take one lock `times` times each; returns the time of each grant. */
  contend(key: string, contenders: number, times: number): Promise<number[]>;
}

/** A waiter on a node of this thread. */
export class LocalWaiter implements Waiter {
  readonly #node: ClusterNode;
  #waiting: Promise<{ lock: Lock; at: number }>[] = [];

  /** Waits on `node`. */
  constructor(node: ClusterNode) {
    this.#node = node;
  }

  // deno-lint-ignore require-await -- other implementations wait for their thread
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
        // The release resolves after the next owner is granted the lock, before this contender asks again.
        await lock.release();
      }
    }));
    return granted;
  }
}
