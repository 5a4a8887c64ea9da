import type { Lock } from "../../lib/locks/lock.ts";

/**
 * Ways to break a node on purpose, to test that the checks notice:
 *
 * - `invariant`: an invariant fails in the first change of a lock or key that its acceptor takes part in;
 * - `held`: a lock claims to be held until it is released, even if its session ends;
 * - `instance`: an instance claims to be alive, even if its signal is aborted;
 * - `local`: a lock is taken without asking the cluster;
 * - `put`: one put in five is acknowledged, but never sent;
 * - `stale`: a key is read once, and then always answered from memory;
 * - `twice`: every call is sent twice;
 * - `unchanged`: a change of the members says that it is done, and does nothing.
 */
export const BREAKAGES = [
  "invariant",
  "held",
  "instance",
  "local",
  "put",
  "stale",
  "twice",
  "unchanged",
] as const;

/** One of {@linkcode BREAKAGES}. */
export type Breakage = typeof BREAKAGES[number];

/** The part of a lock that the program uses. */
export type UsedLock = Pick<Lock, "held" | "token" | "release">;

let nextToken = Date.now() * 1_000;

/** A lock that excludes no other owner. */
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

/** `lock`, without its check of the clock. */
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
