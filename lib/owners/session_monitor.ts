import type { Core, LifeWatch } from "../node/core.ts";
import { lifeOf } from "../paxos/ended_lives.ts";
import type { Life } from "../paxos/ballot.ts";
import type { SessionId } from "../paxos/register.ts";

/** Shortest and longest delay between two questions about the same session, in milliseconds. */
const SHORTEST_WAIT = 20;
const LONGEST_WAIT = 10_000;

/** A session that is watched. */
interface WatchedSession {
  readonly session: SessionId;
  readonly listeners: Set<() => void>;
  /** Prevents the next question; `undefined`: one is under way. */
  cancelTimer?: (() => void) | undefined;
}

/**
 * Watches sessions of other nodes that this node waits for, and fences each one when it has expired. A
 * session is watched once, however many locks it holds. Members also tell when the life of a session is proved
 * to be over: each of them refuses the sessions of that life from then on, so a quorum that says so has fenced them
 * (section 6, "Proof of an end").
 */
export class SessionMonitor {
  readonly #core: Core;
  readonly #watched = new Map<SessionId, WatchedSession>();
  readonly #lives: LifeWatch;

  /** Asks the members of `core`'s cluster. */
  constructor(core: Core) {
    this.#core = core;
    this.#lives = core.watchLives((life) => this.#hearOf(life));
  }

  /** Calls `ended` once when `session` has ended; returns a function that stops the watch. */
  watch(session: SessionId, ended: () => void): () => void {
    let watched = this.#watched.get(session);
    if (watched === undefined) {
      const listeners = new Set<() => void>();
      watched = { session, listeners };
      this.#watched.set(session, watched);
      this.#lives.add(lifeOf(session));
      void this.#look(watched);
    }
    const { listeners } = watched;
    listeners.add(ended);
    return () => {
      if (!listeners.delete(ended) || listeners.size > 0) return;
      this.#stop(watched);
    };
  }

  /** Whether `session` is watched: one more watch then asks the members nothing. */
  has(session: SessionId): boolean {
    return this.#watched.has(session);
  }

  /** Asks about a session that is watched now: its node may have ended it long before the session would expire. */
  askNow(session: SessionId): void {
    const watched = this.#watched.get(session);
    if (watched?.cancelTimer === undefined) return;
    watched.cancelTimer();
    void this.#look(watched);
  }

  /** Stops all watches. */
  close(): void {
    for (const watched of this.#watched.values()) this.#stop(watched);
  }

  #isWatched(watched: WatchedSession): boolean {
    return this.#watched.get(watched.session) === watched;
  }

  #stop(watched: WatchedSession): void {
    if (!this.#isWatched(watched)) return;
    this.#watched.delete(watched.session);
    watched.cancelTimer?.();
    this.#lives.remove(lifeOf(watched.session));
  }

  /** Asks whether the session has ended. */
  async #look(watched: WatchedSession): Promise<void> {
    this.#lives.ask(lifeOf(watched.session));
    watched.cancelTimer = undefined;
    const wait = await this.#ask(watched.session);
    if (!this.#isWatched(watched)) return;
    if (wait === 0) {
      this.#end(watched);
    } else if (!this.#core.isClosed) {
      const { runtime } = this.#core;
      watched.cancelTimer = runtime.setTimer(() => void this.#look(watched), wait);
    }
  }

  #end(watched: WatchedSession): void {
    // A listener of another session may have closed this monitor.
    if (!this.#isWatched(watched)) return;
    this.#stop(watched);
    for (const ended of watched.listeners) ended();
  }

  /** The time after which to ask again, in milliseconds; 0 if the session has ended. */
  async #ask(session: SessionId): Promise<number> {
    const { queries } = this.#core;
    try {
      const remaining = await queries.remaining(session, this.#core.limits());
      if (remaining > 0) {
        return Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, remaining + 1));
      }
      return await queries.fence(session, this.#core.limits()) ? 0 : SHORTEST_WAIT;
    } catch {
      // Without a quorum the state is unknown. The time limit of the question has passed already, so the
      // shortest wait is enough.
      return SHORTEST_WAIT;
    }
  }

  /** A quorum has said that `life` is over. */
  #hearOf(life: Life): void {
    for (const watched of [...this.#watched.values()]) {
      if (lifeOf(watched.session) !== life) continue;
      this.#core.queries.ended.add(watched.session);
      this.#end(watched);
    }
  }
}
