import type { GuestOutcome } from "../codec/guest_messages.ts";
import type { LockTable } from "../locks/lock_table.ts";
import { lockOf } from "../locks/lock_value.ts";
import type { Core } from "../node/core.ts";
import type { Limits, Operation } from "../node/shell.ts";
import { type Ballot, compareBallots } from "../paxos/ballot.ts";
import type { Learned } from "../paxos/learner.ts";
import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import type { RegisterId, SessionId } from "../paxos/register.ts";

/** One request of a guest for a lock. */
export interface GuestRequestId {
  readonly register: RegisterId;
  readonly session: SessionId;
  readonly number: number;
}

/** A request that is followed. */
interface Follower {
  /** The ballot at which it was known to be in the register. */
  readonly seen: Ballot;
  /** Whether it waits for the lock; else it holds it. */
  readonly waits: boolean;
  readonly operation: Operation<GuestOutcome>;
}

/** The requests of all guests of a member that wait for locks or hold them: each lock is watched once. */
export class LockFollowers {
  readonly #core: Core;
  readonly #table: LockTable;
  readonly #locks = new Map<RegisterId, FollowedLock>();

  /** Follows no request. */
  constructor(core: Core, table: LockTable) {
    this.#core = core;
    this.#table = table;
  }

  /**
   * Follows a request that is known to be in the register at the ballot `seen`: until it holds the lock, if it
   * `waits` for it, or until it is in neither list at a higher ballot.
   */
  follow(
    request: GuestRequestId,
    seen: Ballot,
    waits: boolean,
    limits: Limits,
  ): Promise<GuestOutcome> {
    const operation = this.#core.operation<GuestOutcome>(limits);
    if (operation.ended) return operation.promise;
    const { register } = request;
    let lock = this.#locks.get(register);
    if (lock === undefined) {
      lock = new FollowedLock(register, this.#core, this.#table, () => {
        this.#locks.delete(register);
      });
      this.#locks.set(register, lock);
    }
    lock.add(request, { seen, waits, operation });
    return operation.promise;
  }
}

/** One lock, and the requests that are followed in it. */
class FollowedLock {
  readonly #register: RegisterId;
  readonly #core: Core;
  readonly #table: LockTable;
  readonly #empty: () => void;
  /** By session and number: several operations may follow one request. */
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #monitors = new Map<SessionId, () => void>();
  #stopWatching: (() => void) | undefined;
  #last: { readonly ballot: Ballot; readonly value: LockValue } | undefined;

  /** `empty` is called when no request is followed any more. */
  constructor(register: RegisterId, core: Core, table: LockTable, empty: () => void) {
    this.#register = register;
    this.#core = core;
    this.#table = table;
    this.#empty = empty;
  }

  add({ session, number }: GuestRequestId, follower: Follower): void {
    const name = nameOf(session, number);
    let same = this.#followers.get(name);
    if (same === undefined) this.#followers.set(name, same = new Set());
    same.add(follower);
    follower.operation.onEnd(() => this.#remove(name, follower));
    this.#stopWatching ??= this.#core.watches.watch(
      this.#register,
      (learned) => this.#learn(learned),
    );
    if (this.#last !== undefined && !follower.operation.ended) {
      const { ballot, value } = this.#last;
      const is = (entry: LockEntry) => nameOf(entry.pid.session, entry.request) === name;
      tell(follower, ballot, value.holders.find(is), value.queue.some(is));
      this.#monitor(value.holders);
    }
  }

  #remove(name: string, follower: Follower): void {
    const same = this.#followers.get(name);
    same?.delete(follower);
    if (same?.size === 0) this.#followers.delete(name);
    if (this.#followers.size > 0) return;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#monitor([]);
    this.#empty();
  }

  #learn({ ballot, state }: Learned): void {
    let value: LockValue;
    try {
      value = lockOf(state, this.#last?.value);
    } catch {
      // The next operation that reads the lock reports the error.
      return;
    }
    this.#last = { ballot, value };
    this.#core.proposals.outdated(this.#register, ballot);
    const { holders, queue } = value;
    const holding = new Map<string, LockEntry>();
    for (const entry of holders) holding.set(nameOf(entry.pid.session, entry.request), entry);
    let followed = 0;
    for (const { pid, request } of queue) {
      if (this.#followers.has(nameOf(pid.session, request))) followed++;
    }
    for (const name of holding.keys()) if (this.#followers.has(name)) followed++;
    const isMissing = followed < this.#followers.size;
    const queued = isMissing
      ? new Set(queue.map(({ pid, request }) => nameOf(pid.session, request)))
      : undefined;
    // Without a missing one only those that hold the lock hear of a change.
    const names = isMissing ? [...this.#followers.keys()] : [...holding.keys()];
    for (const name of names) {
      for (const follower of [...this.#followers.get(name) ?? []]) {
        tell(follower, ballot, holding.get(name), queued?.has(name) ?? true);
      }
    }
    this.#monitor(holders);
  }

  /** Watches the sessions of the holders while a request waits. */
  #monitor(holders: readonly LockEntry[]): void {
    let waits = false;
    for (const same of this.#followers.values()) {
      for (const follower of same) waits ||= follower.waits;
      if (waits) break;
    }
    const wanted = new Set(waits ? holders.map(({ pid }) => pid.session) : []);
    for (const [holder, stop] of this.#monitors) {
      if (wanted.has(holder)) continue;
      stop();
      this.#monitors.delete(holder);
    }
    for (const holder of wanted) {
      if (this.#monitors.has(holder)) continue;
      this.#monitors.set(holder, this.#table.monitor(this.#register, holder));
    }
  }
}

/** Tells a request what became of it. */
function tell(
  { seen, waits, operation }: Follower,
  ballot: Ballot,
  holding: LockEntry | undefined,
  isQueued: boolean,
): void {
  if (holding !== undefined) {
    if (!waits) return;
    const { counter, life } = ballot;
    operation.resolve({ type: "granted", token: holding.token, counter, life });
  } else if (!isQueued && compareBallots(ballot, seen) > 0) {
    operation.resolve({ type: "stolen" });
  }
}

function nameOf(session: SessionId, number: number): string {
  return `${session}/${number}`;
}
