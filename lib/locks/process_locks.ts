import type { Key } from "../codec/key.ts";
import type { Limits } from "../node/shell.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Owner } from "../owners/owner.ts";
import { Lock } from "./lock.ts";
import type { Locks } from "./locks.ts";
import { labeled, type LockOptions, type LockSettings, lockSettings } from "./options.ts";
import type { LockRequest } from "./lock_request.ts";

/** The reason with which a request ends when another request of the same process replaces it. */
const REPLACED = new Error("Another call of this process took the lock");

/** One lock of the process, shared by all its calls. */
interface ProcessLock {
  readonly mode: LockMode;
  /** Whether it is counted. */
  readonly isCounted: boolean;
  readonly request: Promise<LockRequest | null>;
  readonly aborter: AbortController;
  /** Whether other calls cannot wait for it as well, because it may end without a lock. */
  readonly mayFail: boolean;
  /** The number of handles, and of calls that wait for one. */
  users: number;
  held: LockRequest | undefined;
}

/**
 * The locks of one process. Reentrant: a process that requests a lock that it holds gets another handle at
 * once, and the lock is free when all handles are released.
 */
export class ProcessLocks {
  readonly #locks: Locks;
  readonly #owner: Owner;
  readonly #label: string | undefined;
  readonly #shared = new Map<RegisterId, ProcessLock>();
  readonly #releasing = new Set<Promise<void>>();

  /** Starts without locks; `owner` stands for the process, and `label` is that of locks that have none. */
  constructor(locks: Locks, owner: Owner, label?: string) {
    this.#locks = locks;
    this.#owner = owner;
    this.#label = label;
  }

  /** A handle for the lock on `key`; `null` if it was requested with `ifAvailable` and is not available. */
  async lock(key: Key, options: LockOptions, ended: AbortSignal): Promise<Lock | null> {
    const settings = { ...labeled(this.#label), ...lockSettings(options) };
    return await this.#lock(key, settings, ended, this.#locks.limits(settings, ended));
  }

  async #lock(
    key: Key,
    settings: LockSettings,
    ended: AbortSignal,
    limits: Limits,
  ): Promise<Lock | null> {
    const register = this.#locks.registerOf(key);
    ended.throwIfAborted();
    settings.signal?.throwIfAborted();
    const { mode, ifAvailable, steal } = settings;
    let shared = this.#shared.get(register);
    while (shared?.mayFail && shared.held === undefined) {
      await this.#locks.withinLimits(shared.request.then(() => null, () => null), limits);
      shared = this.#shared.get(register);
    }
    const isCounted = settings.permits !== undefined;
    if (shared !== undefined && shared.isCounted !== isCounted) {
      const [has, wanted] = isCounted ? ["without", "with"] : ["with", "without"];
      throw new TypeError(
        `lock: this process has asked for it ${has} permits and cannot have it ${wanted} them as well`,
      );
    }
    const isTooLittle = shared?.mode === "shared" && mode === "exclusive";
    if (shared !== undefined && shared.held === undefined) {
      if (ifAvailable) return null;
      if (steal || isTooLittle) {
        // One request for the whole process: two would wait for each other. The calls that wait share the
        // result of the new one.
        this.#shared.delete(register);
        shared.aborter.abort(REPLACED);
        shared = undefined;
      }
    } else if (isTooLittle) {
      throw new TypeError(
        "lock: this process holds it shared and cannot hold it exclusive as well",
      );
    }
    shared ??= this.#begin(register, settings);
    shared.users++;
    try {
      const request = await this.#locks.withinLimits(shared.request, limits);
      // A grant that arrives after the request was withdrawn is released.
      shared.aborter.signal.throwIfAborted();
      if (request !== null) return this.#handle(key, register, shared, request);
    } catch (error) {
      await this.#leave(register, shared, error);
      if (error === REPLACED) return await this.#lock(key, settings, ended, limits);
      throw error;
    }
    await this.#leave(register, shared, undefined);
    return null;
  }

  /** Releases all locks because the process ends; resolves when they are free. */
  async close(reason: unknown): Promise<void> {
    for (const [register, shared] of this.#shared) {
      this.#shared.delete(register);
      shared.aborter.abort(reason);
      if (shared.held === undefined) continue;
      shared.held.end(reason);
      this.#release(shared.held);
    }
    await Promise.all(this.#releasing);
  }

  #begin(register: RegisterId, settings: LockSettings): ProcessLock {
    const { mode, ifAvailable, steal, timeout } = settings;
    const aborter = new AbortController();
    // The first call does not decide how long others wait: each call has its own limits.
    const own = { ...settings, signal: aborter.signal, timeout: ifAvailable ? timeout : undefined };
    const limits = this.#locks.limits(own);
    const request = this.#locks.acquireFor(this.#owner, register, own, limits);
    const mayFail = ifAvailable || steal;
    const isCounted = settings.permits !== undefined;
    const shared: ProcessLock = {
      ...{ mode, isCounted, request, aborter, mayFail },
      users: 0,
      held: undefined,
    };
    this.#shared.set(register, shared);
    const forget = () => {
      if (this.#shared.get(register) === shared) this.#shared.delete(register);
    };
    request.then((held) => {
      if (held === null) return forget();
      shared.held = held;
      held.onOver(forget);
      // The last waiting call may have left in the same turn in which the lock was granted.
      if (shared.users === 0 || aborter.signal.aborted) this.#release(held);
    }, forget);
    return shared;
  }

  #handle(key: Key, register: RegisterId, shared: ProcessLock, request: LockRequest): Lock {
    return new Lock(key, request, {
      isValid: (request) => this.#locks.isValid(request),
      checkSession: () => this.#locks.checkSession(),
      release: () => this.#leave(register, shared, undefined),
    });
  }

  /** Removes one user; the last one releases the lock. */
  async #leave(register: RegisterId, shared: ProcessLock, reason: unknown): Promise<void> {
    if (--shared.users > 0) return;
    if (this.#shared.get(register) === shared) this.#shared.delete(register);
    if (shared.held === undefined) {
      shared.aborter.abort(reason);
      return;
    }
    await this.#release(shared.held);
  }

  #release(request: LockRequest): Promise<void> {
    const released = this.#locks.release(request);
    this.#releasing.add(released);
    return released.finally(() => this.#releasing.delete(released));
  }
}
