import type { Life } from "./ballot.ts";
import type { RegisterId } from "./register.ts";

/** Who watches: replies to request `id` of that life of that node. */
export interface Watcher {
  /** The id of the node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: Life;
  /** Its id. */
  readonly id: number;
}

/** How long an acceptor goes on telling a watcher that does not ask again, in milliseconds. */
export const WATCH_TTL = 30_000;

/** More watches than this are not kept: what an acceptor pushes is a hint for speed. */
export const MAX_WATCHES = 100_000;

/** Watches of one node among them, at most: one cannot take the room of all. */
export const MAX_NODE_WATCHES = 25_000;

/** Time between two looks for those who have not asked again, to make room, in milliseconds. */
const EXPIRY_INTERVAL = 1_000;

/** An acceptor's memory of who wants to hear what it accepts. */
export class Watchers {
  readonly #registers = new Map<RegisterId, Map<string, Watcher & { expires: number }>>();
  /** How many watches each node has. */
  readonly #counts = new Map<string, number>();
  #count = 0;
  /** When it was looked for those who have not asked again. */
  #expired = -Infinity;

  /** Notes that `watcher` wants to hear of `register`; one per life of a node. */
  add(register: RegisterId, watcher: Watcher, now: number): boolean {
    let watchers = this.#registers.get(register);
    const key = `${watcher.node}/${watcher.life}`;
    if (watchers?.has(key) !== true) {
      const { node } = watcher;
      // Also while there is room: what nobody writes any more is never looked at otherwise.
      const interval = this.#hasRoomFor(node) ? WATCH_TTL : EXPIRY_INTERVAL;
      if (now - this.#expired >= interval) this.expire(now);
      if (!this.#hasRoomFor(node)) return false;
      this.#count++;
      this.#counts.set(node, (this.#counts.get(node) ?? 0) + 1);
    }
    // Fetched again: expiring may just have dropped the register's last watcher.
    watchers = this.#registers.get(register);
    if (watchers === undefined) this.#registers.set(register, watchers = new Map());
    watchers.set(key, { ...watcher, expires: now + WATCH_TTL });
    return true;
  }

  /** Forgets `watcher`, unless it has asked again with another number since. */
  remove(register: RegisterId, { node, life, id }: Watcher): void {
    const key = `${node}/${life}`;
    if (this.#registers.get(register)?.get(key)?.id === id) this.#delete(register, key);
  }

  /** Those who want to hear of `register` at `now`. */
  of(register: RegisterId, now: number): Watcher[] {
    const watchers = this.#registers.get(register);
    if (watchers === undefined) return [];
    const live: Watcher[] = [];
    for (const [key, watcher] of watchers) {
      if (watcher.expires > now) live.push(watcher);
      else this.#delete(register, key);
    }
    return live;
  }

  /** Forgets those who have not asked again for too long. */
  expire(now: number): void {
    this.#expired = now;
    for (const [register, watchers] of this.#registers) {
      for (const [key, watcher] of watchers) {
        if (watcher.expires <= now) this.#delete(register, key);
      }
    }
  }

  /** How many there are. */
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
    const left = this.#counts.get(watcher.node)! - 1;
    if (left > 0) this.#counts.set(watcher.node, left);
    else this.#counts.delete(watcher.node);
    if (watchers.size === 0) this.#registers.delete(register);
  }
}
