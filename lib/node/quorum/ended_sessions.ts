import type { SessionId } from "../../paxos/register.ts";

/** Sessions that are remembered; for a forgotten one the cluster can be asked again. */
const MAX_SESSIONS = 10_000;

/** Sessions that a quorum has fenced, or whose life a quorum says is over: they have ended for good. */
export class EndedSessions {
  readonly #sessions = new Set<SessionId>();

  /** Remembers that `session` has ended. */
  add(session: SessionId): void {
    // Deleted first, so that the set stays in the order in which they were needed.
    this.#sessions.delete(session);
    this.#sessions.add(session);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const oldest of this.#sessions) {
      this.#sessions.delete(oldest);
      return;
    }
  }

  /** Whether `session` is known to have ended. */
  has(session: SessionId): boolean {
    return this.#sessions.has(session);
  }
}
