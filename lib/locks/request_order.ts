import type { Core } from "../node/core.ts";
import type { Operation } from "../node/runtime/operation.ts";

/** One request, from its call until its callback starts or it ends. */
export interface Turn {
  /** The one before it and the one behind it, among those that have not passed. */
  before: Turn | undefined;
  after: Turn | undefined;
  /** Whether the request is known to be granted, queued or refused. */
  isKnown: boolean;
  /** Whether every earlier request is known, too, or has ended. */
  hasPassed: boolean;
  /** Called when that happens. */
  passed: () => void;
}

/** What ends a wait early, with its reason. */
export interface WaitSignals {
  /** The signal of the request. */
  readonly signal?: AbortSignal;
  /** The signal of the lock that it was granted. */
  readonly owner?: AbortSignal;
}

/** The node's time limit for such a wait has passed: the request goes on. */
const LATE = new Error("Earlier requests are not known yet");

/**
 * The requests of one lock manager in the order of the calls. A request that was answered waits here until
 * every earlier one is known to be granted, queued or refused, whatever its name: so callbacks start in the
 * order of the calls. What has ended leaves, so that no more is kept than there are requests under way.
 */
export class RequestOrder {
  readonly #core: Core;
  #first: Turn | undefined;
  #last: Turn | undefined;

  /** The order of the requests that are made to `core`'s node. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** How many requests it keeps. */
  get size(): number {
    let size = 0;
    for (let turn = this.#first; turn !== undefined; turn = turn.after) size++;
    return size;
  }

  /** A request is made: it is behind all that were made before. */
  enter(): Turn {
    const before = this.#last;
    const turn: Turn = {
      before,
      after: undefined,
      isKnown: false,
      hasPassed: false,
      passed: () => {},
    };
    if (before === undefined) this.#first = turn;
    else before.after = turn;
    this.#last = turn;
    return turn;
  }

  /** The request is known to be granted, queued or refused. */
  known(turn: Turn): void {
    turn.isKnown = true;
    this.#advance();
  }

  /** The request has ended, or its callback starts: nobody waits for it any more. Twice is harmless. */
  leave(turn: Turn): void {
    this.#pass(turn);
    this.#advance();
  }

  /**
   * The request is answered: calls `start` when every earlier request is known or has ended, or after the
   * node's `timeout`, and gives what it gives. Rejects instead with the reason of one of `signals`, or when
   * the node closes.
   */
  async begin<T>(turn: Turn, signals: WaitSignals, start: () => T): Promise<T> {
    if (turn.hasPassed) return start();
    let started: Promise<T> | undefined;
    let waiting: Operation<void> | undefined;
    // In the very turn in which it passes, since one behind it passes right after it.
    turn.passed = () => {
      if (waiting?.ended) return;
      waiting?.resolve();
      started = new Promise((resolve) => resolve(start()));
    };
    this.known(turn);
    if (started === undefined) {
      waiting = this.#core.engine.operation({ ...this.#core.limits(), ...signals }, () => LATE);
      await waiting.promise.catch((error) => {
        if (error !== LATE) throw error;
      });
    }
    return await (started ?? start());
  }

  /** Those in front that are known have nobody to wait for. */
  #advance(): void {
    while (this.#first?.isKnown) {
      const turn = this.#first;
      this.#pass(turn);
      turn.passed();
    }
  }

  #pass(turn: Turn): void {
    if (turn.hasPassed) return;
    turn.hasPassed = true;
    const { before, after } = turn;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}
