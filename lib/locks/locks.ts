import { type Key, registerId } from "../codec.ts";
import { type Result, SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import { noQuorumResult } from "../node/engine/operations.ts";
import { lateness, type Limits } from "../node/runtime/operation.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import type { Owner, ProcessTable } from "../owners/process_table.ts";
import { Lock } from "./lock.ts";
import type { LockTable } from "./lock_table.ts";
import { checkLockOptions, type LockOptions } from "./options.ts";
import type { Ticket } from "./ticket.ts";

/** One owner of a lock. */
export interface LockHolder {
  /** The owner. */
  pid: Pid;
  /** How it is shared. */
  mode: LockMode;
  /** The fencing token. */
  token: number;
}

/** Asks for locks in the name of a node or of its processes. */
export class Locks {
  readonly #core: Core;
  readonly #processes: ProcessTable;
  readonly #table: LockTable;

  /** Asks with `core`; the owners are in `processes`, and what they hold in `table`. */
  constructor(core: Core, processes: ProcessTable, table: LockTable) {
    this.#core = core;
    this.#processes = processes;
    this.#table = table;
  }

  /** The register of the lock on `key`; throws `TypeError` for a bad key or option. */
  check(key: Key, options: LockOptions): RegisterId {
    checkLockOptions(options);
    this.#core.ensureOpen();
    return registerId("l", undefined, key);
  }

  /**
   * A lock with an owner of its own, so two of them on one key exclude each other. Calls `queued` when the
   * request is known to wait for its turn.
   */
  async lock(key: Key, options: LockOptions, queued?: () => void): Promise<Lock | null> {
    const register = this.check(key, options);
    options.signal?.throwIfAborted();
    const limits = this.limits(options);
    for (;;) {
      const owner = this.#processes.add();
      try {
        const acquiring = this.acquireFor(owner, register, options, queued);
        const ticket = await this.patiently(acquiring, limits).catch((error) => {
          // Granted to nobody who is still there.
          acquiring.then((ticket) => ticket && this.release(ticket), () => {});
          throw error;
        });
        if (ticket !== null) return this.#handle(key, ticket);
        this.#processes.end(owner);
        return null;
      } catch (error) {
        this.#processes.end(owner);
        if (!this.#waitsOn(error, options)) throw error;
        const end = lateness(limits, this.#core.engine.runtime.now());
        if (end !== undefined) throw end;
      }
    }
  }

  /** Acquires the lock for `owner`, without a limit unless it is wanted `ifAvailable` only. */
  acquireFor(
    owner: Owner,
    register: RegisterId,
    options: LockOptions,
    queued?: () => void,
  ): Promise<Ticket | null> {
    const { mode = "exclusive", ifAvailable = false, steal = false, signal, timeout } = options;
    const limits = ifAvailable && timeout === undefined
      ? this.#core.limits(undefined, signal)
      : this.limits(options);
    return this.#table.acquire(register, owner, { ...limits, mode, ifAvailable, steal, queued });
  }

  /** The limits of a call that begins now: none unless it says so. */
  limits({ signal, timeout }: LockOptions, owner?: AbortSignal): Limits {
    if (timeout === undefined) return { signal, owner, deadline: Infinity };
    return { signal, owner, deadline: this.#core.engine.runtime.now() + timeout, late };
  }

  /** What `acquiring` gives, within the caller's own limits. */
  async patiently(
    acquiring: Promise<Ticket | null>,
    limits: Limits,
  ): Promise<Ticket | null> {
    const operation = this.#core.engine.operation<Ticket | null>(limits);
    acquiring.then(
      (ticket) => operation.resolve(ticket),
      (error) => operation.reject(error),
    );
    return await operation.promise;
  }

  /** Whether the lock of `ticket` is owned at this instant. */
  isValid(ticket: Ticket): boolean {
    return this.#core.session.isValid(ticket.owner.pid.session);
  }

  /** Ends what depended on the session, if its deadline has passed by now. */
  checkSession(): void {
    this.#core.session.check();
  }

  /** Gives a lock back. */
  release(ticket: Ticket): Promise<void> {
    return this.#table.release(ticket);
  }

  /** Who owns the lock on `key` now. */
  async holders(key: Key): Promise<Result<LockHolder[], "no_quorum">> {
    const register = this.check(key, {});
    try {
      const { holders } = await this.#table.current(register, this.#core.limits());
      const value = holders.map(({ pid, mode, token }) => ({ pid: { ...pid }, mode, token }));
      return { ok: true, value };
    } catch (error) {
      return noQuorumResult(error);
    }
  }

  #handle(key: Key, ticket: Ticket): Lock {
    ticket.onOver(() => this.#processes.end(ticket.owner));
    return new Lock(key, {
      ticket,
      isValid: () => this.isValid(ticket),
      check: () => this.checkSession(),
      release: () => this.release(ticket),
    });
  }

  /** Whether a request that has time left goes on after `error`: there may be a quorum again. */
  #waitsOn(error: unknown, { ifAvailable, signal }: LockOptions): boolean {
    if (ifAvailable || signal?.aborted) return false;
    if (this.#core.closed !== undefined || this.#core.engine.hopeless !== undefined) return false;
    return error instanceof SynodError &&
      (error.code === "session_lost" || error.code === "no_quorum");
  }
}

/** The error of who gave a `timeout`, and had no lock by then. */
function late(): DOMException {
  return new DOMException("The lock was not granted in time", "TimeoutError");
}
