import { PassingMap, type Runtime } from "../node/shell.ts";
import type { RegisterId } from "../paxos/register.ts";
import { LONG_HELD } from "./lock_requests.ts";

/** Begins the watch of a lock, which is not to read it for `unread` milliseconds. */
type Begin = (unread: number) => void;

/** What this needs of the node. */
export interface UnwatchedLocksParts {
  readonly runtime: Runtime;
  /** Where promises are taken that are handed on, until the function that `inherit` returns is called. */
  readonly proposals: { inherit(register: RegisterId): () => void };
}

/** The locks that this node holds without a watch: most are held too briefly to be worth one. */
export class UnwatchedLocks {
  readonly #parts: UnwatchedLocksParts;
  /** By the lock, what begins the watch of each holder. */
  readonly #locks = new PassingMap<RegisterId, Set<Begin>>();

  /** Has no locks. */
  constructor(parts: UnwatchedLocksParts) {
    this.#parts = parts;
  }

  /**
   * Calls `watch` for a holder that has got the lock, after a while or as soon as another node wants the lock; returns
   * the function that prevents it.
   */
  add(register: RegisterId, watch: Begin): () => void {
    const { runtime, proposals } = this.#parts;
    // From now on, not from the watch on: what a busy node uses up for other registers meanwhile would exclude the promise.
    const disinherit = proposals.inherit(register);
    const begins = this.#locks.get(register) ?? new Set();
    const begin = (unread: number) => {
      watch(unread);
      leave();
    };
    const cancel = runtime.setTimer(() => begin(0), LONG_HELD);
    const leave = () => {
      if (!begins.delete(begin)) return;
      cancel();
      disinherit();
      if (begins.size === 0) this.#locks.delete(register);
    };
    this.#locks.set(register, begins.add(begin));
    return leave;
  }

  /**
   * Another node is about to write this lock, most likely to wait for it. The watch begins before that is chosen, so that
   * this node is handed the promise of the next ballot with it: then the release takes one round trip. It does not read the
   * lock now: a read that meets the write would have to write, too.
   */
  wanted(register: RegisterId): void {
    // Not of those that end meanwhile: the watch of one holder may show that the session of all is over.
    for (const begin of this.#locks.get(register) ?? []) begin(LONG_HELD);
  }
}
