import type { NodeShell, Operation } from "../node/shell.ts";

/** One request, from its call until its callback starts or it ends. */
export interface OrderedRequest {
  /** The requests before and behind it, among those that have not passed. */
  before: OrderedRequest | undefined;
  after: OrderedRequest | undefined;
  /** Whether the request is known to be granted, queued or refused. */
  isKnown: boolean;
  /** Whether every earlier request is known too, or has ended. */
  hasPassed: boolean;
  /** Called when `hasPassed` becomes `true` while the request waits. */
  passed: () => void;
}

/** What ends a wait early, with its reason. */
export interface WaitSignals {
  /** The signal of the request. */
  readonly signal?: AbortSignal;
  /** The signal of the lock that it was granted. */
  readonly owner?: AbortSignal;
}

/** The node's time limit for such a wait has passed; the request goes on. */
const WAIT_OVER = new Error("Earlier requests are not known yet");

/**
 * The requests of one lock manager in the order of the calls. An answered request waits here until every
 * earlier one, of any name, is known to be granted, queued or refused, so callbacks start in the order of the
 * calls. Requests that have ended leave, so memory is bounded by the requests under way.
 */
export class RequestOrder {
  readonly #shell: NodeShell;
  #first: OrderedRequest | undefined;
  #last: OrderedRequest | undefined;

  /** Starts without requests; waits with the limits of its node. */
  constructor(shell: NodeShell) {
    this.#shell = shell;
  }

  /** Adds a request behind all earlier ones. */
  enter(): OrderedRequest {
    const before = this.#last;
    const turn: OrderedRequest = {
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

  /** Notes that the request is known to be granted, queued or refused. */
  known(turn: OrderedRequest): void {
    turn.isKnown = true;
    this.#advance();
  }

  /**
   * Removes a request that has ended or whose callback starts; later ones no longer wait for it. May be
   * called again.
   */
  leave(turn: OrderedRequest): void {
    this.#pass(turn);
    this.#advance();
  }

  /**
   * Takes an answered request: calls `start` when every earlier request is known or has ended, or after the
   * node's `timeout`, and returns its result. Rejects instead with the reason of one of `signals`, or when
   * the node closes.
   */
  async begin<T>(turn: OrderedRequest, signals: WaitSignals, start: () => T): Promise<T> {
    if (turn.hasPassed) return start();
    let started: Promise<T> | undefined;
    let waiting: Operation<void> | undefined;
    // In the same turn in which it passes, since a later request passes right after it.
    turn.passed = () => {
      if (waiting?.ended) return;
      waiting?.resolve();
      started = new Promise((resolve) => resolve(start()));
    };
    this.known(turn);
    if (started === undefined) {
      waiting = this.#shell.operation({ ...this.#shell.limits(), ...signals }, () => WAIT_OVER);
      await waiting.promise.catch((error) => {
        if (error !== WAIT_OVER) throw error;
      });
    }
    return await (started ?? start());
  }

  /** Lets known requests at the front pass: no earlier one is left. */
  #advance(): void {
    while (this.#first?.isKnown) {
      const turn = this.#first;
      this.#pass(turn);
      turn.passed();
    }
  }

  #pass(turn: OrderedRequest): void {
    if (turn.hasPassed) return;
    turn.hasPassed = true;
    const { before, after } = turn;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}
