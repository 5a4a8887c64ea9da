import type { Core } from "../node/core.ts";
import type { SessionId } from "../paxos/register.ts";

/** Shortest and longest delay between two questions about the same session, in milliseconds. */
const SHORTEST_WAIT = 20;
const LONGEST_WAIT = 10_000;

/**
 * Watches sessions of other nodes that this node waits for, and fences each one when it has expired. A
 * session is watched once, however many locks it holds.
 */
export class SessionMonitor {
  readonly #core: Core;
  readonly #watched = new Map<SessionId, Set<() => void>>();
  readonly #timers = new Map<SessionId, () => void>();

  /** Asks the members of `core`'s cluster. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** Calls `ended` once when `session` has ended; returns a function that stops the watch. */
  watch(session: SessionId, ended: () => void): () => void {
    let listeners = this.#watched.get(session);
    if (listeners === undefined) {
      this.#watched.set(session, listeners = new Set());
      void this.#look(session, listeners);
    }
    listeners.add(ended);
    return () => {
      if (!listeners.delete(ended) || listeners.size > 0) return;
      this.#stop(session, listeners);
    };
  }

  /** Stops all watches. */
  close(): void {
    for (const [session, listeners] of this.#watched) this.#stop(session, listeners);
  }

  #stop(session: SessionId, listeners: Set<() => void>): void {
    if (this.#watched.get(session) !== listeners) return;
    this.#watched.delete(session);
    this.#timers.get(session)?.();
    this.#timers.delete(session);
  }

  async #look(session: SessionId, listeners: Set<() => void>): Promise<void> {
    let wait = SHORTEST_WAIT;
    try {
      const remaining = await this.#core.queries.remaining(session, this.#core.limits());
      if (remaining > 0) wait = Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, remaining + 1));
      else if (await this.#core.queries.fence(session, this.#core.limits())) {
        if (this.#watched.get(session) !== listeners) return;
        this.#stop(session, listeners);
        for (const ended of listeners) ended();
        return;
      }
    } catch {
      // Without a quorum the state is unknown. The time limit of the question has passed already, so the
      // shortest wait is enough.
      if (this.#core.engine.isClosed) return;
    }
    if (this.#watched.get(session) !== listeners) return;
    const { runtime } = this.#core.engine;
    const cancel = runtime.setTimer(() => void this.#look(session, listeners), wait);
    this.#timers.set(session, cancel);
  }
}
