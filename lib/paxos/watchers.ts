import type { Ballot, Life } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";
import type { RegisterReply } from "./messages.ts";
import { bucketOf, type RegisterId } from "./register.ts";

/** The sender of a request: a node, and the life that the reply is for. */
export interface Requester {
  /** The id of the node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: Life;
  /** Whether the frame came from an operational member. Default: `false`. */
  readonly votes?: boolean;
}

/** A watcher: replies go to request `id` of this life of this node. */
export interface Watcher extends Requester {
  /** The id of its `watch` request. */
  readonly id: number;
}

/** A watcher as it is kept. */
interface Kept extends Watcher {
  readonly expires: number;
  /** See {@linkcode Watchers.written}. */
  isHeir?: boolean;
}

/** A reply that goes to a watcher. */
export interface Push {
  /** Who gets it. */
  readonly watcher: Watcher;
  /** What it is told. */
  readonly reply: RegisterReply;
}

/** Time for which an acceptor serves a watcher that does not ask again, in milliseconds. */
export const WATCH_TTL = 30_000;

/** Watches kept, to bound memory; further ones are refused, since pushes only save time. */
export const MAX_WATCHES = 100_000;

/** Watches of one node among them, so that one node cannot take the room of all. */
export const MAX_NODE_WATCHES = 25_000;

/** Time between two searches for expired watches when there is no room, in milliseconds. */
const EXPIRY_INTERVAL = 1_000;

/** The nodes that want to hear what an acceptor accepts. */
export class Watchers {
  /** By the register, or by the beginning of all names of a bucket's registers. */
  readonly #registers = new Map<RegisterId, Map<string, Kept>>();
  /** The number of watched buckets. */
  #buckets = 0;
  /** The number of watches of each node. */
  readonly #counts = new Map<string, number>();
  #count = 0;
  /** The time of the last search for expired watches. */
  #expired = -Infinity;

  /**
   * Adds a watch of a register, or of all registers of a bucket (see {@linkcode bucketOf}), one per life of a node;
   * returns whether there was room for it.
   */
  add(register: RegisterId, watcher: Watcher, now: number): boolean {
    let watchers = this.#registers.get(register);
    const key = `${watcher.node}/${watcher.life}`;
    if (watchers?.has(key) !== true) {
      const { node } = watcher;
      // Expiry also runs while there is room: watches of registers that are no longer written are found only
      // here.
      const interval = this.#hasRoomFor(node) ? WATCH_TTL : EXPIRY_INTERVAL;
      if (now - this.#expired >= interval) this.expire(now);
      if (!this.#hasRoomFor(node)) return false;
      this.#count++;
      this.#counts.set(node, (this.#counts.get(node) ?? 0) + 1);
    }
    // Fetched again: expiring may just have dropped the register's last watcher.
    watchers = this.#registers.get(register);
    if (watchers === undefined) {
      this.#registers.set(register, watchers = new Map());
      if (isBucket(register)) this.#buckets++;
    }
    watchers.set(key, { ...watchers.get(key), ...watcher, expires: now + WATCH_TTL });
    return true;
  }

  /** Removes `watcher`, unless it has asked again with another number since. */
  remove(register: RegisterId, { node, life, id }: Watcher): void {
    const key = `${node}/${life}`;
    if (this.#registers.get(register)?.get(key)?.id === id) this.#delete(register, key);
  }

  /** Whether a life watches `register` itself; its watch may have expired. */
  has(register: RegisterId): boolean {
    return this.#registers.has(register);
  }

  /** The watchers of `register` and of its bucket at `now`. */
  of(register: RegisterId, now: number): Watcher[] {
    const own = this.#of(register, now);
    if (this.#buckets === 0 || isBucket(register)) return own;
    return [...own, ...this.#of(bucketOf(register), now)];
  }

  /**
   * Notes that the life `writer` has written `register`, and to which other life the next promise went with that. A watcher
   * that got it is an heir from then on, until another life writes and hands nothing on.
   */
  written(register: RegisterId, writer: Life, heir: Life | undefined): void {
    for (const watcher of this.#registers.get(register)?.values() ?? []) {
      if (watcher.life === heir) watcher.isHeir = true;
      else if (heir === undefined && watcher.life !== writer) watcher.isHeir = false;
    }
  }

  /**
   * What tells an heir, if that is the `keeper` of the promise for `register`, that a higher ballot is promised to another
   * life: the refusal that it would meet with. One that votes has got the same request itself.
   */
  losing(register: RegisterId, keeper: Life | undefined, promised: Ballot, now: number): Push[] {
    if (keeper === undefined || keeper === promised.life) return [];
    const reply = { type: "nack", promised } as const;
    return this.#of(register, now)
      .filter((one) => one.isHeir && one.life === keeper && !one.votes)
      .map((watcher) => ({ watcher, reply }));
  }

  #of(register: RegisterId, now: number): Kept[] {
    const watchers = this.#registers.get(register);
    if (watchers === undefined) return [];
    const live: Kept[] = [];
    for (const [key, watcher] of watchers) {
      if (watcher.expires > now) live.push(watcher);
      else this.#delete(register, key);
    }
    return live;
  }

  /** Removes the watches that have expired. */
  expire(now: number): void {
    this.#expired = now;
    for (const [register, watchers] of this.#registers) {
      for (const [key, watcher] of watchers) {
        if (watcher.expires <= now) this.#delete(register, key);
      }
    }
  }

  /** The number of watches. */
  get size(): number {
    return this.#count;
  }

  #hasRoomFor(node: string): boolean {
    return this.#count < MAX_WATCHES && (this.#counts.get(node) ?? 0) < MAX_NODE_WATCHES;
  }

  #delete(register: RegisterId, key: string): void {
    const watchers = this.#registers.get(register);
    const watcher = watchers?.get(key);
    if (watchers === undefined || watcher === undefined) return;
    watchers.delete(key);
    this.#count--;
    const count = this.#counts.get(watcher.node);
    assertInvariant(count !== undefined, "each watch is counted for its node");
    const left = count - 1;
    if (left > 0) this.#counts.set(watcher.node, left);
    else this.#counts.delete(watcher.node);
    if (watchers.size > 0) return;
    this.#registers.delete(register);
    if (isBucket(register)) this.#buckets--;
  }
}

/** Whether this is no name of a register, but the beginning of all names of a bucket's registers. */
function isBucket(register: RegisterId): boolean {
  return bucketOf(register).length === register.length;
}
