import type { SessionId } from "../paxos/register.ts";

/** An attempt that waits for its answer. */
export interface OpenAttempt {
  /** Asks for the answer once more. */
  readonly ask: () => void;
  /** The host says that nothing runs in the session any more. */
  readonly gone: () => void;
}

/** The attempts of this node that wait for an answer, by the session of the called instance. */
export class OpenAttempts {
  readonly #sessions = new Map<SessionId, Set<OpenAttempt>>();
  /** What is called when no attempt in a session waits any more; one for each session with attempts. */
  readonly #settled = new Map<SessionId, () => void>();

  /** Adds an attempt; returns the function that removes it. */
  add(session: SessionId, attempt: OpenAttempt): () => void {
    let attempts = this.#sessions.get(session);
    if (attempts === undefined) this.#sessions.set(session, attempts = new Set());
    attempts.add(attempt);
    return () => {
      if (!attempts.delete(attempt) || attempts.size > 0) return;
      this.#sessions.delete(session);
      this.#settled.get(session)?.();
      this.#settled.delete(session);
    };
  }

  /**
   * The host has answered all that it ever will: calls `settled` when no attempt in `session` waits any more. Returns
   * whether that is the case already; else all of them are asked for again, since their answers may be lost.
   */
  leaving(session: SessionId, settled: () => void): boolean {
    const attempts = this.#sessions.get(session);
    if (attempts === undefined) {
      settled();
      return true;
    }
    this.#settled.set(session, settled);
    for (const { ask } of [...attempts]) ask();
    return false;
  }

  /** The host says that nothing runs in `session` any more. */
  gone(session: SessionId): void {
    for (const { gone } of [...this.#sessions.get(session) ?? []]) gone();
  }
}
