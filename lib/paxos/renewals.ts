import type { SessionId } from "./register.ts";

/** What an acceptor remembers of a session that was renewed. */
export interface Renewal {
  /** When that was, on the acceptor's clock. */
  readonly renewed: number;
  /** The time to live of the session, in milliseconds. */
  readonly ttl: number;
  /** The ids of the singletons that the session's node can run. */
  readonly hosts: readonly string[];
}

/**
 * The latest renewal of each session, which can be found by node and by what the node hosts: a question about
 * one node costs as much as that node has sessions, however many others there are.
 */
export class Renewals {
  readonly #renewals = new Map<SessionId, Renewal>();
  readonly #byNode = new Index();
  readonly #byHost = new Index();

  /** How many sessions there are. */
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

  /** Takes a renewal in the place of an earlier one. */
  set(session: SessionId, renewal: Renewal): void {
    const before = this.#renewals.get(session);
    this.#renewals.set(session, renewal);
    if (before === undefined) this.#byNode.add(nodeOf(session), session);
    // As a rule they are what they were.
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

  /** All of them. */
  sessions(): Iterable<SessionId> {
    return this.#renewals.keys();
  }
}

function nodeOf(session: SessionId): string {
  return session.slice(0, session.indexOf("/"));
}

const NONE: ReadonlySet<SessionId> = new Set();

/** Sessions by some text. */
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
