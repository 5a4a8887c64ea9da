import { Lease, type Reading } from "../../paxos/lease.ts";
import type { SessionId } from "../../paxos/register.ts";
import { makeSession } from "../../paxos/sessions.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { majority } from "../../paxos/quorum.ts";

/** What the rest of the node has to know of its session. */
export interface SessionEvents {
  /** A quorum granted the session. */
  readonly granted: (session: SessionId) => void;
  /** The session is over for ever, and all that depends on it. `wasGranted`: a quorum had granted it. */
  readonly lost: (session: SessionId, wasGranted: boolean) => void;
  /** Renewals have gone unanswered for a while. */
  readonly unanswered: () => void;
}

/**
 * Keeps the one session of this node alive, however much it owns: renews it every third of its time
 * to live, and opens the next one when it is over.
 */
export class SessionKeeper {
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
  #questions: number[] = [];
  #cancelRenewal: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  /** Has the name of the first session ready, and asks for nothing before `open`. */
  constructor(engine: Engine, pacing: Pacing, events: SessionEvents) {
    this.#engine = engine;
    this.#pacing = pacing;
    this.#events = events;
    this.#lease = this.#next();
  }

  /** The session that this node has, or will have next. */
  get current(): SessionId {
    return this.#lease.session;
  }

  /** Milliseconds until the deadline, at this instant; 0 without a valid session. */
  get remaining(): number {
    return this.#stopped ? 0 : this.#lease.remaining(this.#reading());
  }

  /** Whether `session` is this node's, granted, and its deadline has not passed: at this instant. */
  isValid(session: SessionId = this.current): boolean {
    return session === this.#lease.session && this.remaining > 0;
  }

  /** Whether `session` may still become or stay valid. */
  isPossible(session: SessionId): boolean {
    return !this.#stopped && session === this.#lease.session &&
      !this.#lease.isDead(this.#reading());
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

  /** Begins to ask for a session: the cluster's record is known, and a member's vote is there. */
  open(): void {
    if (this.#stopped) return;
    this.#replace();
    this.#open = true;
    this.#renew(0);
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

  /** Ends the session if its deadline has passed, whatever timers are late. */
  check(): void {
    if (this.#open && this.#lease.isDead(this.#reading())) this.#reopen();
  }

  #next(): Lease {
    const { self, life, members, settings, record } = this.#engine;
    const ttl = Math.min(settings.sessionTtl, record?.maxTtl ?? settings.sessionTtl);
    return new Lease(makeSession(self, life, ++this.#sequence), ttl, members);
  }

  /** The lease was made before the record was known: the same session, as short as the cluster wants. */
  #replace(): void {
    const { session } = this.#lease;
    const { self, life, members, settings, record } = this.#engine;
    const ttl = Math.min(settings.sessionTtl, record!.maxTtl);
    const expected = makeSession(self, life, this.#sequence);
    this.#lease = new Lease(expected, ttl, members);
    if (expected !== session) this.#events.lost(session, false);
  }

  #renew(attempt: number): void {
    const { calls, members } = this.#engine;
    this.check();
    if (this.#stopped || !this.#open) return;
    if (attempt > 1) this.#events.unanswered();
    const lease = this.#lease;
    const renewal = lease.renew(this.#reading());
    const question = calls.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined || !members.includes(from) || lease !== this.#lease) return;
      if (reply.type === "refused") this.#refused(from);
      if (reply.type !== "renewed" || reply.session !== lease.session) return;
      if (lease.renewed(sender, reply.renewal, this.#reading())) this.#settle(lease);
    });
    this.#questions.push(question);
    // The answers to the last few renewals may still come.
    while (this.#questions.length > 4) calls.close(this.#questions.shift()!);
    const { session, ttl } = lease;
    const hosts = this.#engine.settings.hosts.map((spec) => spec.id);
    this.#engine.ask(members, { id: question, type: "renew", session, ttl, renewal, hosts });
    const again = Math.min(this.#pacing.resend(attempt), ttl / 3);
    this.#cancelRenewal();
    this.#cancelRenewal = this.#engine.runtime.setTimer(() => this.#renew(attempt + 1), again);
  }

  /** After a grant: the next renewal, and the deadline, begin anew. */
  #settle(lease: Lease): void {
    this.#cancelRenewal();
    this.#cancelRenewal = this.#engine.runtime.setTimer(() => this.#renew(0), lease.ttl / 3);
    this.#watchDeadline();
    if (this.#granted) return;
    this.#granted = true;
    this.#events.granted(lease.session);
    for (const wake of [...this.#waiting]) wake();
  }

  /** A courtesy to those who wait for a signal: whoever asks gets the right answer anyway. */
  #watchDeadline(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#engine.runtime.setTimer(() => {
      this.check();
      if (this.#granted) this.#watchDeadline();
    }, Math.max(1, this.remaining));
  }

  #refused(from: string): void {
    this.#refusals.add(from);
    const count = this.#engine.members.length;
    // A session that was granted is over only at its deadline; one that never was can be given up.
    if (this.#granted || this.#refusals.size <= count - majority(count)) return;
    this.#reopen();
  }

  #lose(): void {
    if (this.#stopped) return;
    const lost = this.#lease;
    lost.end();
    this.#halt();
    this.#lease = this.#next();
    this.#events.lost(lost.session, lost.wasGranted);
  }

  #reopen(): void {
    this.#lose();
    if (this.#stopped) return;
    this.#open = true;
    this.#renew(0);
  }

  #halt(): void {
    this.#open = false;
    this.#granted = false;
    this.#refusals.clear();
    this.#cancelRenewal();
    this.#cancelDeadline();
    for (const question of this.#questions.splice(0)) this.#engine.calls.close(question);
  }

  #reading(): Reading {
    return { now: this.#engine.runtime.now(), wall: this.#engine.runtime.wallNow() };
  }
}
