import { PassingMap, type Runtime } from "../node/shell.ts";
import type { RegisterId } from "../paxos/register.ts";
import { LONG_HELD } from "./lock_requests.ts";

/** Begins the watch of a lock, which is not to read it for `unread` milliseconds. */
type Begin = (unread: number) => void;

/** The locks that this node holds without a watch: most are held too briefly to be worth one. */
export class UnwatchedLocks {
  readonly #runtime: Runtime;
  /** By the lock, what begins the watch of each holder. */
  readonly #locks = new PassingMap<RegisterId, readonly Begin[]>();

  /** Has no locks. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Calls `watch` for a holder that has got the lock, after a while or as soon as another node wants the lock; returns
   * the function that prevents it.
   */
  add(register: RegisterId, watch: Begin): () => void {
    const begin = (unread: number) => {
      leave();
      watch(unread);
    };
    const cancel = this.#runtime.setTimer(() => begin(0), LONG_HELD);
    const leave = () => {
      cancel();
      const others = this.#locks.get(register)?.filter((one) => one !== begin) ?? [];
      if (others.length > 0) this.#locks.set(register, others);
      else this.#locks.delete(register);
    };
    this.#locks.set(register, [...this.#locks.get(register) ?? [], begin]);
    return leave;
  }

  /**
   * Another node is about to write this lock, most likely to wait for it. The watch begins before that is chosen, so that
   * this node is handed the promise of the next ballot with it: then the release takes one round trip. It does not read the
   * lock now: a read that meets the write would have to write, too.
   */
  wanted(register: RegisterId): void {
    if (this.#locks.size === 0) return;
    for (const begin of this.#locks.get(register) ?? []) begin(LONG_HELD);
  }
}
