import { type ClockReading, Lease, OWNER_SHARE } from "../../paxos/lease.ts";
import type { SessionId } from "../../paxos/register.ts";
import { GRANT_SHARE, makeSession } from "../../paxos/sessions.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { majority, Tally } from "../../paxos/quorum.ts";

/** Events of this node's session. */
export interface SessionEvents {
  /** A quorum granted the session. */
  readonly granted: (session: SessionId) => void;
  /**
   * The session is over for ever, and so is everything that depends on it. `wasGranted`: a quorum had granted
   * it.
   */
  readonly lost: (session: SessionId, wasGranted: boolean) => void;
  /** Renewals have gone unanswered for a while. */
  readonly unanswered: () => void;
}

/**
 * Shortest time between two renewals, in milliseconds, for when round trips take nearly as long as the time to
 * live.
 */
const SHORTEST_INTERVAL = 20;

/**
 * Keeps the one session of this node alive, however much it owns: renews it every third of its time to live, or
 * more often where round trips are long, and opens the next one when it is over.
 */
export class NodeSession {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #events: SessionEvents;
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  #lease: Lease;
  #open = false;
  #stopped = false;
  #granted = false;
  #refusals = new Set<string>();
  /** Sessions in a row that were given up because they were refused. */
  #refusedSessions = 0;
  /** The time at which each member was last heard, while the node looks for a quorum. */
  readonly #heard = new Map<string, number>();
  /** The number of the request that all renewals of this session share; answers name the renewal. */
  #requestId: number | undefined;
  /** The time of the latest renewal or look, and the wait from it to the next one, in milliseconds. */
  #sent = -Infinity;
  #interval = 0;
  /**
   * Present once the node hosts nothing any more: the first renewal that says so, the members that have granted it or
   * a later one, and what is called when they are a quorum.
   */
  #hostless:
    | { renewal: number; readonly told: Set<string>; readonly known: () => void }
    | undefined;
  /** Sends again what the members have not answered; `null` while they answer. */
  #again: (() => void) | null = null;
  /** The reading of the wall clock at which the session was last found valid; `NaN`: it may be another session. */
  #validAt = NaN;
  #cancelRenewal: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  /** Names the first session, and asks for nothing before `open`. */
  constructor(engine: Engine, pacing: Pacing, events: SessionEvents) {
    this.#engine = engine;
    this.#pacing = pacing;
    this.#events = events;
    this.#lease = this.#next();
    engine.attempts.bind(() => this.#follow());
  }

  /** The session that this node has, or will have next. */
  get current(): SessionId {
    return this.#lease.session;
  }

  /** Milliseconds until the deadline, at this instant; 0 without a valid session. */
  get remaining(): number {
    return this.#stopped ? 0 : this.#judge(0, (lease, at) => lease.remaining(at));
  }

  /** Whether `session` is this node's, granted, and its deadline has not passed: at this instant. */
  isValid(session: SessionId = this.current): boolean {
    return session === this.#lease.session && this.remaining > 0;
  }

  /**
   * Whether the node has a quorum at this instant: its session is valid. For callers that ask a million times a second:
   * it reads one clock, and the other one only when that shows another time. Until then the deadline, which allows for
   * the error of a clock, has not passed, unless the wall clock was set back by just as long as the process stood still.
   */
  get hasQuorum(): boolean {
    const wall = this.#engine.runtime.wallNow();
    if (wall !== this.#validAt) this.#validAt = this.isValid() ? wall : NaN;
    return wall === this.#validAt;
  }

  /** Whether `session` may still become or stay valid. */
  isPossible(session: SessionId): boolean {
    return !this.#stopped && session === this.#lease.session && !this.#isDead;
  }

  /** Resolves when there is a valid session; rejects with `no_quorum` at the deadline. */
  async valid(limits: Limits): Promise<SessionId> {
    while (!this.isValid()) {
      const operation = this.#engine.operation<void>(limits);
      const wake = () => operation.resolve();
      this.#waiting.add(wake);
      operation.onEnd(() => this.#waiting.delete(wake));
      await operation.promise;
    }
    return this.current;
  }

  /**
   * Begins to ask for a session; to be called once the cluster's record is known and a member's vote is there.
   */
  open(): void {
    if (this.#stopped) return;
    this.#replace();
    this.#open = true;
    this.#renew(0);
  }

  /** Begins to ask for a session, unless it has done so. */
  begin(): void {
    if (!this.#open) this.open();
  }

  /** Goes on in another life: what the present session owns is lost. */
  beginAgain(): void {
    if (!this.#open) return;
    this.#lose();
    this.open();
  }

  /** Tells the members that the node hosts no singletons any more; resolves when a quorum knows. */
  hostNothing(): Promise<void> {
    return new Promise((known) => {
      this.#hostless = { renewal: Infinity, told: new Set(), known };
      this.#renew(0);
    });
  }

  /**
   * A way to a member has opened: what was sent before may be lost. Asks again, unless the members answer.
   * `mayHaveBeenOpen`: or the member was quiet, and what was sent just now need not be lost.
   */
  reached(mayHaveBeenOpen = false): void {
    if (mayHaveBeenOpen && !this.#pacing.isOverdue(this.#sent)) return;
    if (this.#stopped || !this.#open || this.#again === null) return;
    this.#again();
  }

  /** Ends the session: everything that depends on it is lost at once. `open` asks for the next one. */
  end(): void {
    this.#lose();
  }

  /** Ends the session for good, and asks for no other. */
  stop(): void {
    this.#stopped = true;
    this.#halt();
  }

  /** Ends the session if its deadline has passed, even if timers are late. */
  check(): void {
    if (!this.#open || !this.#isDead) return;
    if (this.#reopens()) this.#seek(0);
  }

  get #isDead(): boolean {
    return this.#judge(true, (lease, at) => lease.isDead(at));
  }

  /**
   * What `judge` says of the lease at this instant. Users ask at any time, so a failed invariant is contained here:
   * nothing is owned then, which `otherwise` says.
   */
  #judge<T>(otherwise: T, judge: (lease: Lease, at: ClockReading) => T): T {
    const reading = this.#reading();
    try {
      return judge(this.#lease, reading);
    } catch (error) {
      if (this.#engine.contain(error) === error) throw error;
      return otherwise;
    }
  }

  #next(): Lease {
    const { self, life } = this.#engine;
    return this.#leaseOf(makeSession(self, life, ++this.#sequence));
  }

  #leaseOf(session: SessionId): Lease {
    const { settings, record, runtime } = this.#engine;
    const maxTtl = record?.maxTtl ?? settings.sessionTtl;
    return new Lease(session, {
      ttl: Math.min(settings.sessionTtl, maxTtl),
      tally: () => new Tally<true>(this.#engine.members),
      grantWithin: GRANT_SHARE * maxTtl,
      clockError: () => runtime.clockError(),
    });
  }

  /**
   * Makes the lease again, since the first one was made before the record was known: the same session, with a
   * time to live within the cluster's maximum.
   */
  #replace(): void {
    const { session } = this.#lease;
    const { self, life } = this.#engine;
    const expected = makeSession(self, life, this.#sequence);
    this.#lease = this.#leaseOf(expected);
    this.#closeRequest();
    if (expected !== session) this.#events.lost(session, false);
  }

  /**
   * Looks for a quorum before it asks for the session that follows a lost one. A requested session has to be
   * granted in a limited time, and all operations that wait for it end with it.
   */
  #seek(attempt: number): void {
    const { pendingReplies, members, runtime } = this.#engine;
    if (this.#stopped || !this.#open) return;
    if (attempt > 1) this.#events.unanswered();
    this.#again = () => this.#seek(0);
    const { session, ttl } = this.#lease;
    const heard = this.#heard;
    this.#requestId ??= pendingReplies.open((from, header) => {
      if (this.#engine.sender(from, header) === undefined) return;
      const now = runtime.now();
      heard.set(from, now);
      const recent = Array.from(heard.values()).filter((at) => now - at < ttl);
      if (recent.length < majority(members.length)) return;
      this.#closeRequest();
      this.#renew(0);
    });
    this.#sent = runtime.now();
    this.#engine.ask(members, { id: this.#requestId, type: "look", session });
    const wait = Math.min(this.#pacing.resend(attempt), ttl / 3);
    this.#cancelRenewal();
    this.#cancelRenewal = runtime.setTimer(() => this.#seek(attempt + 1), wait);
  }

  #renew(attempt: number): void {
    const { members, runtime } = this.#engine;
    const lease = this.#lease;
    this.check();
    if (this.#stopped || !this.#open || lease !== this.#lease) return;
    if (attempt > 1) this.#events.unanswered();
    this.#again = () => this.#renew(0);
    const { session, ttl } = lease;
    if (this.#requestId === undefined) {
      this.#requestId = this.#ask(lease);
      this.#interval = ttl / 3;
    }
    const reading = this.#reading();
    const renewal = lease.renew(reading);
    this.#sent = runtime.now();
    const { wall } = reading;
    const hostless = this.#hostless;
    if (hostless !== undefined) hostless.renewal = Math.min(hostless.renewal, renewal);
    const hosts = hostless ? [] : this.#engine.settings.hosts.map((spec) => spec.id);
    const renew = { type: "renew", session, ttl, renewal, wall, hosts } as const;
    this.#engine.ask(members, { id: this.#requestId, ...renew });
    this.#renewIn(Math.min(this.#pacing.resend(attempt), this.#interval), attempt + 1);
  }

  /**
   * The members have changed: asks the present ones. Answers to an earlier renewal count no more, but the deadline that
   * they have given stays: a change waits until it has passed.
   */
  #follow(): void {
    if (this.#stopped || !this.#open) return;
    this.#closeRequest();
    this.#refusals.clear();
    this.#heard.clear();
    this.#hostless?.told.clear();
    if (this.#again === null) this.#renew(0);
    else this.#again();
  }

  /** Opens the request for all renewals of `lease`: an answer may arrive after many more were sent. */
  #ask(lease: Lease): number {
    return this.#engine.pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined || lease !== this.#lease) return;
      if (reply.type === "refused") this.#wasRefused(from);
      if (reply.type !== "renewed" || reply.session !== lease.session) return;
      this.#noteHostless(from, reply.renewal);
      if (lease.renewed(sender, reply.renewal, this.#reading())) this.#settle(lease);
    });
  }

  /** A member has granted a renewal, and so knows what it said of the node's hosts. */
  #noteHostless(member: string, renewal: number): void {
    const hostless = this.#hostless;
    if (hostless === undefined || renewal < hostless.renewal) return;
    hostless.told.add(member);
    if (hostless.told.size >= majority(this.#engine.members.length)) hostless.known();
  }

  #renewIn(wait: number, attempt: number): void {
    this.#cancelRenewal();
    this.#cancelRenewal = this.#engine.runtime.setTimer(() => this.#renew(attempt), wait);
  }

  /** After a grant: schedules the next renewal, and restarts the timer of the deadline. */
  #settle(lease: Lease): void {
    const { runtime } = this.#engine;
    this.#again = null;
    const roundTrip = lease.age(this.#reading());
    this.#pacing.measured(roundTrip);
    // Where round trips take a large part of the time to live, several renewals have to be under way: the next
    // one, and one more should that be lost, has to be answered before the deadline of this one.
    const spare = Math.max(0, lease.ttl * OWNER_SHARE - roundTrip);
    this.#interval = Math.min(lease.ttl / 3, Math.max(SHORTEST_INTERVAL, spare / 2));
    this.#renewIn(Math.max(0, this.#sent + this.#interval - runtime.now()), 0);
    this.#watchDeadline();
    const { session, ttl } = lease;
    const { tracing } = this.#engine;
    const renewed = { type: "session.renewed", session, roundTrip } as const;
    tracing.emit?.({ ...renewed, remaining: this.remaining });
    if (this.#granted) return;
    this.#granted = true;
    tracing.emit?.({ type: "session.granted", session, ttl });
    this.#refusedSessions = 0;
    this.#events.granted(lease.session);
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Ends the session at its deadline, so that signals abort; a caller that asks gets the right answer without
   * it.
   */
  #watchDeadline(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#engine.runtime.setTimer(() => {
      this.check();
      if (this.#granted) this.#watchDeadline();
    }, Math.max(1, this.remaining));
  }

  #wasRefused(from: string): void {
    const { session } = this.#lease;
    this.#engine.tracing.emit?.({ type: "session.refused", session, by: from });
    this.#refusals.add(from);
    const count = this.#engine.members.length;
    // A granted session is over only at its deadline; one that was never granted can be given up.
    if (this.#granted || this.#refusals.size <= count - majority(count)) return;
    if (!this.#reopens()) return;
    // Every session of a life that is said to be over is refused for a while; retries must not spin.
    if (this.#refusedSessions++ === 0) this.#renew(0);
    else this.#renewIn(this.#pacing.resend(this.#refusedSessions), 0);
  }

  #lose(): void {
    if (this.#stopped) return;
    const lost = this.#lease;
    lost.end();
    this.#halt();
    this.#lease = this.#next();
    const { session, wasGranted } = lost;
    this.#engine.tracing.emit?.({ type: "session.lost", session, granted: wasGranted });
    this.#events.lost(session, wasGranted);
  }

  /** Gives the session up for the next one; returns whether that is still wanted. */
  #reopens(): boolean {
    this.#lose();
    // A listener may have closed the node, or opened the next session.
    if (this.#stopped || this.#open) return false;
    return this.#open = true;
  }

  #halt(): void {
    this.#validAt = NaN;
    this.#open = false;
    this.#granted = false;
    this.#again = null;
    this.#refusals.clear();
    this.#heard.clear();
    this.#cancelRenewal();
    this.#cancelDeadline();
    this.#closeRequest();
  }

  #closeRequest(): void {
    if (this.#requestId !== undefined) this.#engine.pendingReplies.close(this.#requestId);
    this.#requestId = undefined;
  }

  #reading(): ClockReading {
    return { now: this.#engine.runtime.now(), wall: this.#engine.runtime.wallNow() };
  }
}
