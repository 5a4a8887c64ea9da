import { Backoff, type BackoffTimes, PATIENCE } from "./backoff.ts";
import { type LinkTime, SYSTEM_TIME } from "./link_time.ts";

/** An attempt to connect to a peer, and the connection that it becomes. */
export interface Attempt {
  /** Why it is not a connection yet, for people. */
  readonly missing: string;
  /** Ends it. */
  stop(): void;
}

/** How an attempt goes on: it ends, or it becomes a connection, which ends later. */
export interface AttemptEvents {
  /** Must be called when it has become a connection. */
  connected(): void;
  /**
   * Must be called when it has ended, with the reason for people; `refused`: because one of the two sides refuses the
   * other one.
   */
  ended(refused: boolean, why: string): void;
}

/** The settings and callbacks of a {@linkcode Redialler}. */
export interface RediallerOptions {
  readonly times: BackoffTimes;
  /** Begins an attempt. */
  readonly begin: (events: AttemptEvents) => Attempt;
  /** Whether this node is connected to no peer at present. */
  readonly isAlone: () => boolean;
  /** Called when an attempt begins. */
  readonly onBegin: () => void;
  /** Called when an attempt has failed, or takes so long that another one begins, with the reason for people. */
  readonly onFailed: (why: string) => void;
  /** Called when frames that wait for a connection are of no use any more. */
  readonly onHopeless: () => void;
  readonly time?: LinkTime;
}

/** The least patience with an attempt, as a share of the most: links that wait together need not go on together. */
const LEAST_PATIENCE = 0.75;

/** An attempt that is known to this link. */
interface Try {
  attempt: Attempt | null;
  isOver: boolean;
}

/**
 * Keeps one connection to a peer: makes attempts until one succeeds, and again when the connection is lost.
 *
 * An attempt that begins while the way is cut may hang long after the way is open again, since TCP repeats a lost
 * packet after ever longer waits. So another attempt begins beside one that takes long. At most two are under way:
 * the oldest one, which may need its time on a slow network, and the latest.
 */
export class Redialler {
  readonly #options: RediallerOptions;
  readonly #time: LinkTime;
  readonly #backoff: Backoff;
  /** The connection. */
  #current: Try | null = null;
  /** Attempts under way; the oldest only beside the latest. */
  #oldest: Try | null = null;
  #latest: Try | null = null;
  /** Whether the connection is silent, so that another one is tried beside it. */
  #isSuspected = false;
  #isRefused = false;
  #began = -Infinity;
  #hinted = -Infinity;
  #cancelTimer: () => void = () => {};
  #isResting = false;
  #stopped = false;

  /** Makes no attempt before {@linkcode start}. */
  constructor(options: RediallerOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#backoff = new Backoff(options.times, this.#time);
  }

  /** Whether attempts are under way. */
  get isTrying(): boolean {
    return this.#latest !== null || this.#oldest !== null;
  }

  /** Makes an attempt, and others until there is a connection. */
  start(): void {
    if (this.#stopped || this.#isResting) return;
    this.#cancelTimer();
    this.#isRefused = false;
    if (this.#oldest === null) this.#oldest = this.#latest;
    else this.#end(this.#latest);
    const one: Try = { attempt: null, isOver: false };
    this.#latest = one;
    this.#began = this.#time.now();
    this.#options.onBegin();
    one.attempt = this.#options.begin({
      connected: () => this.#connected(one),
      ended: (refused, why) => this.#ended(one, refused, why),
    });
    // It may have ended at once.
    if (one !== this.#latest) return;
    const patience = this.#patience * (LEAST_PATIENCE + 0.25 * this.#time.random());
    this.#cancelTimer = this.#time.setTimer(() => {
      const why = one.attempt?.missing ?? "it has not begun";
      this.#options.onFailed(`${why} after ${Math.round(patience)} ms`);
      this.#options.onHopeless();
      this.start();
    }, patience);
  }

  /**
   * There is a sign that the way to the peer may be open: tries now, if there is no connection. `accepted`: the
   * peer has accepted this node's proof, so that also a refusal is no reason to wait.
   */
  hint(accepted = false): void {
    if (this.#stopped || (this.#current !== null && !this.#isSuspected)) return;
    if (this.#isRefused && !accepted) return;
    const now = this.#time.now();
    // A peer that is heard all the time by another way must not be called all the time.
    if (now - this.#hinted < this.#patience) return;
    this.#hinted = now;
    this.#backoff.reset();
    const rest = this.#began + Math.min(this.#options.times.first, this.#patience / 4) - now;
    if (rest <= 0) return this.start();
    if (this.isTrying || this.#isResting) return;
    // The wait may be the longest one: an attempt that was a little too early must not delay the next one so long.
    this.#cancelTimer();
    this.#cancelTimer = this.#time.setTimer(() => this.start(), rest);
  }

  /** The connection is silent: makes attempts beside it, one of which may take its place. */
  suspect(): void {
    if (this.#stopped || this.#isResting || this.#current === null || this.#isSuspected) return;
    this.#isSuspected = true;
    this.start();
  }

  /** The connection has shown that it is alive. */
  trust(): void {
    if (!this.#isSuspected) return;
    this.#isSuspected = false;
    this.#cancelTimer();
    this.#endAttempts();
  }

  /** Ends the attempts, and makes no more before {@linkcode resume}; the connection goes on. */
  rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#cancelTimer();
    this.#endAttempts();
    this.#isSuspected = false;
    if (this.#current === null) this.#options.onHopeless();
  }

  /** Makes attempts again, if there is no connection. */
  resume(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    if (this.#current === null) this.start();
  }

  /** Ends the attempts and the connection, and makes no more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#endAttempts();
    this.#end(this.#current);
    this.#current = null;
  }

  get #patience(): number {
    return this.#options.times.patience ?? PATIENCE;
  }

  #connected(one: Try): void {
    if (one.isOver) return;
    const former = this.#current;
    this.#current = one;
    this.#cancelTimer();
    this.#isSuspected = false;
    if (this.#latest === one) this.#latest = null;
    if (this.#oldest === one) this.#oldest = null;
    this.#endAttempts();
    this.#backoff.connected();
    this.#end(former);
  }

  #ended(one: Try, refused: boolean, why: string): void {
    if (one.isOver || this.#stopped) return;
    one.isOver = true;
    this.#options.onFailed(why);
    if (one === this.#oldest) {
      this.#oldest = null;
      return;
    }
    if (one === this.#latest) this.#latest = null;
    if (one === this.#current) {
      this.#current = null;
      this.#isSuspected = false;
      if (this.isTrying) return;
    }
    if (this.#isResting) return this.#options.onHopeless();
    this.#cancelTimer();
    this.#isRefused = refused;
    const wait = refused ? this.#backoff.refused() : this.#backoff.failed(this.#options.isAlone());
    this.#cancelTimer = this.#time.setTimer(() => this.start(), wait);
    if (!this.isTrying) this.#options.onHopeless();
  }

  #endAttempts(): void {
    const [latest, oldest] = [this.#latest, this.#oldest];
    this.#latest = this.#oldest = null;
    this.#end(latest);
    this.#end(oldest);
  }

  #end(one: Try | null): void {
    if (one === null || one.isOver) return;
    one.isOver = true;
    one.attempt?.stop();
  }
}
