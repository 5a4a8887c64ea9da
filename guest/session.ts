import type { Limits } from "../lib/node/runtime/operation.ts";
import { Lease, OWNER_SHARE } from "../lib/paxos/lease.ts";
import type { SessionId } from "../lib/paxos/register.ts";
import { GRANT_SHARE, makeSession } from "../lib/paxos/sessions.ts";
import type { GuestShell } from "./shell.ts";

/** Shortest time between two renewals, in milliseconds. */
const SHORTEST_INTERVAL = 20;

/** Wait until a renewal without an answer is repeated, as a share of the time to live. */
const RETRY_SHARE = 1 / 6;

/** Bounds of the wait before the next session is asked for when several were refused, in milliseconds. */
const SHORTEST_REFUSAL_WAIT = 50;
const LONGEST_REFUSAL_WAIT = 1_000;

/** The gateway grants in the name of a quorum: one grant is enough. */
const GATEWAY = { member: "gateway", incarnation: "", vector: [""] } as const;

/** Events of the session of a guest. */
export interface GuestSessionEvents {
  /** A quorum granted the session. */
  readonly granted: () => void;
  /** The session is over for ever. `wasGranted`: a quorum had granted it. */
  readonly lost: (number: number, session: SessionId, wasGranted: boolean) => void;
  /** Resolves when a quorum has answered, or when that cannot be found out. */
  readonly look: () => Promise<void>;
  /** Sends a renewal. */
  readonly renew: (session: number, renewal: number, ttl: number) => void;
}

/**
 * The one session of a guest. A gateway asks a quorum for each renewal; the deadline counts from the time at
 * which the guest sent it (section 13). The session outlives the gateway.
 */
export class GuestSession {
  readonly #shell: GuestShell;
  readonly #name: string;
  readonly #life: string;
  readonly #events: GuestSessionEvents;
  readonly #waiting = new Set<() => void>();
  #ttl: number;
  #number = 1;
  #lease: Lease;
  #granted = false;
  #attached = false;
  /** Whether it has not been asked for, since a quorum has to be found first. */
  #isSeeking = false;
  #stopped = false;
  /** Sessions in a row that a quorum has refused. */
  #refused = 0;
  #cancelRenewal: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  /** `name`: the id of the guest behind `~`; `ttl` is in milliseconds. Asks for nothing before `attach`. */
  constructor(
    shell: GuestShell,
    owner: { readonly name: string; readonly life: string; readonly ttl: number },
    events: GuestSessionEvents,
  ) {
    this.#shell = shell;
    this.#name = owner.name;
    this.#life = owner.life;
    this.#ttl = owner.ttl;
    this.#events = events;
    this.#lease = this.#leaseOf();
  }

  /** The session that the guest has, or will have next. */
  get current(): SessionId {
    return this.#lease.session;
  }

  /** Its number. */
  get number(): number {
    return this.#number;
  }

  /** Its time to live, in milliseconds. */
  get ttl(): number {
    return this.#ttl;
  }

  /** Whether a quorum has granted it. */
  get isGranted(): boolean {
    return this.#granted;
  }

  /** Milliseconds until the deadline, at this instant; 0 without a valid session. */
  get remaining(): number {
    return this.#stopped ? 0 : this.#lease.remaining(this.#shell.reading());
  }

  /** Whether `session` is the guest's, granted, and its deadline has not passed: at this instant. */
  isValid(session: SessionId = this.current): boolean {
    return session === this.#lease.session && this.remaining > 0;
  }

  /** Whether `session` may still become or stay valid. */
  isPossible(session: SessionId): boolean {
    return !this.#stopped && session === this.#lease.session &&
      !this.#lease.isDead(this.#shell.reading());
  }

  /** Resolves when there is a valid session; rejects with `no_quorum` at the deadline. */
  async valid(limits: Limits): Promise<SessionId> {
    while (!this.isValid()) {
      const operation = this.#shell.operation<void>(limits);
      const wake = () => operation.resolve();
      this.#waiting.add(wake);
      operation.onEnd(() => this.#waiting.delete(wake));
      await operation.promise;
    }
    return this.current;
  }

  /** Ends the session if its deadline has passed, even if timers are late. */
  check(): void {
    if (!this.#stopped && this.#lease.isDead(this.#shell.reading())) this.#lose(true);
  }

  /** A gateway takes renewals from now on. */
  attach(): void {
    this.#attached = true;
    if (!this.#isSeeking) this.#renew();
  }

  /** There is no gateway. The session goes on until its deadline. */
  detach(): void {
    this.#attached = false;
    this.#cancelRenewal();
  }

  /** The cluster takes no longer time to live. Returns whether the present one was longer. */
  limit(maxTtl: number): boolean {
    if (this.#ttl <= maxTtl) return false;
    this.#ttl = maxTtl;
    // The members have refused the renewals so far.
    if (!this.#granted) this.#lease = this.#leaseOf();
    return true;
  }

  /** A quorum has granted this renewal; the answer may come by a former gateway. */
  renewed(session: number, renewal: number): void {
    if (this.#stopped || session !== this.#number) return;
    const lease = this.#lease;
    if (!lease.renewed(GATEWAY, renewal, this.#shell.reading())) return;
    if (this.#attached) this.#renewIn(this.#interval(lease));
    this.#watchDeadline();
    if (this.#granted) return;
    this.#granted = true;
    this.#refused = 0;
    this.#events.granted();
    for (const wake of [...this.#waiting]) wake();
  }

  /** A quorum has refused it: it is over, or never was. */
  lapsed(session: number): void {
    if (session !== this.#number) return;
    this.#refused++;
    this.#lose();
  }

  /** Ends the session: all that depends on it is lost at once. */
  end(): void {
    this.#lose();
  }

  /** Ends the session for good; there is no other one. */
  stop(): void {
    this.#stopped = true;
    this.#lease.end();
    this.#cancelRenewal();
    this.#cancelDeadline();
  }

  #leaseOf(): Lease {
    return new Lease(makeSession(this.#name, this.#life, this.#number), {
      ttl: this.#ttl,
      tally: () => ({ add: () => true }),
      grantWithin: GRANT_SHARE * this.#ttl,
      clockError: () => this.#shell.runtime.clockError(),
    });
  }

  #renew(): void {
    const number = this.#number;
    this.check();
    // A quorum is looked for before the next session is asked for.
    if (this.#stopped || !this.#attached || number !== this.#number) return;
    const renewal = this.#lease.renew(this.#shell.reading());
    this.#events.renew(this.#number, renewal, this.#ttl);
    this.#renewIn(this.#ttl * RETRY_SHARE);
  }

  #renewIn(wait: number): void {
    this.#cancelRenewal();
    this.#cancelRenewal = this.#shell.runtime.setTimer(() => this.#renew(), wait);
  }

  /** The wait until the next renewal; shorter where round trips take a large part of the time to live. */
  #interval(lease: Lease): number {
    const roundTrip = lease.age(this.#shell.reading());
    const spare = Math.max(0, this.#ttl * OWNER_SHARE - roundTrip);
    const interval = Math.min(this.#ttl / 3, Math.max(SHORTEST_INTERVAL, spare / 2));
    return Math.max(0, interval - roundTrip);
  }

  #watchDeadline(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#shell.runtime.setTimer(() => {
      this.check();
      if (this.#granted) this.#watchDeadline();
    }, Math.max(1, this.remaining));
  }

  /** `seeks`: there may be no quorum, so one has to be found first. */
  #lose(seeks = false): void {
    if (this.#stopped) return;
    const [lost, number, wasGranted] = [this.#lease, this.#number, this.#granted];
    lost.end();
    this.#cancelRenewal();
    this.#cancelDeadline();
    this.#granted = false;
    this.#number++;
    this.#lease = this.#leaseOf();
    this.#isSeeking = seeks;
    this.#events.lost(number, lost.session, wasGranted);
    // A listener may have closed the guest.
    if (this.#stopped) return;
    if (seeks) return this.#seek();
    if (!this.#attached) return;
    // Every session of a life that is said to be over is refused for a while; retries must not spin.
    if (this.#refused > 1) this.#renewIn(refusalWait(this.#refused - 2));
    else this.#renew();
  }

  /**
   * Looks for a quorum before it asks for the session that follows a lost one. A requested session has to be
   * granted in a limited time, and all that waits for it ends with it.
   */
  #seek(): void {
    const sought = this.#number;
    this.#events.look().then(() => {
      if (sought !== this.#number) return;
      this.#isSeeking = false;
      if (!this.#stopped && this.#attached) this.#renew();
    });
  }
}

function refusalWait(attempt: number): number {
  return Math.min(LONGEST_REFUSAL_WAIT, SHORTEST_REFUSAL_WAIT * 2 ** Math.min(attempt, 10));
}
