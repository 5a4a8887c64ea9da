import type { Core } from "../node/core.ts";
import type { Limits, Operation } from "../node/shell.ts";
import { type Ballot, compareBallots } from "../paxos/ballot.ts";
import type { Learned } from "../paxos/learner.ts";
import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import { isCrowded } from "../paxos/lock_route.ts";
import type { RegisterId, SessionId } from "../paxos/register.ts";
import type { LockRequest } from "./lock_request.ts";

/** A grant: its fencing token, and the ballot at which it was chosen. */
export interface Grant {
  readonly token: number;
  readonly ballot: Ballot;
}

/** What the waiters of a lock need of the table that it belongs to. */
export interface LockWaitersEvents {
  /** Decodes the lock from a chosen state. */
  readonly learned: (learned: Learned) => LockValue;
  /** Called when a request here waits for that session; returns a function that stops its watch. */
  readonly watchSession: (session: SessionId) => () => void;
  /** Called with the session of a holder that keeps a lock for longer than it took to pass it on before. */
  readonly askSession: (session: SessionId) => void;
  /** Called with each state that is learned, before the requests here are. */
  readonly changed?: (value: LockValue, ballot: Ballot) => void;
  /** Called when no request is left. */
  readonly empty: () => void;
}

/**
 * Time for which a lock is watched after the last request has left, if others hold it, in milliseconds: its next
 * request then knows to which node to go.
 */
const LINGER = 100;

/** Time for which a holder in its turn has kept a lock when its session is asked about again: milliseconds, round trips. */
const LEAST_KEPT = 50;
const KEPT_ROUND_TRIPS = 4;

/**
 * The requests of this node that wait for one lock. The acceptors report every change of the lock's register;
 * a change resolves only the requests that hold the lock then.
 */
export class LockWaiters {
  readonly #register: RegisterId;
  readonly #core: Core;
  readonly #events: LockWaitersEvents;
  /** The waiting requests by their number, which is unique in this node. */
  readonly #waiting = new Map<number, { request: LockRequest; operation: Operation<Grant> }>();
  readonly #guarded = new Map<string, { request: LockRequest; stolen: () => void }>();
  readonly #sessions = new Map<SessionId, () => void>();
  #stopWatching: (() => void) | undefined;
  /** When the lock was learned to have another first holder: the last time, and the time before. */
  #passed: readonly [number, number] = [-Infinity, -Infinity];
  /** Prevents the next question about holders that were watched already when they got the lock; `undefined`: none is due. */
  #cancelAsking: (() => void) | undefined;
  /** The entries of the holders that were asked about since they have the lock: once for each. */
  #asked = new Set<string>();
  /** Those who need the watch, besides the requests. */
  #keepers = 0;
  /** Prevents the end of a watch that lingers; `undefined`: it does not. */
  #stayOn: (() => void) | undefined;
  /** The state learned last: requests that come later have to learn of it too. */
  #last: { learned: Learned; value: LockValue } | undefined;

  /** Starts without requests. */
  constructor(register: RegisterId, core: Core, events: LockWaitersEvents) {
    this.#register = register;
    this.#core = core;
    this.#events = events;
  }

  /** The lock as last learned, possibly outdated; `undefined` if nothing was learned. */
  get latest(): LockValue | undefined {
    return this.#last?.value;
  }

  /** The longer time of the last two for which the lock had the same first holder, in round trips; at least. */
  get pace(): number {
    const { runtime, pacing } = this.#core;
    const [last, before] = this.#passed;
    return Math.max(runtime.now() - last, last - before) / pacing.roundTrip;
  }

  /** Waits until `request`, which is in the queue, holds the lock. */
  wait(request: LockRequest, limits: Limits): Promise<Grant> {
    const operation = this.#core.operation<Grant>(limits);
    this.#waiting.set(request.number, { request, operation });
    operation.onEnd(() => this.leave(request));
    // It may have been aborted in the turn in which it was queued; then these waiters may be gone already.
    if (operation.ended) return operation.promise;
    this.#watch();
    this.#catchUp();
    return operation.promise;
  }

  /**
   * Calls `stolen` when the lock that `request` holds is taken away by another request. `unread`: for how long the lock is
   * not to be read, in milliseconds, as another node is writing it.
   */
  guard(request: LockRequest, stolen: () => void, unread: number): void {
    this.#guarded.set(keyOf(request), { request, stolen });
    this.#watch(unread);
    this.#catchUp();
  }

  /** Removes `request`, which neither waits for the lock nor holds it any more. */
  leave(request: LockRequest): void {
    this.#waiting.delete(request.number);
    this.#guarded.delete(keyOf(request));
    if (this.#waiting.size === 0) this.#stopMonitors();
    this.#stopUnlessUsed();
  }

  /** Watches the lock until the function that it returns is called. */
  keep(): () => void {
    this.#keepers++;
    this.#watch();
    return () => {
      this.#keepers--;
      this.#stopUnlessUsed();
    };
  }

  /** Stops at once, if no request needs the watch. */
  close(): void {
    if (this.#stayOn !== undefined) this.#stop();
  }

  #stopUnlessUsed(): void {
    if (this.#waiting.size + this.#guarded.size + this.#keepers > 0) return;
    if (this.#stopWatching === undefined || this.#last === undefined) return this.#stop();
    const { value } = this.#last;
    // A lock that few want, and that was not seen to be passed on, is of no interest any more.
    const isOfUse = this.pace < Infinity || isCrowded(value);
    if (value.holders.length === 0 || !isOfUse) return this.#stop();
    this.#stayOn ??= this.#core.runtime.setTimer(() => this.#stop(), LINGER);
  }

  #stop(): void {
    this.#stayOn?.();
    this.#stayOn = undefined;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#events.empty();
  }

  /** Rejects and removes `request`, which can no longer get the lock. */
  fail(request: LockRequest, error: unknown): void {
    this.#waiting.get(request.number)?.operation.reject(error);
    this.leave(request);
  }

  #watch(unread?: number): void {
    this.#stayOn?.();
    this.#stayOn = undefined;
    if (this.#stopWatching !== undefined) return;
    const disinherit = this.#core.proposals.inherit(this.#register);
    const stop = this.#core.watches.watch(this.#register, (learned) => {
      let value: LockValue;
      try {
        value = this.#events.learned(learned);
      } catch {
        // The next operation that reads the lock reports the error.
        return;
      }
      const before = this.#last?.value.holders[0];
      const first = value.holders[0];
      const isPassed = before?.token !== first?.token || before?.request !== first?.request;
      if (isPassed) this.#passed = [this.#core.runtime.now(), this.#passed[0]];
      this.#last = { learned, value };
      this.#core.proposals.learned(this.#register, learned);
      this.#events.changed?.(value, learned.ballot);
      this.#learn(learned, value);
      if (this.#stayOn !== undefined && value.holders.length === 0) this.#stop();
    }, unread);
    this.#stopWatching = () => {
      stop();
      disinherit();
    };
  }

  #catchUp(): void {
    if (this.#last !== undefined) this.#learn(this.#last.learned, this.#last.value);
  }

  #learn({ ballot }: Learned, { holders, queue }: LockValue): void {
    for (const holder of holders) {
      this.#waiter(holder)?.operation.resolve({ token: holder.token, ballot });
    }
    this.#findStolen(ballot, holders, queue);
    if (this.#waiting.size > 0) this.#monitor(holders, queue);
  }

  /**
   * Ends requests that were in the register and are missing from it at a higher ballot: they were stolen from,
   * unless their session is over, which messages may show before a timer does.
   */
  #findStolen(ballot: Ballot, holders: readonly LockEntry[], queue: readonly LockEntry[]): void {
    this.#core.session.check();
    const isLater = (request: LockRequest) =>
      request.seen !== undefined && compareBallots(ballot, request.seen) > 0;
    if (this.#guarded.size > 0) {
      const held = new Set(holders.map(entryKey));
      for (const [name, { request, stolen }] of [...this.#guarded]) {
        if (!held.has(name) && isLater(request)) stolen();
      }
    }
    let waiting = 0;
    for (const entry of queue) if (this.#waiter(entry) !== undefined) waiting++;
    if (waiting === this.#waiting.size) return;
    const queued = new Set(queue.map((entry) => this.#waiter(entry)));
    for (const waiter of [...this.#waiting.values()]) {
      const { request, operation } = waiter;
      if (queued.has(waiter) || !isLater(request)) continue;
      operation.reject(new DOMException("The lock was stolen by another request", "AbortError"));
    }
  }

  /** The waiting request of an entry; `undefined` if it does not wait here. */
  #waiter(
    { pid, request }: LockEntry,
  ): { request: LockRequest; operation: Operation<Grant> } | undefined {
    const waiter = this.#waiting.get(request);
    return waiter?.request.owner.pid.session === pid.session ? waiter : undefined;
  }

  /** Watches the sessions of the present holders; one that will soon hold it again is watched on, without questions. */
  #monitor(holders: readonly LockEntry[], queue: readonly LockEntry[]): void {
    const own = this.#core.session.current;
    const wanted = new Set(holders.map(({ pid }) => pid.session));
    for (const [session, stop] of this.#sessions) {
      if (wanted.has(session) || queue.some(({ pid }) => pid.session === session)) continue;
      stop();
      this.#sessions.delete(session);
    }
    const isAsked = (one: LockEntry) =>
      this.#asked.has(entryKey(one)) || !this.#sessions.has(one.pid.session);
    this.#asked = new Set(holders.filter(isAsked).map(entryKey));
    for (const session of wanted) {
      if (session === own || this.#sessions.has(session)) continue;
      this.#sessions.set(session, this.#events.watchSession(session));
    }
    this.#askLater(holders);
  }

  /** A holder in its turn may have closed since it was asked about: asks again if the lock is not passed on soon. */
  #askLater(holders: readonly LockEntry[]): void {
    if (this.#cancelAsking !== undefined || this.#asked.size === holders.length) return;
    const { runtime, pacing } = this.#core;
    const asked = this.#asked;
    const due = new Set(holders.map(entryKey).filter((key) => !asked.has(key)));
    this.#cancelAsking = runtime.setTimer(() => {
      this.#cancelAsking = undefined;
      const { holders } = this.#last!.value;
      for (const one of holders.filter((one) => due.has(entryKey(one)))) {
        this.#asked.add(entryKey(one));
        this.#events.askSession(one.pid.session);
      }
      this.#askLater(holders);
    }, Math.max(LEAST_KEPT, KEPT_ROUND_TRIPS * pacing.roundTrip));
  }

  #stopMonitors(): void {
    for (const stop of this.#sessions.values()) stop();
    this.#sessions.clear();
    this.#cancelAsking?.();
    this.#cancelAsking = undefined;
  }
}

function keyOf(request: LockRequest): string {
  return `${request.owner.pid.session}/${request.number}`;
}

function entryKey(entry: LockEntry): string {
  return `${entry.pid.session}/${entry.request}`;
}
