import type { GuestLockEntry } from "../lib/codec/guest_messages.ts";
import { SynodError } from "../lib/errors.ts";
import type { Explanation } from "../lib/locks/explanation.ts";
import { decodeExplanation } from "../lib/locks/explanation_value.ts";
import type { Queues } from "../lib/locks/lock_manager.ts";
import { shortLabel } from "../lib/locks/label.ts";
import { LockRequest, wholeTime } from "../lib/locks/lock_request.ts";
import {
  type AcquireOptions,
  type HeldRequest,
  type LockRequests,
  LONG_HELD,
  queueFull,
  stolen,
} from "../lib/locks/lock_requests.ts";
import { labeled, permitted } from "../lib/locks/options.ts";
import { SessionTurns } from "../lib/locks/session_turns.ts";
import type { Limits } from "../lib/node/runtime/operation.ts";
import type { Owner } from "../lib/owners/owner.ts";
import { kindOf, REGISTER_KINDS, type RegisterId } from "../lib/paxos/register.ts";
import type { GuestOperations } from "./operations.ts";
import { unexpected } from "./outcomes.ts";
import type { GuestOwner } from "./owners.ts";
import type { Run } from "./run.ts";
import type { GuestShell } from "./shell.ts";
import { toOwner } from "./store.ts";

/** Wait between two tries to release the same lock, in milliseconds. */
const RETRY_WAIT = 50;

/** The locks that a guest holds or waits for; its gateway proposes for it. */
export class GuestLocks implements LockRequests {
  readonly #shell: GuestShell;
  readonly #operations: GuestOperations;
  readonly #turns: SessionTurns;
  /** The operation of each request that is not over. */
  readonly #requests = new Map<LockRequest, Run>();
  /** The requests that wait for the session; `query` waits for them. */
  readonly #entering = new Set<Promise<string>>();
  /** Releases under way by register: a theft has to wait for what they wait for. */
  readonly #releases = new Map<RegisterId, Set<Run>>();

  /** Starts without locks. */
  constructor(shell: GuestShell, operations: GuestOperations) {
    this.#shell = shell;
    this.#operations = operations;
    this.#turns = new SessionTurns(shell);
  }

  /** The number of locks that the guest holds. */
  get held(): number {
    let held = 0;
    for (const request of this.#requests.keys()) if (request.holds) held++;
    return held;
  }

  /** See {@linkcode LockRequests.acquire}. */
  async acquire(
    register: RegisterId,
    owner: Owner,
    options: AcquireOptions,
  ): Promise<LockRequest | null> {
    const { mode, permits, label, ifAvailable, steal, queued, ...limits } = options;
    const wall = this.#shell.runtime.wallNow();
    const turn = this.#turns.enter(limits);
    // With a session the request begins at once: a query in the same turn has to show it.
    const entered = typeof turn === "string" ? turn : await this.#enters(turn);
    if (entered !== owner.pid.session || owner.ended) {
      throw new SynodError("session_lost", "The session was lost before the lock was requested");
    }
    const { sessionNumber: session, pid: { seq } } = owner as GuestOwner;
    const run = this.#operations.begin(
      {
        ...{ type: "lock", register, session, seq, mode, ifAvailable, steal },
        ...{ permits: permits ?? 0, asked: wholeTime(wall), label: shortLabel(label ?? "") },
      },
      limits,
      {
        event: (event) => {
          if (event.type === "queued") queued?.();
        },
        after: steal ? this.#runsOf(register) : [],
      },
    );
    const request = new LockRequest(register, owner, run.number, { mode, permits, label }, wall);
    this.#requests.set(request, run);
    try {
      const outcome = await run.operation.promise;
      switch (outcome.type) {
        case "granted":
          return this.#hold(request, outcome);
        case "refused":
          this.#requests.delete(request);
          return null;
        case "queueFull":
          throw queueFull();
        case "stolen":
          throw this.#isOver(request) ? sessionOver() : stolen();
        case "lost":
          throw sessionOver();
        default:
          throw unexpected("lock", outcome);
      }
    } catch (error) {
      // The request may be in the queue, or get there later, so it has to be withdrawn.
      if (run.wasSent) void this.#release(request, run, true);
      this.#requests.delete(request);
      throw error;
    }
  }

  /** See {@linkcode LockRequests.release}. */
  async release(request: LockRequest): Promise<void> {
    const run = this.#requests.get(request);
    this.#requests.delete(request);
    request.end(undefined);
    if (run !== undefined) await this.#release(request, run, run.isSpread);
  }

  /** See {@linkcode LockRequests.current}. */
  async current(
    register: RegisterId,
    limits: Limits,
  ): Promise<{ holders: HeldRequest[] }> {
    const outcome = await this.#operations.begin({ type: "holders", register }, limits).operation
      .promise;
    if (outcome.type !== "entries") throw unexpected("holders", outcome);
    return { holders: outcome.entries.map(toStanding) };
  }

  /** See {@linkcode LockRequests.explain}. */
  async explain(register: RegisterId, limits: Limits): Promise<Explanation> {
    const outcome = await this.#operations.begin({ type: "explain", register }, limits).operation
      .promise;
    if (outcome.type !== "explained") throw unexpected("explain", outcome);
    return decodeExplanation(outcome.value);
  }

  /** The holders and the queues of all locks of which `isWanted` returns `true`. */
  async readAll(
    isWanted: (register: RegisterId) => boolean,
    limits: Limits,
  ): Promise<Map<RegisterId, Queues>> {
    const { size } = this.#entering;
    const entered = this.#shell.operation<void>(limits);
    if (size === 0) entered.resolve();
    else Promise.allSettled(this.#entering).then(() => entered.resolve());
    await entered.promise;
    const run = this.#operations.begin({ type: "query" }, limits);
    const outcome = await run.operation.promise;
    if (outcome.type !== "pieces") throw unexpected("query", outcome);
    const all = new Map<RegisterId, Queues>();
    for (const piece of run.pieces) {
      if (piece.type !== "locks") continue;
      for (const { register, holders, queue } of piece.locks) {
        if (kindOf(register) !== REGISTER_KINDS.lock || !isWanted(register)) continue;
        all.set(register, { holders: holders.map(toStanding), queue: queue.map(toStanding) });
      }
    }
    return all;
  }

  /** Ends a session's locks and requests, because the session is over. */
  sessionLost(session: string, error: SynodError): void {
    for (const [request, run] of [...this.#requests]) {
      if (request.owner.pid.session !== session) continue;
      this.#requests.delete(request);
      run.operation.reject(error);
      request.end(error);
    }
  }

  /** Releases all locks that are held; `reason` goes to their owners. */
  async close(reason: SynodError): Promise<void> {
    const held = [...this.#requests].filter(([request]) => request.holds);
    await Promise.all(held.map(([request, run]) => {
      this.#requests.delete(request);
      request.end(reason);
      return this.#release(request, run, run.isSpread);
    }));
  }

  #hold(
    request: LockRequest,
    { token, counter, life }: { token: number; counter: number; life: string },
  ): LockRequest {
    const { session, runtime } = this.#shell;
    request.token = token;
    request.seen = { counter, life };
    if (request.owner.ended || !session.isValid(request.owner.pid.session)) throw sessionOver();
    request.holds = true;
    const aborter = new AbortController();
    const cancel = runtime.setTimer(() => this.#guard(request, aborter.signal), LONG_HELD);
    request.onOver(() => {
      cancel();
      aborter.abort();
    });
    return request;
  }

  /** Notes that a request waits for the session. */
  async #enters(turn: Promise<string>): Promise<string> {
    this.#entering.add(turn);
    return await turn.finally(() => this.#entering.delete(turn));
  }

  /** Whether the session of `request` is over, which a gateway may show before a timer does. */
  #isOver({ owner }: LockRequest): boolean {
    const { session } = this.#shell;
    session.check();
    return !session.isPossible(owner.pid.session);
  }

  /** Waits for a theft, until the lock is released. */
  #guard(request: LockRequest, signal: AbortSignal): void {
    const { register, number, owner, seen } = request;
    if (signal.aborted || seen === undefined) return;
    const { sessionNumber: session } = owner as GuestOwner;
    const guard = { type: "guard", register, session, request: number, ...seen } as const;
    this.#operations.begin(guard, { deadline: Infinity, signal }).operation.promise.then(
      ({ type }) => {
        const run = this.#requests.get(request);
        if (type !== "stolen" || run === undefined || this.#isOver(request)) return;
        this.#requests.delete(request);
        request.end(stolen());
        // An earlier write of this request may still be adopted.
        void this.#release(request, run, true);
      },
      // Without a guard the theft shows in the token: the resource refuses the older one.
      () => {},
    );
  }

  /** Tries until it succeeds, or until the session is over, which frees the lock too. */
  async #release(request: LockRequest, run: Run, isUnsure: boolean): Promise<void> {
    const { register, owner, number } = request;
    const { sessionNumber: session } = owner as GuestOwner;
    let unsure = isUnsure;
    // The gateway that was granted the lock has kept the promise of the ballot after that, which serves this.
    const since = unsure ? undefined : request.seen?.counter;
    while (this.#shell.session.isPossible(owner.pid.session)) {
      const release = this.#operations.begin(
        { type: "unlock", register, session, request: number, unsure },
        this.#shell.releaseLimits(),
        { undoes: [run], since },
      );
      const forget = this.#note(register, release);
      try {
        await release.operation.promise;
        return;
      } catch {
        if (this.#shell.operations.isClosed || this.#shell.fatal !== undefined) return;
        unsure = true;
        await this.#shell.pause(RETRY_WAIT);
      } finally {
        forget();
      }
    }
  }

  #note(register: RegisterId, release: Run): () => void {
    let releases = this.#releases.get(register);
    if (releases === undefined) this.#releases.set(register, releases = new Set());
    releases.add(release);
    return () => {
      releases.delete(release);
      if (releases.size === 0 && this.#releases.get(register) === releases) {
        this.#releases.delete(register);
      }
    };
  }

  /** What another gateway may still do with this lock in the name of the guest. */
  #runsOf(register: RegisterId): Run[] {
    const runs = [...this.#releases.get(register) ?? []];
    for (const [request, run] of this.#requests) if (request.register === register) runs.push(run);
    return runs;
  }
}

function sessionOver(): SynodError {
  return new SynodError("session_lost", "The session was lost before the lock was granted");
}

function toStanding(
  { session, seq, mode, permits, token, since, label }: GuestLockEntry,
): HeldRequest {
  const pid = toOwner(session, seq);
  return { pid, mode, ...permitted(permits), token, since, ...labeled(label) };
}
