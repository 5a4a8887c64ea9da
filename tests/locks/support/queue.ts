import type { ClusterNode, Lock } from "../../../mod.ts";
import { eventually } from "../../support/wait.ts";

/** Waits until `count` requests are in the queue of the lock `name`; thousands take more than the usual `patience`. */
export async function untilQueued(
  node: ClusterNode,
  name: string,
  count: number,
  patience?: number,
): Promise<void> {
  await eventually(
    async () => {
      const { pending } = await node.locks.query();
      return pending.filter((request) => request.name === name).length === count;
    },
    `${count} requests in the queue of "${name}"`,
    patience,
  );
}

/** Whether `promise` has settled by now; waits a few turns, so that frames under way arrive. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => settled = true;
  promise.then(settle, settle);
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

/** Releases each lock as soon as it is granted, and records the order of the grants. */
export class Order<T> {
  readonly granted: T[] = [];
  readonly tokens: number[] = [];
  readonly #all: Promise<void>[] = [];

  /** Follows a request under this name. */
  add(name: T, request: Promise<Lock>): void {
    const served = request.then(async (lock) => {
      this.granted.push(name);
      this.tokens.push(lock.token);
      await lock.release();
    });
    // `done` reports the error; a test that fails earlier must not get a second error from here.
    served.catch(() => {});
    this.#all.push(served);
  }

  /** Resolves when all requests were granted and released. */
  async done(): Promise<void> {
    await Promise.all(this.#all);
  }
}
