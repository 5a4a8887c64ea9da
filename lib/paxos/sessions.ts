import type { Life } from "./ballot.ts";
import { EndedLives } from "./ended_lives.ts";
import { assertInvariant } from "./invariant.ts";
import { OWNER_SHARE } from "./lease.ts";
import type { SessionReply } from "./messages.ts";
import type { SessionId } from "./register.ts";
import { type AliveSession, Renewals } from "./renewals.ts";

/** Shortest time to live of a session, in milliseconds. */
export const MIN_TTL = 100;

/** The parts of a session id. */
export interface SessionParts {
  /** The id of the node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: Life;
  /** Its number among the sessions of that life. */
  readonly sequence: number;
}

/** Makes the id of lease number `sequence` of a life of a node. */
export function makeSession(node: string, life: Life, sequence: number): SessionId {
  return `${node}/${life}/${sequence}`;
}

/** Whether the name of an owner is that of a guest: `~` and its id (section 13). */
export function isGuest(name: string): boolean {
  return name.startsWith("~");
}

/** Splits a session id; node ids and lives contain no slash. */
export function parseSession(session: SessionId): SessionParts {
  const [node, life, sequence] = session.split("/");
  return { node, life, sequence: Number(sequence) };
}

/**
 * Compares two sessions of one node: negative, zero or positive if `a` is older than, the same as or newer than
 * `b`.
 */
export function compareSessions(a: SessionId, b: SessionId): number {
  const first = parseSession(a);
  const second = parseSession(b);
  if (first.life !== second.life) return first.life < second.life ? -1 : 1;
  return first.sequence - second.sequence;
}

/**
 * Sessions alive, and sessions fenced, that one acceptor keeps, to bound memory. Further renewals and fences
 * get no answer, which is always safe.
 */
export const MAX_SESSIONS = 100_000;

/** Sessions of one node among them; a node that restarts every second has fewer. */
export const MAX_NODE_SESSIONS = 1_000;

/**
 * Time for which a fenced session stays refused after the last request for it, in multiples of `maxTtl`. An
 * owner does not count a first grant later than {@linkcode GRANT_SHARE} of `maxTtl` after its first request,
 * and no node counts a fence that was requested more than one `maxTtl` ago.
 */
export const FENCED_KEPT = 2;

/**
 * Time within which an owner must get its first grant, in multiples of `maxTtl`: the time for which acceptors
 * keep a fence, less the 5 % by which clock rates may differ. Later, an acceptor may have forgotten a fence.
 */
export const GRANT_SHARE = FENCED_KEPT * OWNER_SHARE;

/** Sweeps per `maxTtl`; an acceptor that is full sweeps more often, down to every {@linkcode MIN_TTL}. */
const CLEANUPS_PER_TTL = 4;

/**
 * Ended sessions dropped together: finding the oldest entry of a map takes time in proportion to the entries
 * dropped before.
 */
const DROPPED_AT_ONCE = 1_000;

/**
 * The acceptor's side of all leases (Gray & Cheriton, *Leases*, 1989, decided by quorums). It measures time
 * only on its own monotonic clock. It waits the whole time to live after it received a renewal, while the owner
 * counts 95 % of it after it sent that renewal.
 */
export class SessionTable {
  readonly #maxTtl: number;
  readonly #clockError: () => number;
  readonly #renewals = new Renewals();
  /** Fenced sessions by the time of the last request for each; in the order of these times. */
  readonly #fenced = new Map<SessionId, number>();
  /** Sessions that their own nodes ended, by the time at which this acceptor learned of it; in that order. */
  readonly #ended = new Map<SessionId, number>();
  /** Lives whose processes run no more: every session of theirs is over, present and to come. */
  readonly #lives = new EndedLives((life) => this.#changed(life));
  /**
   * The time before which it fences no session, except those that their own nodes ended and those of lives that
   * are proved to be over: it may have forgotten renewals.
   */
  #allAliveUntil = -Infinity;
  /**
   * The time before which no session is granted: sessions from before a total loss may still be valid for their
   * owners.
   */
  #grantsFrom = -Infinity;
  #lastCleanup = -Infinity;
  #changed: (name: SessionId | Life) => void = () => {};

  /**
   * For a cluster whose sessions live at most `maxTtl` milliseconds. `clockError` is how far a reading of the
   * clock may be behind the true time: the table waits that much longer.
   */
  constructor(maxTtl: number, clockError: () => number = () => 0) {
    this.#maxTtl = maxTtl;
    this.#clockError = clockError;
  }

  /**
   * To be called when the memory of renewals was lost: every session, known or not, counts as renewed at `now`.
   * The sessions in `fenced`, which others had fenced, are not renewed any more, but not reported as fenced
   * before `maxTtl` either. The sessions in `ended` were ended by their own nodes, the lives in `over` are proved
   * to be over: these need no wait.
   */
  recover(
    now: number,
    fenced: Iterable<SessionId>,
    ended: Iterable<SessionId> = [],
    over: Iterable<Life> = [],
  ): void {
    this.#allAliveUntil = now + this.#maxTtl + this.#clockError();
    for (const session of fenced) this.#fenced.set(session, now);
    for (const session of ended) {
      this.#fenced.delete(session);
      this.#ended.set(session, now);
    }
    for (const life of over) this.#lives.add(life, now);
  }

  /** Calls `listener` with each session or life that is noted as ended or is dropped; for a disk. */
  onChange(listener: (name: SessionId | Life) => void): void {
    this.#changed = listener;
  }

  /** How a session, or a life, is kept on a disk; `null`: not at all. */
  stored(name: SessionId | Life): "fenced" | "ended" | "over" | null {
    if (this.#lives.has(name)) return "over";
    if (this.#ended.has(name)) return "ended";
    return this.#fenced.has(name) ? "fenced" : null;
  }

  /** Grants no session before `time`. */
  grantFrom(time: number): void {
    this.#grantsFrom = Math.max(this.#grantsFrom, time + this.#clockError());
  }

  /** Milliseconds for which it grants no session yet. */
  wait(now: number): number {
    return Math.max(0, this.#grantsFrom - now);
  }

  /** `renew`: `undefined` when it cannot be answered. */
  renew(
    session: SessionId,
    ttl: number,
    renewal: number,
    now: number,
    hosts: readonly string[] = [],
  ): SessionReply | undefined {
    if (ttl > this.#maxTtl || now < this.#grantsFrom) return undefined;
    this.#dropLives(now);
    if (this.#isFenced(session)) {
      this.#askedFor(session, now);
      return { type: "refused", session };
    }
    this.#dropExpired(now);
    if (!this.#renewals.has(session) && !this.#hasRoomFor(session, now)) return undefined;
    assertInvariant(!this.#isFenced(session), "a session that was fenced is never renewed");
    this.#renewals.set(session, { renewed: now, ttl, hosts });
    return { type: "renewed", session, renewal };
  }

  /**
   * `fence`: fences the session unless it was renewed here less than its `ttl` ago; `undefined` when it cannot
   * be answered.
   */
  fence(session: SessionId, now: number): SessionReply | undefined {
    this.#dropExpired(now);
    // Its own node ended it, or its process runs no more: no wait is needed, even after a loss of memory.
    if (this.#isOver(session)) return { type: "fenced", session };
    const remaining = this.#remaining(session, now);
    // Applies also to a fenced session: its entry may be a copy, and this acceptor has not waited for it.
    if (this.#allAliveUntil > now) return { type: "alive", session, remaining };
    if (!this.#fenced.has(session) && remaining > 0) return { type: "alive", session, remaining };
    if (!this.#fenced.has(session) && !this.#hasRoom()) return undefined;
    assertInvariant(remaining <= 0, "a session is fenced after its whole time to live");
    this.#askedFor(session, now);
    this.#renewals.delete(session);
    return { type: "fenced", session };
  }

  /** `end`, from the session's own node, which does not use it any more. */
  end(session: SessionId, now: number): SessionReply | undefined {
    this.#dropExpired(now);
    if (!this.#isFenced(session) && !this.#hasRoom()) return undefined;
    this.#fenced.delete(session);
    this.#ended.delete(session);
    this.#ended.set(session, now);
    this.#renewals.delete(session);
    this.#changed(session);
    return { type: "fenced", session };
  }

  /** `over`, from a node with proof that the process of `life` runs no more. */
  over(life: Life, now: number): SessionReply {
    this.#dropExpired(now);
    this.#lives.add(life, now);
    return { type: "over", life };
  }

  /** Whether `life` is proved to be over. */
  isLifeOver(life: Life): boolean {
    return this.#lives.has(life);
  }

  /**
   * `look`: milliseconds until `session` could be fenced here; 0 when it could be now. Changes nothing, so it
   * does not harm a session that is alive.
   */
  look(session: SessionId, now: number): SessionReply {
    const remaining = this.isStale(session, now) ? 0 : this.#remaining(session, now);
    return { type: "alive", session, remaining };
  }

  /** Whether a session of `node` is alive here. */
  isPresent(node: string, now: number): boolean {
    return this.#newest(node, now) !== null;
  }

  /** `sessionOf`: the newest session of `node` that is alive here. */
  newest(node: string, now: number): SessionReply {
    const newest = this.#newest(node, now);
    if (newest !== null) {
      return { type: "newest", session: newest, remaining: this.#remaining(newest, now) };
    }
    // This acceptor may have forgotten a session.
    return { type: "newest", session: null, remaining: Math.max(this.#allAliveUntil - now, 0) };
  }

  #newest(node: string, now: number): SessionId | null {
    let newest: SessionId | null = null;
    for (const session of this.#renewals.of(node)) {
      if (!this.#isAlive(session, now)) continue;
      if (newest === null || compareSessions(session, newest) > 0) newest = session;
    }
    return newest;
  }

  /** `hosts`: the nodes with a session alive here that can run singletons with this id. */
  hosting(spec: string, now: number): SessionReply {
    const nodes = new Set<string>();
    for (const session of this.#renewals.hosting(spec)) {
      if (this.#isAlive(session, now)) nodes.add(parseSession(session).node);
    }
    return { type: "hosting", nodes: [...nodes] };
  }

  #isAlive(session: SessionId, now: number): boolean {
    const renewal = this.#renewals.get(session);
    return renewal !== undefined && now - renewal.renewed < renewal.ttl && !this.#isFenced(session);
  }

  /**
   * Whether there is room for a session that was never renewed here: one node cannot take the room of the
   * others.
   */
  #hasRoomFor(session: SessionId, now: number): boolean {
    if (this.#renewals.size >= MAX_SESSIONS) return false;
    const own = this.#renewals.of(parseSession(session).node);
    if (own.size >= MAX_NODE_SESSIONS) { for (const one of own) this.#dropIfExpired(one, now); }
    return own.size < MAX_NODE_SESSIONS;
  }

  /** Drops an expired renewal: it and a missing one get the same answers. */
  #dropIfExpired(session: SessionId, now: number): void {
    const renewal = this.#renewals.get(session);
    if (renewal === undefined) return;
    const { renewed, ttl } = renewal;
    if (now - renewed >= ttl + this.#clockError()) this.#renewals.delete(session);
  }

  /**
   * Whether this acceptor believes that the session expired (stale); only a quorum of fences ends a session.
   */
  isStale(session: SessionId, now: number): boolean {
    if (this.#isOver(session)) return true;
    if (this.#allAliveUntil > now) return false;
    return this.#fenced.has(session) || this.#remaining(session, now) <= 0;
  }

  /** The sessions that are fenced, for a member that copies this memory; without those of `ended`. */
  fenced(): SessionId[] {
    return [...this.#fenced.keys()];
  }

  /** The sessions that their own nodes ended, for a member that copies this memory. */
  ended(): SessionId[] {
    return [...this.#ended.keys()];
  }

  /** The lives that are proved to be over, for a member that copies this memory. */
  endedLives(): Life[] {
    return this.#lives.lives();
  }

  /** The sessions that are alive as far as is known here, for people. */
  *alive(now: number): Generator<AliveSession> {
    for (const session of this.#renewals.sessions()) {
      if (!this.#isAlive(session, now)) continue;
      const { hosts = [] } = this.#renewals.get(session) ?? {};
      yield { session, remaining: this.#remaining(session, now), hosts };
    }
  }

  /** The number of sessions and lives that it keeps. */
  get size(): number {
    return this.#renewals.size + this.#fenced.size + this.#ended.size + this.#lives.size;
  }

  #isFenced(session: SessionId): boolean {
    return this.#fenced.has(session) || this.#isOver(session);
  }

  /** Whether `session` is out of use: its own node ended it, or its process runs no more. */
  #isOver(session: SessionId): boolean {
    return this.#ended.has(session) || this.#lives.hasOwnerOf(session);
  }

  /**
   * Keeps the fence of `session`, from `now` on. What its own node or a proof ended is over for good, and not
   * kept longer for a request.
   */
  #askedFor(session: SessionId, now: number): void {
    if (this.#isOver(session)) return;
    // Deleted first, so that the map stays in the order of time.
    if (!this.#fenced.has(session)) this.#changed(session);
    this.#fenced.delete(session);
    this.#fenced.set(session, now);
  }

  /** Milliseconds until `session` could be fenced here. */
  #remaining(session: SessionId, now: number): number {
    const renewal = this.#renewals.get(session);
    const own = renewal === undefined
      ? 0
      : renewal.renewed + renewal.ttl + this.#clockError() - now;
    return Math.max(own, this.#allAliveUntil - now, 0);
  }

  /**
   * Whether one more session may be fenced or ended. Bounds memory against fences of invented sessions. An
   * ended session can be dropped at any age: its owner counts no grant any more, and a late renewal only makes
   * it look alive for one time to live.
   */
  #hasRoom(): boolean {
    if (this.#fenced.size + this.#ended.size < MAX_SESSIONS) return true;
    let dropped = 0;
    for (const oldest of this.#ended.keys()) {
      if (dropped++ >= DROPPED_AT_ONCE) break;
      this.#ended.delete(oldest);
      this.#changed(oldest);
    }
    return dropped > 0;
  }

  /** Drops, from time to time, entries that can no longer change an answer. */
  #dropExpired(now: number): void {
    const fences = this.#fenced.size + this.#ended.size;
    const isFull = this.#renewals.size >= MAX_SESSIONS || fences >= MAX_SESSIONS;
    if (now - this.#lastCleanup < (isFull ? MIN_TTL : this.#maxTtl / CLEANUPS_PER_TTL)) return;
    this.#lastCleanup = now;
    this.#dropOldest(this.#fenced, now - FENCED_KEPT * this.#maxTtl - this.#clockError());
    this.#dropOldest(this.#ended, now - this.#maxTtl);
    this.#dropLives(now);
    for (const session of this.#renewals.sessions()) this.#dropIfExpired(session, now);
  }

  /** Drops the lives whose proofs can no longer change an answer: no renewal of theirs is left anywhere. */
  #dropLives(now: number): void {
    this.#lives.dropUntil(now - this.#maxTtl);
  }

  /** Drops the entries of `sessions` with a time of `until` or earlier; they are in order. */
  #dropOldest(sessions: Map<SessionId, number>, until: number): void {
    for (const [session, since] of sessions) {
      if (since > until) return;
      sessions.delete(session);
      this.#changed(session);
    }
  }
}
