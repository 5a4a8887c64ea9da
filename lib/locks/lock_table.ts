import { SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import { type Limits, LinkedList, noQuorum, PassingMap } from "../node/shell.ts";
import type { Ballot } from "../paxos/ballot.ts";
import type { Learned } from "../paxos/learner.ts";
import {
  applyCommand,
  dropEnded,
  type LockCommand,
  type LockEntry,
  type LockResult,
  type LockValue,
  sameLock,
} from "../paxos/lock_register.ts";
import type { Chosen, RegisterChange } from "../paxos/change.ts";
import { routeOf } from "../paxos/lock_route.ts";
import type { RegisterId, State } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Owner } from "../owners/owner.ts";
import { release } from "../owners/release.ts";
import { explainLock } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import { decisionOf, heirOf, lockOf } from "./lock_value.ts";
import { LockTrace } from "./lock_trace.ts";
import { LockWaiters } from "./lock_waiters.ts";
import { type Placed, SentOrders } from "./sent_orders.ts";
import { TakenOrders } from "./taken_orders.ts";
import { SessionTurns } from "./session_turns.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import { LockRequest } from "./lock_request.ts";
import { UnwatchedLocks } from "./unwatched_locks.ts";
import { WholeLabels } from "./whole_labels.ts";
import { type AcquireOptions, type LockRequests, queueFull, stolen } from "./lock_requests.ts";

/** The locks that this node holds or waits for. */
export class LockTable implements LockRequests {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #turns: SessionTurns;
  readonly #waiters = new Map<RegisterId, LockWaiters>();
  readonly #requests = new PassingMap<number, LockRequest>();
  /** The whole labels of these and of other nodes' requests. */
  readonly labels: WholeLabels;
  /** The requests that are being sent; `query` waits for them. */
  readonly #proposing = new LinkedList<Promise<unknown>>();
  readonly #sent: SentOrders;
  /** What other nodes order of the locks that this node holds. */
  readonly taken: TakenOrders;
  /** The locks of this node that it does not watch. */
  readonly unwatched: UnwatchedLocks;
  #lastNumber = 0;

  /** Starts without locks. */
  constructor(core: Core) {
    this.#core = core;
    this.labels = new WholeLabels(core, this.#requests);
    this.#monitor = new SessionMonitor(core);
    this.#turns = new SessionTurns(core);
    this.unwatched = new UnwatchedLocks(core);
    const latest = (register: RegisterId) => this.#waiters.get(register)?.latest ?? null;
    const isLeaving = ({ pid, request }: LockEntry) =>
      parseSession(pid.session).life === core.life && !this.#requests.has(request);
    this.taken = new TakenOrders({
      ...{ core, latest, pace: this.#pace },
      change: (register, command) => this.change(register, command),
      isAsking: (register) => this.#sent.isAsking(register),
    });
    this.#sent = new SentOrders({
      ...{ core, latest },
      route: (register, lock) =>
        routeOf(lock, core.self, { pace: this.#pace(register), isLeaving }),
      keep: (register) => this.#waitersOf(register).keep(),
    });
  }

  /** How many round trips pass from one holder of the lock to the next; not known: for ever. */
  readonly #pace = (register: RegisterId) => this.#waiters.get(register)?.pace ?? Infinity;

  /** The number of locks that this node holds. */
  get held(): number {
    let held = 0;
    for (const request of this.#requests.values()) if (request.holds) held++;
    return held;
  }

  /**
   * Waits for the lock and returns the request that holds it; `null` if it was requested with `ifAvailable`
   * and is not available. Rejects with `no_quorum` at the deadline.
   */
  async acquire(
    register: RegisterId,
    owner: Owner,
    options: AcquireOptions,
  ): Promise<LockRequest | null> {
    const wall = this.#core.runtime.wallNow();
    const request = new LockRequest(register, owner, ++this.#lastNumber, options, wall);
    this.#requests.set(request.number, request);
    const trace = LockTrace.of(this.#core, request, options);
    try {
      const { result, ballot } = await this.#noted(this.#place(request, options));
      switch (result.kind) {
        case "granted":
          return this.#hold(request, result.token, ballot, trace);
        case "queued": {
          this.#ensureOwner(request);
          request.seen = ballot;
          trace?.queued();
          options.queued?.();
          const granted = await this.#waitersOf(register).wait(request, options);
          return this.#hold(request, granted.token, granted.ballot, trace);
        }
        case "unavailable":
          this.#requests.delete(request.number);
          trace?.refused("unavailable");
          return null;
        case "queue_full":
          throw queueFull();
        case "ended":
          throw new SynodError("session_lost", "The session ended before the lock was requested");
        default:
          throw stolen();
      }
    } catch (error) {
      this.#requests.delete(request.number);
      trace?.refused(error);
      // The request may be in the queue, or get there later, so it has to be withdrawn.
      if (request.firstAccept !== undefined) void this.release(request, true);
      // `full` for a later attempt says nothing about the effect of the earlier ones. But a request that was handed over
      // would only be handed over again, and again: it is withdrawn in any case.
      const isFull = error instanceof SynodError && error.code === "full";
      const isUnknown = request.firstAccept !== undefined && !this.#sent.wasHandedOver(request);
      throw isFull && isUnknown ? noQuorum() : error;
    }
  }

  /**
   * Releases the lock, or the place in its queue. Tries until it succeeds, or until the session is over,
   * which frees the lock too. `unsure`: the request may still take effect, and a write has to make sure that
   * it does not.
   */
  release(request: LockRequest, unsure = false): Promise<void> {
    const { register, owner, number } = request;
    const { session } = owner.pid;
    this.taken.count(register, 0, 1);
    request.end(undefined);
    this.#requests.delete(request.number);
    this.#waiters.get(register)?.leave(request);
    const ordered = this.#sent.wasHandedOver(request);
    const change = this.change(register, { type: "release", session, request: number, ordered });
    unsure ||= ordered;
    const released = this.#core.proposals.together(register, () => {
      // Behind the release the lock may be free, and all orders void.
      this.taken.turn(register);
      this.#sent.turn(register);
      const task = { register, session, change, unsure, retryAtOnce: true, joins: true };
      return release(this.#core, task);
    });
    return released.then(() => this.taken.count(register, 0, -1));
  }

  /** The holders and the queue; removes entries whose session has ended first. */
  async current(register: RegisterId, limits: Limits): Promise<LockValue> {
    const chosen = await this.#core.reads.read(register, limits);
    return this.#lockOf(register, (await this.tidied(register, chosen, limits)).state);
  }

  /**
   * The holders and the queue, without entries whose session has ended according to `hasEnded`. Writes
   * nothing, so the next request in the queue gets the lock only once the removal is written.
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

  /** Why the lock is not free; changes nothing. */
  explain(register: RegisterId, limits: Limits): Promise<Explanation> {
    return explainLock(this.#core, this, register, limits);
  }

  /** Removes the entries of a session that has ended. */
  async tidy(register: RegisterId, session: string, limits: Limits): Promise<void> {
    this.#core.queries.ended.add(session);
    const options = { ...limits, sweep: true };
    const change = this.change(register, { type: "tidy" });
    const { ballot, state } = await this.#core.proposals.change(register, change, options);
    this.#core.watches.note(register, { ballot, state });
  }

  /** Resolves when every request made so far is known to the cluster, or is over. */
  async asked(limits: Limits): Promise<void> {
    const operation = this.#core.operation<void>(limits);
    Promise.allSettled(this.#proposing.values()).then(() => operation.resolve());
    await operation.promise;
  }

  /** Reads a lock that this node waits for or holds, in case a message was lost. */
  async reread(register: RegisterId): Promise<Learned> {
    const limits = this.#core.limits();
    const chosen = await this.#core.reads.read(register, limits);
    return await this.tidied(register, chosen, limits);
  }

  /** Ends a session's locks and requests, because the session is over. */
  sessionLost(session: string, error: SynodError): void {
    for (const request of this.#requests.values()) {
      if (request.owner.pid.session !== session) continue;
      this.#requests.delete(request.number);
      this.#sent.fail(request, error);
      this.#waiters.get(request.register)?.fail(request, error);
      request.end(error);
    }
  }

  /** Releases what is held, and withdraws what waits: its turn would stop the lock. `reason` goes to the owners. */
  async close(reason: SynodError): Promise<void> {
    this.#monitor.close();
    const all = this.#requests.values().filter((one) => one.holds || one.firstAccept !== undefined);
    const waits = all.map(({ holds }) => !holds);
    for (const request of all) request.end(reason);
    await Promise.all(all.map((request, index) => this.release(request, waits[index])));
    for (const waiters of [...this.#waiters.values()]) waiters.close();
  }

  /** Notes a request that is being sent, for as long as it is. */
  #noted(placed: Promise<Placed>): Promise<Placed> {
    const place = this.#proposing.add(placed);
    const over = () => void this.#proposing.remove(place);
    return placed.then((result) => (over(), result), (error) => {
      over();
      throw error;
    });
  }

  async #place(request: LockRequest, options: AcquireOptions): Promise<Placed> {
    const { ifAvailable, steal } = options;
    if (await this.#turns.enter(options) !== request.owner.pid.session) {
      throw new SynodError("session_lost", "The session was lost before the lock was requested");
    }
    const mayWait = !ifAvailable && !steal;
    return await this.#sent.place(request, mayWait, options, () => this.#propose(request, options));
  }

  #propose(request: LockRequest, options: AcquireOptions): Promise<Chosen<LockResult>> {
    const { register, owner, entry } = request;
    const { ifAvailable, steal } = options;
    const change: RegisterChange<LockResult> = (current) => {
      if (owner.ended || !this.#core.session.isPossible(owner.pid.session)) {
        throw new SynodError("session_lost", "The owner ended before it had the lock");
      }
      const { state, token } = current;
      // A chosen write has a counter at or above that of its `accept`, and so has every state written over
      // it. A state that was written over an older one therefore shows that this request was never chosen.
      const since = state?.present ? state.over : token;
      const sent = request.firstAccept !== undefined && since >= request.firstAccept;
      return this.change(register, { type: "request", entry, ifAvailable, steal, sent })(current);
    };
    // With what only locks know: to leave that out takes runtimes longer than all the rest.
    const changeOptions = {
      ...options,
      keepPromise: true,
      // A theft that was sent and is not found must not be tried again.
      ignoreKeptPromise: steal,
      joins: true,
      writing: ({ counter }: Ballot) => void (request.firstAccept ??= counter),
      // What was handed over may have taken effect already.
      fast: !steal && request.firstAccept === undefined,
    };
    const { proposals } = this.#core;
    // The session of an owner in the way may have ended: then its entries are removed at once.
    const tidy = async (chosen: Chosen<LockResult>) => {
      const tidied = await this.tidied(register, chosen, options);
      if (tidied === chosen) return chosen;
      return await proposals.change(register, change, { ...changeOptions, fast: false });
    };
    return proposals.change(register, change, changeOptions).then((chosen) => {
      if (chosen.result.kind === "granted" || chosen.stale.length === 0) return chosen;
      return tidy(chosen);
    });
  }

  /** Removes the entries of sessions that a quorum believes expired, if they can be fenced. */
  async tidied<R>(
    register: RegisterId,
    chosen: Chosen<R>,
    limits: Limits,
  ): Promise<Chosen<R> | Chosen<LockResult>> {
    const own = this.#core.session.current;
    const { queries } = this.#core;
    const fenced = await Promise.all(
      chosen.stale.map((session) => session !== own && queries.fence(session, limits)),
    );
    if (!fenced.includes(true)) return chosen;
    return await this.#core.proposals.change(
      register,
      this.change(register, { type: "tidy" }),
      { ...limits, reserve: true },
    );
  }

  /** The change that applies `command` to a lock. */
  change(register: RegisterId, command: LockCommand): RegisterChange<LockResult> {
    const core = this.#core;
    const op = core.nextOperation();
    return ({ state, ballot }) => {
      const before = this.#lockOf(register, state);
      const hasEnded = (session: string) => core.queries.ended.has(session);
      const { value, result } = applyCommand(before, command, ballot.counter, hasEnded);
      if (result.kind === "later") return { draft: null, result, later: true };
      if (sameLock(before, value)) return { draft: null, result };
      const heir = heirOf(value, before, core.life, () => this.#pace(register));
      return decisionOf(value, op, result, heir);
    };
  }

  #hold(
    request: LockRequest,
    token: number,
    ballot: Ballot,
    trace: LockTrace | undefined,
  ): LockRequest {
    request.token = token;
    request.seen = ballot;
    this.#ensureOwner(request);
    request.holds = true;
    trace?.granted();
    const { register } = request;
    this.taken.count(register, 1, 0);
    const unwatch = this.unwatched.add(register, (unread) => {
      this.#waitersOf(register).guard(request, () => this.#steal(request), unread);
    });
    request.onOver(() => {
      this.taken.count(register, -1, 0);
      unwatch();
    });
    return request;
  }

  /** Throws if the owner has ended: an answer may arrive after the owner's session is over. */
  #ensureOwner({ owner }: LockRequest): void {
    if (!owner.ended && this.#core.session.isValid(owner.pid.session)) return;
    const lost = "The session was lost before the lock was granted";
    // The node may have been replaced in the same turn: then it is no use to try again.
    throw this.#core.closed ?? new SynodError("session_lost", lost);
  }

  /** Handles the theft of the lock from `request`. */
  #steal(request: LockRequest): void {
    request.end(stolen());
    // An earlier write of this request may still be adopted.
    void this.release(request, true);
  }

  #lockOf(register: RegisterId, state: State | null): LockValue {
    return lockOf(state, this.#waiters.get(register)?.latest);
  }

  #waitersOf(register: RegisterId): LockWaiters {
    let waiters = this.#waiters.get(register);
    if (waiters === undefined) {
      waiters = new LockWaiters(register, this.#core, {
        learned: (learned) => this.#lockOf(register, learned.state),
        changed: (value, ballot) => this.#sent.learned(register, value, ballot),
        watchSession: (session) => this.monitor(register, session),
        askSession: (session) => this.#monitor.askNow(session),
        empty: () => this.#waiters.delete(register),
      });
      this.#waiters.set(register, waiters);
    }
    return waiters;
  }

  /**
   * Waits for the end of a session in the way of a request for a lock, and then removes its entries: the next
   * request in the queue gets the lock. Returns a function that stops it.
   */
  monitor(register: RegisterId, session: string): () => void {
    return this.#monitor.watch(session, () => this.#drop(register));
  }

  #drop(register: RegisterId): void {
    this.#core.proposals.change(
      register,
      this.change(register, { type: "tidy" }),
      { ...this.#core.limits(), reserve: true },
    ).then(
      ({ ballot, state }) => this.#core.watches.note(register, { ballot, state }),
      // The lock is read again soon.
      () => {},
    );
  }
}
