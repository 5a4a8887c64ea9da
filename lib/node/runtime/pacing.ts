import { LinkedList, type Place } from "./linked_list.ts";
import type { Runtime } from "./runtime.ts";

/** Longest supported round trip, in milliseconds. */
export const LONGEST_ROUND_TRIP = 20_000;

/**
 * Longest wait before a request is sent again, in milliseconds; where round trips are longer, one and a half of
 * them.
 */
const LONGEST_RESEND = 1_000;

/**
 * Longest wait before a proposer retries after a nack, in milliseconds; where round trips are longer, eight of
 * them: an attempt takes two, and two proposers must be likely to miss each other.
 */
const LONGEST_BACKOFF = 500;
const LONGEST_BACKOFF_ROUND_TRIPS = 8;

/** The least share of a wait that is left when it is spread. */
const SHORTEST_SPREAD = 0.75;

/** Round trip that is assumed before one was measured, in milliseconds. */
const FIRST_ROUND_TRIP = 10;

/** The growth of the shortest round trip with each measurement: the network may have changed. */
const GROWTH = 1.00001;

/**
 * Least value of the shortest round trip, in milliseconds: a clock may tell of none at all, and what is zero does not grow.
 */
const SHORTEST_ROUND_TRIP = 0.1;

/**
 * The waits before a retry: random, so that two nodes do not collide again and again; doubling, so that a
 * loaded cluster is not loaded further; and capped.
 */
export class Pacing {
  readonly #runtime: Runtime;
  #roundTrip = FIRST_ROUND_TRIP;
  #isMeasured = false;
  /**
   * What a round trip takes at least, as far as that is known while none was measured: connections may come and go
   * faster than that.
   */
  #atLeast = 0;
  #shortest = Infinity;
  /** When a connection to a member was made last. */
  #connected = -Infinity;
  /** What is sent again when a way to a member has opened. */
  readonly #unanswered = new LinkedList<(mayHaveBeenOpen: boolean) => void>();
  /** Starts the wait of each retry again. */
  readonly #retries = new Set<() => void>();

  /** Draws randomness from `runtime`. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The smoothed round trip to a quorum, in milliseconds. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /**
   * The shortest round trip measured lately, in milliseconds: that of the network, while the others also wait for the
   * processor. The smoothed one before any was measured.
   */
  get shortestRoundTrip(): number {
    return Math.min(this.#shortest, this.#roundTrip);
  }

  /** Records how long a quorum took that has answered now, in milliseconds. */
  measured(roundTrip: number, now?: number): void {
    if (this.#connected > -Infinity) {
      const sinceThen = (now ?? this.#runtime.now()) - this.#connected;
      // It may have waited at a cut, whose end says nothing about the network. But what was sent since then has
      // taken as long as that at least, unless members did not vote all the while.
      if (sinceThen < roundTrip) {
        const least = Math.min(sinceThen, LONGEST_ROUND_TRIP);
        return void (this.#atLeast = Math.max(this.#atLeast, least));
      }
    }
    this.#shortest = Math.min(Math.max(roundTrip, SHORTEST_ROUND_TRIP), GROWTH * this.#shortest);
    // A smoothed round trip time, as in RFC 6298, section 2; but the first measurement may be long only because
    // connections are still being made.
    if (!this.#isMeasured) this.#roundTrip = Math.min(roundTrip, FIRST_ROUND_TRIP);
    this.#isMeasured = true;
    this.#roundTrip += (roundTrip - this.#roundTrip) / 8;
    const isFaster = roundTrip < this.#atLeast;
    this.#atLeast = 0;
    // The network is not slow: members did not vote. What waits because of that waits anew.
    if (isFaster) { for (const retry of this.#retries) retry(); }
  }

  /** Calls `retry` after the wait for a retry after a nack; returns the function that prevents it. */
  retryLater(retry: () => void, attempt: number): () => void {
    let cancel = () => {};
    const end = () => {
      cancel();
      this.#retries.delete(begin);
    };
    const begin = () => {
      cancel();
      cancel = this.#runtime.setTimer(() => {
        end();
        retry();
      }, this.backoff(attempt));
    };
    this.#retries.add(begin);
    begin();
    return end;
  }

  /**
   * The wait before a request is sent again, in milliseconds: an answer that was not lost must have had time to
   * come.
   */
  resend(attempt: number): number {
    const first = this.#firstWait;
    const longest = Math.max(LONGEST_RESEND, Math.min(1.5 * this.#roundTrip, LONGEST_ROUND_TRIP));
    return this.#spread(Math.min(longest, first * 2 ** Math.min(attempt, 10)));
  }

  /**
   * The wait before a proposer retries after a nack, in milliseconds: the rival must have had time to finish.
   */
  backoff(attempt: number): number {
    const longest = Math.min(this.longestBackoff, 2 * this.#slowest * 2 ** Math.min(attempt, 10));
    return this.#runtime.random() * Math.max(1, longest);
  }

  /** The longest wait before a proposer retries after a nack, in milliseconds. */
  get longestBackoff(): number {
    return Math.max(LONGEST_BACKOFF, LONGEST_BACKOFF_ROUND_TRIPS * this.#slowest);
  }

  /** What a round trip may take, in milliseconds. */
  get #slowest(): number {
    return Math.max(this.#roundTrip, this.#atLeast);
  }

  /** Whether what was sent at the time `sent` is likely to be lost, since an answer must have had time to come. */
  isOverdue(sent: number): boolean {
    return this.#runtime.now() - sent >= SHORTEST_SPREAD * this.#firstWait;
  }

  /**
   * Has `resend` called when a way to a member has opened, until {@linkcode answered} is called with the place that this
   * returns. `mayHaveBeenOpen`: or the member was quiet; what was sent just now need not be lost.
   */
  unanswered(resend: (mayHaveBeenOpen: boolean) => void): Place<unknown> {
    return this.#unanswered.add(resend);
  }

  /** Calls what has this place no more. */
  answered(place: Place<unknown>): void {
    this.#unanswered.remove(place as Place<(mayHaveBeenOpen: boolean) => void>);
  }

  /** A way to a member has opened: what was sent before may be lost, and waits no longer to be sent again. */
  reached(mayHaveBeenOpen = false): void {
    for (const resend of this.#unanswered.values()) resend(mayHaveBeenOpen);
  }

  /** A connection to a member was made: requests from before it say nothing about the round trip. */
  connected(): void {
    this.#connected = this.#runtime.now();
    this.#roundTrip = Math.min(this.#roundTrip, FIRST_ROUND_TRIP);
    this.#shortest = Infinity;
    this.#isMeasured = false;
  }

  get #firstWait(): number {
    return Math.max(50, 4 * this.#roundTrip);
  }

  #spread(wait: number): number {
    return wait * (SHORTEST_SPREAD + 0.5 * this.#runtime.random());
  }
}
