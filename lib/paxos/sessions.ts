import type { Life } from "./ballot.ts";
import type { SessionReply } from "./messages.ts";
import type { SessionId } from "./register.ts";

/** The shortest time to live that a session may have, in milliseconds. */
export const MIN_TTL = 100;

/** What a session id says. */
export interface SessionParts {
  /** The id of the node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: Life;
  /** Its number among the sessions of that life. */
  readonly sequence: number;
}

/** The id of lease number `sequence` of that life of that node. */
export function makeSession(node: string, life: Life, sequence: number): SessionId {
  return `${node}/${life}/${sequence}`;
}

/** Takes a session id apart; node ids and lives contain no slash. */
export function parseSession(session: SessionId): SessionParts {
  const [node, life, sequence] = session.split("/");
  return { node, life, sequence: Number(sequence) };
}

/** Negative, zero or positive, as session `a` of a node is older than, the same as or newer than `b`. */
export function compareSessions(a: SessionId, b: SessionId): number {
  const first = parseSession(a);
  const second = parseSession(b);
  if (first.life !== second.life) return first.life < second.life ? -1 : 1;
  return first.sequence - second.sequence;
}

/** How many sessions, alive and fenced, an acceptor keeps track of at most: more get no answer. */
export const MAX_SESSIONS = 100_000;

/**
 * The acceptor's side of all leases (Gray & Cheriton, *Leases*, 1989, decided by quorums). It
 * measures time on its own monotonic clock alone: it waits the whole time to live since it heard of
 * a renewal, while the owner counts 95 % of it since it sent that renewal.
 */
export class SessionTable {
  readonly #maxTtl: number;
  readonly #renewals = new Map<
    SessionId,
    { renewed: number; ttl: number; hosts: readonly string[] }
  >();
  /** Session to the time at which it was last asked for. */
  readonly #fenced = new Map<SessionId, number>();
  /** Until when it answers `fenced` to nothing: it may have forgotten a renewal. */
  #allAliveUntil = -Infinity;
  /** Until when it grants nothing: sessions of before a total loss may still be believed in. */
  #grantsFrom = -Infinity;
  #swept = -Infinity;

  /** For a cluster whose sessions live at most `maxTtl` milliseconds. */
  constructor(maxTtl: number) {
    this.#maxTtl = maxTtl;
  }

  /**
   * To be called when the memory of renewals was lost: from `now` on every session, known or not,
   * counts as renewed at this moment. `fenced` are sessions that others had fenced: these are not
   * renewed any more, but not reported as fenced before `maxTtl` either.
   */
  recover(now: number, fenced: Iterable<SessionId>): void {
    this.#allAliveUntil = now + this.#maxTtl;
    for (const session of fenced) this.#fenced.set(session, now);
  }

  /** Grants no session before `time`. */
  grantFrom(time: number): void {
    this.#grantsFrom = Math.max(this.#grantsFrom, time);
  }

  /** For how many milliseconds it grants nothing yet. */
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
    if (this.#fenced.has(session)) {
      this.#fenced.set(session, now);
      return { type: "refused", session };
    }
    this.#sweep(now);
    if (this.#renewals.size >= MAX_SESSIONS && !this.#renewals.has(session)) return undefined;
    this.#renewals.set(session, { renewed: now, ttl, hosts });
    return { type: "renewed", session, renewal };
  }

  /**
   * `fence`: adds it to the fenced ones unless it was renewed here less than its `ttl` ago; `undefined` when
   * it cannot be answered.
   */
  fence(session: SessionId, now: number): SessionReply | undefined {
    this.#sweep(now);
    const remaining = this.#remaining(session, now);
    // Also for one that is in the set: its place there may have been copied, and this acceptor has
    // not waited for it.
    if (this.#allAliveUntil > now) return { type: "alive", session, remaining };
    if (!this.#fenced.has(session) && remaining > 0) return { type: "alive", session, remaining };
    return this.#fence(session, now);
  }

  /** `end`, from the session's own node: nobody believes in it any more. */
  end(session: SessionId, now: number): SessionReply | undefined {
    this.#sweep(now);
    return this.#fence(session, now);
  }

  #fence(session: SessionId, now: number): SessionReply | undefined {
    // Whoever asks for names that nobody has must not fill the memory; silence is always safe.
    if (this.#fenced.size >= MAX_SESSIONS && !this.#fenced.has(session)) return undefined;
    this.#fenced.set(session, now);
    this.#renewals.delete(session);
    return { type: "fenced", session };
  }

  /** Whether a session of `node` is alive here. */
  isPresent(node: string, now: number): boolean {
    return this.#newest(node, now) !== null;
  }

  /** `sessionOf`: the newest session of `node` that is alive here. */
  newest(node: string, now: number): SessionReply {
    const newest = this.#newest(node, now);
    const remaining = newest === null ? 0 : this.#remaining(newest, now);
    return { type: "newest", session: newest, remaining };
  }

  #newest(node: string, now: number): SessionId | null {
    let newest: SessionId | null = null;
    for (const [session, { renewed, ttl }] of this.#renewals) {
      if (now - renewed >= ttl || this.#fenced.has(session)) continue;
      if (!session.startsWith(`${node}/`)) continue;
      if (newest === null || compareSessions(session, newest) > 0) newest = session;
    }
    return newest;
  }

  /** `hosts`: the nodes with a session alive here that can run singletons with this id. */
  hosting(spec: string, now: number): SessionReply {
    const nodes = new Set<string>();
    for (const [session, { renewed, ttl, hosts }] of this.#renewals) {
      if (now - renewed >= ttl || this.#fenced.has(session) || !hosts.includes(spec)) continue;
      nodes.add(parseSession(session).node);
    }
    return { type: "hosting", nodes: [...nodes] };
  }

  /** Whether this acceptor believes that the session expired: only a quorum of fences makes it so. */
  isStale(session: SessionId, now: number): boolean {
    if (this.#allAliveUntil > now) return false;
    return this.#fenced.has(session) || this.#remaining(session, now) <= 0;
  }

  /** The sessions that are fenced, for a member that copies this memory. */
  fenced(): SessionId[] {
    return [...this.#fenced.keys()];
  }

  /** How many sessions it keeps track of, alive and fenced. */
  get size(): number {
    return this.#renewals.size + this.#fenced.size;
  }

  /** Milliseconds until `session` could be fenced here. */
  #remaining(session: SessionId, now: number): number {
    const renewal = this.#renewals.get(session);
    const own = renewal === undefined ? 0 : renewal.renewed + renewal.ttl - now;
    return Math.max(own, this.#allAliveUntil - now, 0);
  }

  /** Drops, now and then, what can no longer change any answer. */
  #sweep(now: number): void {
    if (now - this.#swept < this.#maxTtl) return;
    this.#swept = now;
    for (const [session, { renewed, ttl }] of this.#renewals) {
      // An expired renewal and none at all get the same answers.
      if (now - renewed >= ttl) this.#renewals.delete(session);
    }
    for (const [session, asked] of this.#fenced) {
      // Ten times the longest time to live: its owner has long seen its deadline pass, and whoever
      // counts fences counts only those asked for within one time to live.
      if (now - asked >= 10 * this.#maxTtl) this.#fenced.delete(session);
    }
  }
}
