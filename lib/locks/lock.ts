import type { Key } from "../codec/key.ts";
import { checkedSignal, showAs } from "../node/shell.ts";
import { SynodError } from "../errors.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { LockRequest } from "./lock_request.ts";

/** What a lock needs of its node. */
export interface LockParts {
  /** Whether the session that holds the lock of `request` is valid at this instant. */
  isValid(request: LockRequest): boolean;
  /** Ends what depends on the node's session, if its deadline has passed. */
  checkSession(): void;
  /** Releases the lock of `request`. */
  release(request: LockRequest): Promise<void>;
}

/**
 * A held lock: at most one owner in the whole cluster, or several owners that share it.
 *
 * A process does not notice that it was paused. Check {@linkcode held} before an action that must not happen
 * twice, or pass {@linkcode token} to the resource, which must refuse every token below the highest it has
 * seen.
 */
export class Lock {
  /** The key that is locked. */
  readonly key: Key;
  /** `"exclusive"` or `"shared"`. */
  readonly mode: LockMode;
  /** The permits of the request; `undefined`: it is not counted. The mode is `"shared"` with them. */
  readonly permits: number | undefined;
  /**
   * The fencing token: greater than that of every earlier exclusive owner of this key. Shared owners that got
   * the lock together have the same token.
   */
  readonly token: number;
  readonly #request: LockRequest;
  readonly #parts: LockParts;
  /** Made when `signal` is first read: most locks are released before. */
  #aborter: AbortController | undefined;
  #isOver = false;
  /** Why the lock was taken away; `undefined` if it was released. */
  #reason: unknown;
  #released: Promise<void> | undefined;

  static {
    showAs(
      this.prototype,
      "Lock",
      ({ key, mode, token, held }) => ({ key, mode, token, held }),
    );
  }

  /** Made by `node.lock`, `process.lock` and `node.locks`. */
  constructor(key: Key, request: LockRequest, parts: LockParts) {
    this.key = key;
    this.mode = request.mode;
    this.permits = request.permits;
    this.token = request.token;
    this.#request = request;
    this.#parts = parts;
    request.onOver((reason) => this.#end(reason));
  }

  /** Aborts when the lock is released, lost or stolen. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      checkedSignal(this.#aborter.signal, () => this.#parts.checkSession());
      if (this.#isOver) this.#abort();
    }
    return this.#aborter.signal;
  }

  /**
   * Whether the lock is owned at this instant: `false` as soon as the session's deadline has passed, even if
   * timers are late.
   */
  get held(): boolean {
    const request = this.#request;
    return this.#released === undefined && request.holds && this.#parts.isValid(request);
  }

  /**
   * Releases the lock; the next request in the queue gets it without asking again. Resolves when that is
   * done, or when the session that owned the lock is over. Never rejects; may be called again.
   */
  release(): Promise<void> {
    if (this.#released === undefined) {
      this.#released = this.#parts.release(this.#request);
      this.#end(undefined);
    }
    return this.#released;
  }

  /** As {@linkcode release}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #end(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.#abort();
  }

  #abort(): void {
    this.#aborter?.abort(this.#reason ?? new SynodError("released", "The lock was released"));
  }
}
