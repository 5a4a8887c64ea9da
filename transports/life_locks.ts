import type { TransportUser } from "./transport.ts";

/** What is used of the Web Locks API: `navigator.locks` has this interface. */
export interface WebLocks {
  /** Calls `callback` once the lock is granted, and holds the lock until the result has settled. */
  request(
    name: string,
    options: { mode?: "exclusive" | "shared"; ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => unknown,
  ): Promise<unknown>;
}

/** What locks need of a node; see `TransportUser`. */
export type LifeUser = Required<Pick<TransportUser, "life" | "ended" | "isClosed">>;

/** The prefix of the names of the locks; a life is unique, so the clusters of an origin share it. */
const PREFIX = "synod life ";

/** The longest life that is waited for, in characters. */
const MAX_LIFE = 64;

/** Lives waited for at the same time, to bound memory; the sessions of further ones end by time alone. */
export const MAX_AWAITED = 1_000;

/**
 * Whether locks of other lives are tried again and again instead of waited for. Node 24 does not grant what
 * waits for the locks of a thread when that thread ends, and two threads that wait for each other's locks never
 * get back to their event loops.
 */
const TRIES: boolean = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/** Time between two tries, in milliseconds. */
const TRY_INTERVAL = 10;

/** Locks that are tried at the same time; with more lives each one has its turn. */
const TRIED_AT_ONCE = 4;

// Kept from the start, so that fake timers of a test have no effect.
const { setInterval, clearInterval } = globalThis;

/**
 * Web Locks as proof that a process runs no more. The platform releases the locks of a worker or page that was
 * terminated or closed, those of a page that has crashed after a while, and no others: a frozen tab or a blocked
 * worker keeps its lock. So each node holds a lock named by its life, and a node that is granted the lock of another life knows that this
 * life is over. A node says that it holds its lock only once it has been granted, and others wait only for
 * lives of which that was said: so a life without a lock is never taken for one that has ended.
 */
export class LifeLocks {
  readonly #locks: WebLocks;
  readonly #user: LifeUser;
  readonly #waits: boolean;
  readonly #granted: () => void;
  /** The life whose lock was requested last, and the one whose lock is held. */
  #asked: string | undefined;
  #held: string | undefined;
  #release: () => void = () => {};
  #isOver = false;
  /** The lives that are waited for, with what aborts the requests for their locks. */
  readonly #awaited = new Map<string, AbortController>();
  readonly #tries: boolean;
  #trying: ReturnType<typeof setInterval> | undefined;

  /**
   * `waits`: whether to wait for the locks of other lives; `tries`: whether to try instead. `granted` is called
   * when the lock of the node's present life is held.
   */
  constructor(
    locks: WebLocks,
    user: LifeUser,
    waits: boolean,
    granted: () => void,
    tries: boolean = TRIES,
  ) {
    this.#tries = tries;
    this.#locks = locks;
    this.#user = user;
    this.#waits = waits;
    this.#granted = granted;
  }

  /**
   * The node's life, if its lock is held; otherwise `undefined`, and the lock is on its way. To be read whenever
   * the node sends something: it may have taken a new life.
   */
  get held(): string | undefined {
    const life = this.#user.life();
    if (life !== this.#asked && !this.#isOver) this.#ask(life);
    return this.#held === life ? life : undefined;
  }

  /** To be called when another node says that it holds the lock of `life`. */
  heard(life: string): void {
    if (!this.#waits || this.#isOver || life === this.#user.life()) return;
    if (life === "" || life.length > MAX_LIFE || this.#awaited.has(life)) return;
    if (this.#awaited.size >= MAX_AWAITED) return;
    const aborter = new AbortController();
    this.#awaited.set(life, aborter);
    if (this.#tries) {
      this.#trying ??= setInterval(() => this.#tryAll(), TRY_INTERVAL);
      return;
    }
    const { signal } = aborter;
    // Shared, so that all nodes that wait for it are granted it at the same time.
    this.#request(PREFIX + life, { mode: "shared", signal }, () => this.#end(life, aborter))
      .catch(() => this.#forget(life, aborter));
  }

  /** The lock of `life` was granted: nothing holds it any more. */
  #end(life: string, aborter: AbortController): void {
    if (this.#forget(life, aborter)) this.#user.ended(life);
  }

  /** Waits for `life` no longer; returns whether it did, by this request. */
  #forget(life: string, aborter: AbortController): boolean {
    if (this.#awaited.get(life) !== aborter) return false;
    this.#awaited.delete(life);
    if (this.#awaited.size === 0) this.#stopTrying();
    return true;
  }

  /** Tries the locks whose turn it is. */
  #tryAll(): void {
    for (const [life, aborter] of [...this.#awaited].slice(0, TRIED_AT_ONCE)) {
      // Behind all others.
      this.#awaited.delete(life);
      this.#awaited.set(life, aborter);
      this.#request(PREFIX + life, { mode: "shared", ifAvailable: true }, (lock) => {
        if (lock !== null) this.#end(life, aborter);
      }).catch(() => this.#forget(life, aborter));
    }
  }

  #stopTrying(): void {
    clearInterval(this.#trying);
    this.#trying = undefined;
  }

  /**
   * Waits for no other lives, and releases the lock; it stays held, until this is called again or the process
   * ends, if the node has not closed: others would take it for ended.
   */
  close(): void {
    this.#isOver = true;
    this.#stopTrying();
    for (const aborter of this.#awaited.values()) aborter.abort();
    this.#awaited.clear();
    if (this.#user.isClosed()) this.#letGo();
  }

  #letGo(): void {
    this.#held = undefined;
    this.#release();
  }

  #ask(life: string): void {
    this.#asked = life;
    this.#request(PREFIX + life, {}, () => {
      // The node has closed, or has taken yet another life.
      if (this.#isOver || this.#user.life() !== life) return;
      // Everything of the earlier life ended when the node took this one.
      this.#letGo();
      this.#held = life;
      const released = new Promise<void>((resolve) => this.#release = resolve);
      this.#granted();
      return released;
    }).catch(() => {
      // Without a lock this life is never proved to be over. A lock that was held was stolen: a request that waits
      // for it may be granted it at any time.
      if (this.#held !== life) return;
      this.#held = undefined;
      this.#user.ended(life);
    });
  }

  async #request(
    name: string,
    options: Parameters<WebLocks["request"]>[1],
    callback: (lock: unknown) => unknown,
  ): Promise<void> {
    await this.#locks.request(name, options, callback);
  }
}

/** The locks of the platform, if it has any. */
export function platformLocks(): WebLocks | undefined {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } };
  return typeof navigator?.locks?.request === "function" ? navigator.locks : undefined;
}
