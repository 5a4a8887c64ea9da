import type { Core } from "../node/core.ts";
import type { Limits, Operation } from "../node/runtime/operation.ts";
import { type Ballot, compareBallots } from "../paxos/ballot.ts";
import type { Learned } from "../paxos/learner.ts";
import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import type { RegisterId, SessionId } from "../paxos/register.ts";
import type { Ticket } from "./ticket.ts";

/** A grant: its fencing token, and the ballot at which it was chosen. */
export interface Grant {
  readonly token: number;
  readonly ballot: Ballot;
}

/** What a room needs of the table that it belongs to. */
export interface RoomEvents {
  /** Decodes the lock from a chosen state. */
  readonly learned: (learned: Learned) => LockValue;
  /** Called when a request here waits for that session; returns a function that stops its watch. */
  readonly watchSession: (session: SessionId) => () => void;
  /** Called when no request is left. */
  readonly empty: () => void;
}

/**
 * The requests of this node that wait for one lock. The acceptors report every change of the lock's register;
 * a change resolves only the requests that hold the lock then.
 */
export class Room {
  readonly #register: RegisterId;
  readonly #core: Core;
  readonly #events: RoomEvents;
  /** The waiting requests by their number, which is unique in this node. */
  readonly #waiting = new Map<number, { ticket: Ticket; operation: Operation<Grant> }>();
  readonly #guarded = new Map<string, { ticket: Ticket; stolen: () => void }>();
  readonly #sessions = new Map<SessionId, () => void>();
  #stopWatching: (() => void) | undefined;
  /** The state learned last: requests that come later have to learn of it too. */
  #last: { learned: Learned; value: LockValue } | undefined;

  /** Starts without requests. */
  constructor(register: RegisterId, core: Core, events: RoomEvents) {
    this.#register = register;
    this.#core = core;
    this.#events = events;
  }

  /** The lock as last learned, possibly outdated; `undefined` if nothing was learned. */
  get latest(): LockValue | undefined {
    return this.#last?.value;
  }

  /** Waits until `ticket`, which is in the queue, holds the lock. */
  wait(ticket: Ticket, limits: Limits): Promise<Grant> {
    const operation = this.#core.engine.operation<Grant>(limits);
    this.#waiting.set(ticket.request, { ticket, operation });
    operation.onEnd(() => this.leave(ticket));
    // It may have been aborted in the turn in which it was queued; then the room may be gone already.
    if (operation.ended) return operation.promise;
    this.#watch();
    this.#catchUp();
    return operation.promise;
  }

  /** Calls `stolen` when the lock that `ticket` holds is taken away by another request. */
  guard(ticket: Ticket, stolen: () => void): void {
    this.#guarded.set(nameOf(ticket), { ticket, stolen });
    this.#watch();
    this.#catchUp();
  }

  /** Removes `ticket`, which neither waits for the lock nor holds it any more. */
  leave(ticket: Ticket): void {
    this.#waiting.delete(ticket.request);
    this.#guarded.delete(nameOf(ticket));
    if (this.#waiting.size === 0) this.#stopMonitors();
    if (this.#waiting.size + this.#guarded.size > 0) return;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#events.empty();
  }

  /** Rejects and removes `ticket`, which can no longer get the lock. */
  lose(ticket: Ticket, error: unknown): void {
    this.#waiting.get(ticket.request)?.operation.reject(error);
    this.leave(ticket);
  }

  #watch(): void {
    this.#stopWatching ??= this.#core.watches.watch(this.#register, (learned) => {
      let value: LockValue;
      try {
        value = this.#events.learned(learned);
      } catch {
        // The next operation that reads the lock reports the error.
        return;
      }
      this.#last = { learned, value };
      this.#core.proposals.outdated(this.#register, learned.ballot);
      this.#learn(learned, value);
    });
  }

  #catchUp(): void {
    if (this.#last !== undefined) this.#learn(this.#last.learned, this.#last.value);
  }

  #learn({ ballot }: Learned, { holders, queue }: LockValue): void {
    for (const holder of holders) {
      this.#waiter(holder)?.operation.resolve({ token: holder.token, ballot });
    }
    this.#findStolen(ballot, holders, queue);
    if (this.#waiting.size > 0) this.#monitor(holders);
  }

  /**
   * Ends tickets that were in the register and are missing from it at a higher ballot: they were stolen from,
   * unless their session is over, which messages may show before a timer does.
   */
  #findStolen(ballot: Ballot, holders: readonly LockEntry[], queue: readonly LockEntry[]): void {
    this.#core.session.check();
    const isLater = (ticket: Ticket) =>
      ticket.seen !== undefined && compareBallots(ballot, ticket.seen) > 0;
    if (this.#guarded.size > 0) {
      const held = new Set(holders.map(entryName));
      for (const [name, { ticket, stolen }] of [...this.#guarded]) {
        if (!held.has(name) && isLater(ticket)) stolen();
      }
    }
    let waiting = 0;
    for (const entry of queue) if (this.#waiter(entry) !== undefined) waiting++;
    if (waiting === this.#waiting.size) return;
    const queued = new Set(queue.map((entry) => this.#waiter(entry)));
    for (const waiter of [...this.#waiting.values()]) {
      const { ticket, operation } = waiter;
      if (queued.has(waiter) || !isLater(ticket)) continue;
      operation.reject(new DOMException("The lock was stolen by another request", "AbortError"));
    }
  }

  /** The waiting request of an entry; `undefined` if it does not wait here. */
  #waiter(
    { pid, request }: LockEntry,
  ): { ticket: Ticket; operation: Operation<Grant> } | undefined {
    const waiter = this.#waiting.get(request);
    return waiter?.ticket.owner.pid.session === pid.session ? waiter : undefined;
  }

  /** Watches the sessions of the present holders. */
  #monitor(holders: readonly LockEntry[]): void {
    const own = this.#core.session.current;
    const wanted = new Set(holders.map(({ pid }) => pid.session));
    for (const [session, stop] of this.#sessions) {
      if (wanted.has(session)) continue;
      stop();
      this.#sessions.delete(session);
    }
    for (const session of wanted) {
      if (session === own || this.#sessions.has(session)) continue;
      this.#sessions.set(session, this.#events.watchSession(session));
    }
  }

  #stopMonitors(): void {
    for (const stop of this.#sessions.values()) stop();
    this.#sessions.clear();
  }
}

function nameOf(ticket: Ticket): string {
  return `${ticket.owner.pid.session}/${ticket.request}`;
}

function entryName(entry: LockEntry): string {
  return `${entry.pid.session}/${entry.request}`;
}
