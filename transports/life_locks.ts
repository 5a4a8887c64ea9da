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
 * Time between two requests that only wake up waiting ones, in milliseconds. Node 24 does not look at the
 * requests that wait for the locks of a thread when that thread ends, but at the next request for any lock.
 */
const WAKE_INTERVAL = 10;

/** The lock that these requests name. */
const WAKING = "synod wake";

// Kept from the start, so that fake timers of a test have no effect.
const { setInterval, clearInterval } = globalThis;

/**
 * Web Locks as proof that a process runs no more. The platform releases the locks of a worker or page that was
 * terminated, closed or has crashed, and no others: a frozen tab or a blocked worker keeps its lock. So each
 * node holds a lock named by its life, and a node that is granted the lock of another life knows that this
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
  /** Aborts the requests for the locks of other lives. */
  readonly #awaited = new Map<string, AbortController>();
  #waking: ReturnType<typeof setInterval> | undefined;

  /**
   * `waits`: whether to wait for the locks of other lives. `granted` is called when the lock of the node's
   * present life is held.
   */
  constructor(locks: WebLocks, user: LifeUser, waits: boolean, granted: () => void) {
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
    const over = () => {
      if (this.#awaited.get(life) !== aborter) return false;
      this.#awaited.delete(life);
      if (this.#awaited.size === 0) this.#stopWaking();
      return true;
    };
    const { signal } = aborter;
    // Shared, so that all nodes that wait for it are granted it at the same time.
    this.#request(PREFIX + life, { mode: "shared", signal }, () => {
      if (over()) this.#user.ended(life);
    }).catch(over);
    this.#wake();
  }

  /**
   * Waits for no other lives, and releases the lock; it stays held, until this is called again or the process
   * ends, if the node has not closed: others would take it for ended.
   */
  close(): void {
    this.#isOver = true;
    this.#stopWaking();
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
      // Without a lock this life is never proved to be over. A lock that was held was stolen: whoever waits
      // for it may be granted it at any time.
      if (this.#held !== life) return;
      this.#held = undefined;
      this.#user.ended(life);
    });
  }

  async #request(
    name: string,
    options: Parameters<WebLocks["request"]>[1],
    callback: () => unknown,
  ): Promise<void> {
    await this.#locks.request(name, options, callback);
  }

  #wake(): void {
    if (!WAKES || this.#waking !== undefined) return;
    this.#waking = setInterval(() => {
      this.#request(WAKING, { ifAvailable: true }, () => {}).catch(() => {});
    }, WAKE_INTERVAL);
  }

  #stopWaking(): void {
    clearInterval(this.#waking);
    this.#waking = undefined;
  }
}

/** Whether requests that wait have to be woken up. */
const WAKES = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/** The locks of the platform, if it has any. */
export function platformLocks(): WebLocks | undefined {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } };
  return typeof navigator?.locks?.request === "function" ? navigator.locks : undefined;
}
