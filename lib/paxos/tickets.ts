import { type ClockReading, OWNER_SHARE } from "./lease.ts";

/** Share of a guest's time to live for which a gateway works on a ticket. */
export const TICKET_SHARE = 1 / 3;

/** Tickets kept; older ones are worth nothing long before that many were given. */
const MAX_TICKETS = 1_000;

/**
 * The tickets that a gateway has given to one life of a guest (section 13). A gateway works for a guest only
 * for a limited time after it gave the newest ticket that the guest has shown: later another gateway may
 * run the same operation, or undo it.
 */
export class IssuedTickets {
  readonly #ttl: number;
  readonly #clockError: () => number;
  /** When each ticket was given; those below the newest shown one are forgotten. */
  readonly #given = new Map<number, ClockReading>();
  #last = 0;
  #shown = 0;

  /**
   * For a guest whose sessions have this time to live, in milliseconds. `clockError` is how far a reading of
   * the clocks may be behind the true time.
   */
  constructor(ttl: number, clockError: () => number = () => 0) {
    this.#ttl = ttl;
    this.#clockError = clockError;
  }

  /** The number of the newest ticket; 0: none was given. */
  get last(): number {
    return this.#last;
  }

  /** Gives a ticket at the time `at`; returns its number. */
  issue(at: ClockReading): number {
    this.#given.set(++this.#last, at);
    for (const oldest of this.#given.keys()) {
      if (this.#given.size <= MAX_TICKETS) break;
      this.#given.delete(oldest);
    }
    return this.#last;
  }

  /** The age of the newest ticket; `Infinity`: none was given. */
  age(at: ClockReading): number {
    const given = this.#given.get(this.#last);
    return given === undefined ? Infinity : this.#elapsed(given, at);
  }

  /** The guest has shown this ticket, with an operation or alone; a number that was never given counts not. */
  show(ticket: number): void {
    if (ticket <= this.#shown || !this.#given.has(ticket)) return;
    this.#shown = ticket;
    for (const older of this.#given.keys()) {
      if (older >= ticket) break;
      this.#given.delete(older);
    }
  }

  /** Whether the gateway may still do something for the guest, at the time `at`. */
  isOpen(at: ClockReading): boolean {
    const given = this.#given.get(this.#shown);
    return given !== undefined && this.#elapsed(given, at) < this.#ttl * TICKET_SHARE;
  }

  /** The larger difference of both clocks: some monotonic clocks stop while a machine sleeps. */
  #elapsed(from: ClockReading, to: ClockReading): number {
    return Math.max(to.now - from.now, to.wall - from.wall) + this.#clockError();
  }
}

/**
 * The tickets that a guest has got from one life of a gateway, for the time from which another gateway may get
 * the same operations, or what undoes them.
 */
export class ShownTickets {
  readonly #ttl: number;
  readonly #clockError: () => number;
  #newest: { readonly ticket: number; readonly at: ClockReading } | undefined;
  #shown: ClockReading | undefined;

  /** For sessions of this time to live, in milliseconds; see {@linkcode IssuedTickets} for `clockError`. */
  constructor(ttl: number, clockError: () => number = () => 0) {
    this.#ttl = ttl;
    this.#clockError = clockError;
  }

  /** The newest ticket that came; 0: none. */
  get newest(): number {
    return this.#newest?.ticket ?? 0;
  }

  /** A ticket came at the time `at`. */
  got(ticket: number, at: ClockReading): void {
    if (ticket > this.newest) this.#newest = { ticket, at };
  }

  /** The newest ticket is about to be shown to the gateway; returns its number. */
  show(): number {
    this.#shown = this.#newest?.at;
    return this.newest;
  }

  /**
   * Milliseconds from the time `at` until the gateway does nothing more on the tickets that it was shown; 0 if
   * that time has come. The smaller difference of both clocks counts: one of them may have been set forward.
   */
  remaining(at: ClockReading): number {
    const shown = this.#shown;
    if (shown === undefined) return 0;
    const elapsed = Math.min(at.now - shown.now, at.wall - shown.wall) - this.#clockError();
    return Math.max(0, this.#ttl * TICKET_SHARE / OWNER_SHARE - elapsed);
  }
}
