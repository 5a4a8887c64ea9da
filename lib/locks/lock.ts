import type { Key } from "../codec.ts";
import { SynodError } from "../errors.ts";
import { showAs } from "../node/runtime/inspect.ts";
import { checkedSignal } from "../node/runtime/checked_signal.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { Ticket } from "./ticket.ts";

/** What a lock needs of the node that holds it. */
export interface LockParts {
  readonly ticket: Ticket;
  /** Whether the session that holds it is valid at this instant. */
  readonly isValid: () => boolean;
  /** Ends what depended on the node's session, if its deadline has passed by now. */
  readonly check: () => void;
  /** Gives it back. */
  readonly release: () => Promise<void>;
}

/**
 * A lock that somebody owns: at most one owner in the whole cluster, or several that share it.
 *
 * A paused process cannot know that it was paused. So ask {@linkcode held} before what must not be done
 * twice, or hand {@linkcode token} to the resource, which refuses every token below the highest it saw.
 */
export class Lock {
  /** The key that is locked. */
  readonly key: Key;
  /** How it is shared. */
  readonly mode: LockMode;
  /**
   * The fencing token: greater than that of every earlier exclusive owner of this key. Shared owners that
   * got it together share one.
   */
  readonly token: number;
  readonly #parts: LockParts;
  /** Made when somebody asks for it: most locks are released before anybody does. */
  #aborter: AbortController | undefined;
  #isOver = false;
  /** Why it is over, if it was taken away. */
  #reason: unknown;
  #released: Promise<void> | undefined;

  static {
    showAs(
      this.prototype,
      "Lock",
      ({ key, mode, token, held }) => ({ key, mode, token, held }),
    );
  }

  /** Made by `node.lock` and its like. */
  constructor(key: Key, parts: LockParts) {
    const { ticket } = parts;
    this.key = key;
    this.mode = ticket.mode;
    this.token = ticket.token;
    this.#parts = parts;
    ticket.onOver((reason) => this.#end(reason));
  }

  /** Aborts when the lock is released, lost or stolen. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      checkedSignal(this.#aborter.signal, this.#parts.check);
      if (this.#isOver) this.#abort();
    }
    return this.#aborter.signal;
  }

  /**
   * Whether it is owned at this very instant: `false` from the moment the session's deadline has passed,
   * whatever timers were late.
   */
  get held(): boolean {
    return this.#released === undefined && this.#parts.ticket.holds && this.#parts.isValid();
  }

  /**
   * Gives the lock back: the next in the queue has it without asking. Resolves when that is done, or when
   * the session that owned it is over. Never rejects; twice is harmless.
   */
  release(): Promise<void> {
    if (this.#released === undefined) {
      this.#released = this.#parts.release();
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
