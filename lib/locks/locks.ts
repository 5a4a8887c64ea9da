import type { Key } from "../codec/key.ts";
import { type Limits, type NodeShell, noQuorumResult } from "../node/shell.ts";
import { registerId } from "../codec/register_id.ts";
import { type Result, SynodError } from "../errors.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import { type Pid, REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import type { Owner, Owners } from "../owners/owner.ts";
import type { Explanation } from "./explanation.ts";
import { unknownLock } from "./explanation_value.ts";
import { Lock, type LockParts } from "./lock.ts";
import type { LockRequests } from "./lock_requests.ts";
import {
  labeled,
  type LockOptions,
  type LockSettings,
  lockSettings,
  permitted,
} from "./options.ts";
import type { LockRequest } from "./lock_request.ts";

/** One owner of a lock. */
export interface LockHolder {
  /** The owner. */
  pid: Pid;
  /** `"exclusive"` or `"shared"`. */
  mode: LockMode;
  /** Its permits; absent: it is not counted. The mode is `"shared"` with them. */
  permits?: number;
  /** The fencing token. */
  token: number;
  /** The beginning of its label, at most 64 bytes of UTF-8; absent: it has none. */
  label?: string;
}

/** Requests locks for a node or for its processes. */
export class Locks implements LockParts {
  readonly #shell: NodeShell;
  readonly #owners: Owners;
  readonly #requests: LockRequests;

  /** Requests locks for a node; their owners are in `owners`, and their requests go to `requests`. */
  constructor(shell: NodeShell, owners: Owners, requests: LockRequests) {
    this.#shell = shell;
    this.#owners = owners;
    this.#requests = requests;
  }

  /** The register of the lock on `key`; throws a `TypeError` for a bad key. */
  registerOf(key: Key): RegisterId {
    this.#shell.ensureOpen();
    return registerId(REGISTER_KINDS.lock, undefined, key);
  }

  /** Requests a lock with an owner of its own, so two such locks on one key exclude each other. */
  async lock(key: Key, options: LockOptions): Promise<Lock | null> {
    return await this.request(key, lockSettings(options));
  }

  /** The same with options that are checked; calls `queued` when the request is known to be in the queue. */
  async request(
    key: Key,
    settings: LockSettings,
    queued?: () => void,
  ): Promise<Lock | null> {
    const register = this.registerOf(key);
    const { signal } = settings;
    signal?.throwIfAborted();
    const limits = this.limits(settings);
    for (;;) {
      const owner = this.#owners.add();
      try {
        const request = await this.acquireFor(owner, register, settings, limits, queued);
        if (request !== null && signal?.aborted) {
          // The caller has gone in the turn in which the lock was granted.
          void this.release(request);
          throw signal.reason;
        }
        if (request !== null) return this.#handle(key, request);
        this.#owners.end(owner);
        return null;
      } catch (error) {
        this.#owners.end(owner);
        if (this.#waitsOn(error, settings)) continue;
        // A node that closes may have lost its session in the same turn.
        if (!signal?.aborted) this.#shell.ensureOpen();
        throw error;
      }
    }
  }

  /**
   * Acquires the lock for `owner` within `limits`, and within the time limit of the node if it is wanted only if it is
   * available.
   */
  acquireFor(
    owner: Owner,
    register: RegisterId,
    { mode, permits, ifAvailable, steal, label }: LockSettings,
    limits: Limits,
    queued?: () => void,
  ): Promise<LockRequest | null> {
    const bounds = ifAvailable && limits.deadline === Infinity
      ? { ...limits, ...this.#shell.limits(undefined, limits.signal) }
      : limits;
    const wanted = { ...bounds, mode, permits, ifAvailable, steal, label, queued };
    return this.#requests.acquire(register, owner, wanted);
  }

  /** The limits of a call that begins now; without `timeout` there is no deadline. */
  limits({ signal, timeout }: LockSettings, owner?: AbortSignal): Limits {
    if (timeout === undefined) return { signal, owner, deadline: Infinity };
    const late = () => tooLate(this.#shell.silence);
    return { signal, owner, deadline: this.#shell.runtime.now() + timeout, late };
  }

  /** Waits for `acquiring`, a request that calls with limits of their own share, within the limits of one of them. */
  async withinLimits(
    acquiring: Promise<LockRequest | null>,
    limits: Limits,
  ): Promise<LockRequest | null> {
    if (limits.signal === undefined && limits.deadline === Infinity) {
      // The end of the process ends the request, with the first error that it meets.
      return await acquiring.catch((error) => {
        limits.owner?.throwIfAborted();
        throw error;
      });
    }
    const operation = this.#shell.operation<LockRequest | null>(limits);
    acquiring.then(
      (request) => operation.resolve(request),
      (error) => operation.reject(error),
    );
    return await operation.promise;
  }

  /** Whether the lock of `request` is owned at this instant. */
  isValid(request: LockRequest): boolean {
    return this.#shell.session.isValid(request.owner.pid.session);
  }

  /** Ends what depends on the session, if its deadline has passed. */
  checkSession(): void {
    this.#shell.session.check();
  }

  /** Releases a lock. */
  release(request: LockRequest): Promise<void> {
    return this.#requests.release(request);
  }

  /** The present owners of the lock on `key`. */
  async holders(key: Key): Promise<Result<LockHolder[], "no_quorum">> {
    const register = this.registerOf(key);
    try {
      const { holders } = await this.#requests.current(register, this.#shell.limits());
      const value = holders.map(({ pid, mode, permits, token, label }) => ({
        ...{ pid: { ...pid }, mode, token },
        ...permitted(permits),
        ...labeled(label),
      }));
      return { ok: true, value };
    } catch (error) {
      return noQuorumResult(error);
    }
  }

  /** Why the lock on `key` is not free. */
  async explain(key: Key): Promise<Explanation> {
    const register = this.registerOf(key);
    try {
      return await this.#requests.explain(register, this.#shell.limits());
    } catch (error) {
      // What makes every operation fail is the reason, too.
      if (!(error instanceof SynodError) || error.code === "closed") throw error;
      return unknownLock(key, this.#shell.runtime.wallNow(), error.message);
    }
  }

  #handle(key: Key, request: LockRequest): Lock {
    request.onOver(() => this.#owners.end(request.owner));
    return new Lock(key, request, this);
  }

  /**
   * Whether a request with time left goes on after `error`, because a quorum may come back. Where every operation fails,
   * it ends with the error of that.
   */
  #waitsOn(error: unknown, { ifAvailable, signal }: LockSettings): boolean {
    if (ifAvailable || signal?.aborted || this.#shell.closed !== undefined) return false;
    return error instanceof SynodError &&
      (error.code === "session_lost" || error.code === "no_quorum");
  }
}

/** The error of a request that was not granted within its `timeout`; `silence` says which nodes do not answer. */
function tooLate(silence: string): DOMException {
  const why = silence === "" ? "" : `: ${silence}`;
  return new DOMException(`The lock was not granted in time${why}`, "TimeoutError");
}
