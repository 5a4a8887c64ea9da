import type { Lock } from "../../lib/locks/lock.ts";

/**
 * Ways in which a node can be broken on purpose, to see whether the checks notice:
 *
 * - `held`: a lock says that it is held until it is released, whatever became of the session;
 * - `instance`: an instance takes itself for alive, whatever its signal says;
 * - `local`: a lock is taken without asking anybody;
 * - `put`: one put in five is acknowledged, but never made;
 * - `stale`: a key is read once, and answered from memory ever after;
 * - `twice`: every call is sent twice.
 */
export const BREAKAGES = ["held", "instance", "local", "put", "stale", "twice"] as const;

/** One of {@linkcode BREAKAGES}. */
export type Breakage = typeof BREAKAGES[number];

/** What is used of a lock. */
export type UsedLock = Pick<Lock, "held" | "token" | "release">;

let nextToken = Date.now() * 1_000;

/** A lock that excludes nobody. */
export function localLock(): UsedLock {
  let held = true;
  return {
    token: ++nextToken,
    get held() {
      return held;
    },
    release() {
      held = false;
      return Promise.resolve();
    },
  };
}

/** `lock`, as one sees it who does not look at the clock. */
export function alwaysHeld(lock: UsedLock): UsedLock {
  let held = true;
  return {
    token: lock.token,
    get held() {
      return held;
    },
    release() {
      held = false;
      return lock.release();
    },
  };
}
