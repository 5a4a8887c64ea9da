import { SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import { noQuorum } from "../node/engine/operations.ts";
import type { Limits } from "../node/runtime/operation.ts";
import type { Ballot } from "../paxos/ballot.ts";
import type { Learned } from "../paxos/learner.ts";
import {
  applyOrder,
  dropEnded,
  type LockMode,
  type LockOrder,
  type LockResult,
  type LockValue,
  MAX_QUEUE,
  sameLock,
} from "../paxos/lock_register.ts";
import type { Change, Chosen } from "../paxos/proposer.ts";
import type { RegisterId, State } from "../paxos/register.ts";
import type { Owner } from "../owners/process_table.ts";
import { EndedSessions } from "../owners/ended_sessions.ts";
import { encodeLock, lockOf, sessionsOf, sketchLock } from "./lock_value.ts";
import { Room } from "./room.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import { Ticket } from "./ticket.ts";

/** How a lock is asked for. */
export interface Wish extends Limits {
  readonly mode: LockMode;
  readonly ifAvailable: boolean;
  readonly steal: boolean;
  /** Called when the request is known to be in the queue. */
  readonly queued?: () => void;
}

/** Between two tries to release the same lock, in milliseconds. */
const RETRY_WAIT = 50;

/** A lock that is held for so many milliseconds is watched for thieves from then on. */
const LONG_HELD = 100;

/** All locks that this node holds or waits for. */
export class LockTable {
  readonly #core: Core;
  readonly #ended = new EndedSessions();
  readonly #monitor: SessionMonitor;
  readonly #rooms = new Map<RegisterId, Room>();
  readonly #tickets = new Set<Ticket>();
  /** What `query` has to wait for: the requests that are on their way. */
  readonly #asking = new Set<Promise<unknown>>();
  #requests = 0;
  /** The last of those who wait for the session. */
  #entering: Promise<void> | null = null;

  /** The locks of `core`'s node. */
  constructor(core: Core) {
    this.#core = core;
    this.#monitor = new SessionMonitor(core);
  }

  /** How many locks this node holds. */
  get held(): number {
    let held = 0;
    for (const ticket of this.#tickets) if (ticket.holds) held++;
    return held;
  }

  /**
   * Waits for the lock, and gives the ticket that holds it; `null` if it is to be had `ifAvailable`
   * only, and is not. Rejects with `no_quorum` at the deadline.
   */
  async acquire(register: RegisterId, owner: Owner, wish: Wish): Promise<Ticket | null> {
    const ticket = new Ticket(register, owner, ++this.#requests, wish.mode);
    this.#tickets.add(ticket);
    try {
      const asked = this.#request(ticket, wish);
      this.#asking.add(asked);
      const { result, ballot } = await asked.finally(() => this.#asking.delete(asked));
      switch (result.kind) {
        case "granted":
          return this.#hold(ticket, result.token, ballot);
        case "queued": {
          this.#ensureOwner(ticket);
          ticket.seen = ballot;
          wish.queued?.();
          const granted = await this.#roomOf(register).wait(ticket, wish);
          return this.#hold(ticket, granted.token, granted.ballot);
        }
        case "refused":
          this.#tickets.delete(ticket);
          return null;
        case "queue_full":
          throw new SynodError("queue_full", `${MAX_QUEUE} requests wait for this lock already`);
        default:
          throw stolen();
      }
    } catch (error) {
      this.#tickets.delete(ticket);
      // It may be in the queue, or get there yet: who stops waiting takes the request back.
      if (ticket.firstAccept !== undefined) void this.release(ticket, true);
      // No room for another attempt says nothing of what the earlier ones did.
      const isFull = error instanceof SynodError && error.code === "full";
      throw isFull && ticket.firstAccept !== undefined ? noQuorum() : error;
    }
  }

  /**
   * Gives the lock back, or the place in its queue. Tries until it is done, or until the session is
   * over, which frees it too. `unsure`: the request may take effect yet, so it is made sure that not.
   */
  async release(ticket: Ticket, unsure = false): Promise<void> {
    const { register, owner, request } = ticket;
    const { session, engine, proposals } = this.#core;
    ticket.end(undefined);
    this.#tickets.delete(ticket);
    this.#rooms.get(register)?.leave(ticket);
    const change = this.#change(register, { type: "release", session: owner.pid.session, request });
    while (session.isPossible(owner.pid.session)) {
      try {
        const options = { ...this.#core.releaseLimits(), mustWrite: unsure, urgent: true };
        await proposals.change(register, change, options);
        return;
      } catch {
        if (engine.isClosed || engine.hopeless !== undefined) return;
        unsure = true;
        // What fails at once, since there is no room for example, must not fail in a circle.
        await this.#core.pause(RETRY_WAIT);
      }
    }
  }

  /** Who holds the lock and who waits; entries whose session has ended are dropped first. */
  async current(register: RegisterId, limits: Limits): Promise<LockValue> {
    const chosen = await this.#core.reads.read(register, limits);
    return this.#lockOf(register, (await this.#tidied(register, chosen, limits)).state);
  }

  /**
   * Who holds the lock and who waits, for an answer that waits for no change: entries whose session has ended,
   * as `hasEnded` tells, are left out. The next one in the queue has its turn once that is written.
   */
  async peek(
    register: RegisterId,
    hasEnded: (session: string) => Promise<boolean>,
    limits: Limits,
  ): Promise<LockValue> {
    const { state, stale } = await this.#core.reads.read(register, limits);
    const outcomes = await Promise.all(stale.map(hasEnded));
    const ended = new Set(stale.filter((_, index) => outcomes[index]));
    return dropEnded(this.#lockOf(register, state), (session) => ended.has(session));
  }

  /** Drops what a session that has ended holds and waits for. */
  async tidy(register: RegisterId, session: string, limits: Limits): Promise<void> {
    this.#ended.add(session);
    const options = { ...limits, sweep: true };
    const change = this.#change(register, { type: "tidy" });
    const { ballot, state } = await this.#core.proposals.change(register, change, options);
    this.#core.watches.note(register, { ballot, state });
  }

  /** Resolves when every request that was made so far is known to the cluster, or is over. */
  async asked(limits: Limits): Promise<void> {
    const operation = this.#core.engine.operation<void>(limits);
    Promise.allSettled([...this.#asking]).then(() => operation.resolve());
    await operation.promise;
  }

  /** Reads a lock that somebody here waits for or holds, in case that a message was lost. */
  async reread(register: RegisterId): Promise<Learned> {
    const limits = this.#core.limits();
    const chosen = await this.#core.reads.read(register, limits);
    return await this.#tidied(register, chosen, limits);
  }

  /** The session is over: what it held is lost, and what it waited for, too. */
  sessionLost(session: string, error: SynodError): void {
    for (const ticket of [...this.#tickets]) {
      if (ticket.owner.pid.session !== session) continue;
      this.#tickets.delete(ticket);
      this.#rooms.get(ticket.register)?.lose(ticket, error);
      ticket.end(error);
    }
  }

  /** Releases all that is held; `reason` is told to those who hold it. */
  async close(reason: SynodError): Promise<void> {
    this.#monitor.close();
    const held = [...this.#tickets].filter((ticket) => ticket.holds);
    for (const ticket of held) ticket.end(reason);
    await Promise.all(held.map((ticket) => this.release(ticket)));
  }

  async #request(ticket: Ticket, wish: Wish): Promise<Chosen<LockResult>> {
    const { register, owner, request, mode } = ticket;
    const { mode: _mode, ifAvailable, steal, queued: _queued, ...limits } = wish;
    if (await this.#enter(limits) !== owner.pid.session) {
      throw new SynodError("session_lost", "The session was lost before the lock was asked for");
    }
    const entry = { pid: owner.pid, request, mode, token: 0 };
    const change: Change<LockResult> = (current) => {
      if (owner.ended || !this.#core.session.isPossible(owner.pid.session)) {
        throw new SynodError("session_lost", "The owner ended before it had the lock");
      }
      const { state, token } = current;
      // A write that was chosen is at or above the counter of its `accept`, and so is all that was
      // written over it: what is over an older state shows that this one never was.
      const since = state?.present ? state.over : token;
      const sent = ticket.firstAccept !== undefined && since >= ticket.firstAccept;
      return this.#change(register, { type: "request", entry, ifAvailable, steal, sent })(current);
    };
    const writing = ({ counter }: Ballot) => void (ticket.firstAccept ??= counter);
    // A theft that was sent once and is not found is not tried again.
    const options = { ...limits, again: true, afresh: steal, writing };
    const chosen = await this.#core.proposals.change(register, change, options);
    if (chosen.result.kind === "granted" || chosen.stale.length === 0) return chosen;
    // Whoever is in the way may have died: then it is out of it at once.
    const tidied = await this.#tidied(register, chosen, limits);
    if (tidied === chosen) return chosen;
    return await this.#core.proposals.change(register, change, options);
  }

  /** Waits for a session; whoever came first goes on first. */
  #enter(limits: Limits): Promise<string> | string {
    const { session, engine } = this.#core;
    const before = this.#entering;
    if (before === null && session.isValid()) return session.current;
    const enter = async () => {
      if (before !== null) {
        const turn = engine.operation<void>(limits);
        before.then(() => turn.resolve());
        await turn.promise;
      }
      return await session.valid(limits);
    };
    const entered = enter();
    // Who gives up does not let others pass who came before.
    const over = Promise.allSettled([before, entered]).then(() => {});
    this.#entering = over;
    over.then(() => {
      if (this.#entering === over) this.#entering = null;
    });
    return entered;
  }

  /** Drops the entries of owners that a quorum believes expired, if they can be fenced. */
  async #tidied<R>(
    register: RegisterId,
    chosen: Chosen<R>,
    limits: Limits,
  ): Promise<Chosen<R> | Chosen<LockResult>> {
    const own = this.#core.session.current;
    const fenced = await Promise.all(chosen.stale.map(async (session) => {
      if (session === own || !await this.#core.questions.fence(session, limits)) return false;
      this.#ended.add(session);
      return true;
    }));
    if (!fenced.includes(true)) return chosen;
    return await this.#core.proposals.change(
      register,
      this.#change(register, { type: "tidy" }),
      limits,
    );
  }

  #change(register: RegisterId, order: LockOrder): Change<LockResult> {
    const op = this.#core.nextOperation();
    return ({ state, ballot }) => {
      const before = this.#lockOf(register, state);
      const hasEnded = (session: string) => this.#ended.has(session);
      const { value, result } = applyOrder(before, order, ballot.counter, hasEnded);
      if (result.kind === "later") return { draft: null, result, later: true };
      if (sameLock(before, value)) return { draft: null, result };
      if (value.holders.length === 0) return { draft: { present: false }, result, merges: true };
      const draft = { present: true, op, bindings: [], owners: [] } as const;
      return {
        draft: { ...draft, value: sketchLock(value) },
        complete: () => ({ ...draft, value: encodeLock(value), owners: sessionsOf(value) }),
        result,
        merges: true,
      };
    };
  }

  #hold(ticket: Ticket, token: number, ballot: Ballot): Ticket {
    const { engine } = this.#core;
    ticket.token = token;
    ticket.seen = ballot;
    this.#ensureOwner(ticket);
    ticket.holds = true;
    // Most locks are held for too short a time to be worth a watch.
    const cancel = engine.runtime.setTimer(() => {
      if (ticket.holds) this.#roomOf(ticket.register).guard(ticket, () => this.#steal(ticket));
    }, LONG_HELD);
    ticket.onOver(cancel);
    return ticket;
  }

  /** An answer may come so late that the session of who asked is over: then nobody is to be told of it. */
  #ensureOwner({ owner }: Ticket): void {
    if (!owner.ended && this.#core.session.isValid(owner.pid.session)) return;
    throw new SynodError("session_lost", "The session was lost before the lock was granted");
  }

  /** Somebody stole the lock from `ticket`. */
  #steal(ticket: Ticket): void {
    ticket.end(stolen());
    // An earlier write of it may still be adopted by somebody.
    void this.release(ticket, true);
  }

  #lockOf(register: RegisterId, state: State | null): LockValue {
    return lockOf(state, this.#rooms.get(register)?.latest);
  }

  #roomOf(register: RegisterId): Room {
    let room = this.#rooms.get(register);
    if (room === undefined) {
      room = new Room(register, this.#core, {
        learned: (learned) => this.#lockOf(register, learned.state),
        watchSession: (session) =>
          this.#monitor.watch(session, () => this.#drop(register, session)),
        empty: () => this.#rooms.delete(register),
      });
      this.#rooms.set(register, room);
    }
    return room;
  }

  /** A holder's session has ended: the next one in the queue has its turn. */
  #drop(register: RegisterId, session: string): void {
    this.#ended.add(session);
    this.#core.proposals.change(
      register,
      this.#change(register, { type: "tidy" }),
      this.#core.limits(),
    ).then(
      ({ ballot, state }) => this.#core.watches.note(register, { ballot, state }),
      // It is read again soon.
      () => {},
    );
  }
}

/** The error of who lost a lock to a thief. */
function stolen(): DOMException {
  return new DOMException("The lock was stolen by another request", "AbortError");
}
