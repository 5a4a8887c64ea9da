import type { SessionId } from "./register.ts";

/** An acceptor's record of a renewed session. */
export interface Renewal {
  /** The time of the latest renewal, on the acceptor's monotonic clock. */
  readonly renewed: number;
  /** The time to live of the session, in milliseconds. */
  readonly ttl: number;
  /** The ids of the singletons that the session's node can run. */
  readonly hosts: readonly string[];
}

/** A session that is alive as far as an acceptor knows. */
export interface AliveSession {
  /** The session. */
  readonly session: SessionId;
  /** How long it lasts at least without another renewal, in milliseconds. */
  readonly remaining: number;
  /** The ids of the singletons that its node can run. */
  readonly hosts: readonly string[];
}

/**
 * The latest renewal of each session, indexed by node and by the singletons that the node can run: a lookup for
 * one node costs as much as that node has sessions, however many others there are.
 */
export class Renewals {
  readonly #renewals = new Map<SessionId, Renewal>();
  readonly #byNode = new Index();
  readonly #byHost = new Index();

  /** The number of sessions. */
  get size(): number {
    return this.#renewals.size;
  }

  /** The latest renewal of `session`. */
  get(session: SessionId): Renewal | undefined {
    return this.#renewals.get(session);
  }

  /** Whether `session` was renewed. */
  has(session: SessionId): boolean {
    return this.#renewals.has(session);
  }

  /** Stores a renewal in place of an earlier one. */
  set(session: SessionId, renewal: Renewal): void {
    const before = this.#renewals.get(session);
    this.#renewals.set(session, renewal);
    if (before === undefined) this.#byNode.add(nodeOf(session), session);
    // Usually the hosts are unchanged.
    for (const spec of before?.hosts ?? []) {
      if (!renewal.hosts.includes(spec)) this.#byHost.delete(spec, session);
    }
    for (const spec of renewal.hosts) this.#byHost.add(spec, session);
  }

  /** Forgets `session`. */
  delete(session: SessionId): void {
    const renewal = this.#renewals.get(session);
    if (renewal === undefined) return;
    this.#renewals.delete(session);
    this.#byNode.delete(nodeOf(session), session);
    for (const spec of renewal.hosts) this.#byHost.delete(spec, session);
  }

  /** The sessions of `node`. */
  of(node: string): ReadonlySet<SessionId> {
    return this.#byNode.get(node);
  }

  /** The sessions of nodes that can run singletons with this id. */
  hosting(spec: string): ReadonlySet<SessionId> {
    return this.#byHost.get(spec);
  }

  /** All sessions. */
  sessions(): Iterable<SessionId> {
    return this.#renewals.keys();
  }
}

function nodeOf(session: SessionId): string {
  return session.slice(0, session.indexOf("/"));
}

const NONE: ReadonlySet<SessionId> = new Set();

/** Sessions by a string. */
class Index {
  readonly #sessions = new Map<string, Set<SessionId>>();

  get(key: string): ReadonlySet<SessionId> {
    return this.#sessions.get(key) ?? NONE;
  }

  add(key: string, session: SessionId): void {
    const sessions = this.#sessions.get(key);
    if (sessions === undefined) this.#sessions.set(key, new Set([session]));
    else sessions.add(session);
  }

  delete(key: string, session: SessionId): void {
    const sessions = this.#sessions.get(key);
    if (sessions?.delete(session) && sessions.size === 0) this.#sessions.delete(key);
  }
}
