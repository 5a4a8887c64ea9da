import { Cell } from "../cells/cell.ts";
import type { CellOptions } from "../cells/options.ts";
import type { CellStore } from "../cells/store.ts";
import type { Key } from "../codec/key.ts";
import { type Result, SynodError } from "../errors.ts";
import { PaxosKV } from "../kv/paxos_kv.ts";
import type { KvStore } from "../kv/store.ts";
import type { Explanation } from "../locks/explanation.ts";
import { LockManager, type LockManagerParts } from "../locks/lock_manager.ts";
import type { Lock } from "../locks/lock.ts";
import type { LockHolder, Locks } from "../locks/locks.ts";
import type { LockOptions } from "../locks/options.ts";
import { ProcessLocks } from "../locks/process_locks.ts";
import type { NodeShell } from "../node/shell.ts";
import type { Owners } from "../owners/owner.ts";
import type { Pid } from "../paxos/register.ts";
import { checkSpawnOptions, Process, type SpawnOptions } from "../processes/process.ts";
import type { CallOptions } from "../singletons/call_options.ts";
import type { SingletonCalls } from "../singletons/singleton_calls.ts";
import {
  type MethodArguments,
  type MethodName,
  type MethodOf,
  type Remote,
  targetOf,
} from "../singletons/remote.ts";
import type { AnySpec, ChildSpec } from "../singletons/spec.ts";
import { EventfulNode, type ProcessEvents } from "./events.ts";

/** What a node offers its users, whether it takes part in the protocol or is a guest. */
export interface NodeFeatures {
  readonly shell: NodeShell;
  readonly store: KvStore;
  readonly cells: CellStore;
  readonly owners: Owners;
  readonly locks: Locks;
  /** See {@linkcode LockManagerParts}. */
  readonly readAll: LockManagerParts["readAll"];
  readonly calls: SingletonCalls;
  /** The processes that live in this node. */
  readonly processes: Set<Process<unknown>>;
  /** Aborts when the node closes. */
  readonly closing: AbortSignal;
  /** Waits for `promise`, but no longer than the node's time limit for releases. */
  readonly within: <T>(promise: Promise<T>) => Promise<T | void>;
}

/** The features of a node: keys, cells, processes, locks and singletons of its cluster. */
export abstract class FeaturedNode<Events extends ProcessEvents> extends EventfulNode<Events> {
  /** The id of the node. */
  readonly id: string;
  /** Keys that are set once for the whole cluster. */
  readonly kv: PaxosKV;
  /** The Web Locks API for the whole cluster; shares its names with `lock`. */
  readonly locks: LockManager;
  readonly #features: NodeFeatures;

  /** `features` are the parts of the node; `id` is its id. */
  constructor(id: string, features: NodeFeatures) {
    super();
    this.id = id;
    this.#features = features;
    this.kv = this.#kv(undefined);
    this.locks = new LockManager(features);
  }

  /**
   * Starts a process, an owner of values and locks. `fn` is called in a later turn; the process ends when the
   * result of `fn` settles. Without `fn` it lives until `exit` or `await using`.
   */
  spawn<R>(
    fn: (self: Process<unknown>) => R | PromiseLike<R>,
    options?: SpawnOptions,
  ): Process<R>;
  /** A process without a function: it lives until `exit` or `await using`. */
  spawn(fn?: undefined, options?: SpawnOptions): Process<void>;
  spawn<R>(
    fn?: (self: Process<unknown>) => R | PromiseLike<R>,
    options: SpawnOptions = {},
  ): Process<R> {
    this.#features.shell.ensureOpen();
    if (fn !== undefined && typeof fn !== "function") {
      throw new TypeError("spawn: fn must be a function");
    }
    checkSpawnOptions(options);
    // A new process must not get a session whose deadline has just passed.
    this.#features.shell.session.check();
    // A listener of the session's end may have closed the node.
    this.#features.shell.ensureOpen();
    const process = new Process<R>(
      {
        table: this.#features.owners,
        check: () => this.#features.shell.session.check(),
        kvFor: (signal) => this.#kv(signal),
        locksFor: (owner) => new ProcessLocks(this.#features.locks, owner, options.label),
        ended: (process) => this.#features.processes.delete(process),
        failed: (process, error) => this.emit("processerror", { pid: process.pid, error }),
        within: (promise) => this.#features.within(promise),
      },
      fn,
      options,
    );
    this.#features.processes.add(process as Process<unknown>);
    // The deadline may have passed during the construction; then nothing else ends the process.
    if (!process.signal.aborted && !this.#features.shell.session.isPossible(process.pid.session)) {
      void process.exit(new SynodError("session_lost", `Node ${this.id} lost its session`));
    }
    if (process.signal.aborted) this.#features.processes.delete(process as Process<unknown>);
    return process;
  }

  /**
   * Waits for the lock on `key`: first come, first served, one owner in the whole cluster (or several shared
   * owners). Of calls on different nodes within a few round trips of each other, either may come first. Without
   * `timeout` it waits without a limit, also for a quorum.
   *
   * Rejects with the reason of `signal`, with a `TimeoutError` after `timeout`, with a `TypeError` for a bad
   * key or option, and with a `SynodError`: `queue_full` (4,096 requests wait already), `no_quorum`
   * (`ifAvailable` only), `closed`.
   */
  lock(key: Key, options: LockOptions & { ifAvailable: true }): Promise<Lock | null>;
  /** Without `ifAvailable` the result is never `null`. */
  lock(key: Key, options?: LockOptions & { ifAvailable?: false }): Promise<Lock>;
  /** With options that are not known at compile time the result may be `null`. */
  lock(key: Key, options?: LockOptions): Promise<Lock | null>;
  lock(key: Key, options: LockOptions = {}): Promise<Lock | null> {
    return this.#features.locks.lock(key, options);
  }

  /**
   * A value of the cluster that changes, under this name: see {@linkcode Cell}. Sends nothing yet. Throws a
   * `TypeError` for a name that cannot be encoded, and for a bad option.
   */
  cell<T = unknown>(name: Key, options: CellOptions = {}): Cell<T> {
    const { cells: store, closing } = this.#features;
    store.shell.ensureOpen();
    return new Cell<T>({ store, closing }, name, options);
  }

  /** The present owners of the lock on `key`. */
  holders(key: Key): Promise<Result<LockHolder[], "no_quorum">> {
    return this.#features.locks.holders(key);
  }

  /**
   * Why the lock on `key` is not free: its owners, who waits, what would free it and when at the latest, and whether it
   * is part of a deadlock. Asks, and changes nothing. Without a quorum its `state` is `"unknown"`, and `reason` says
   * which members do not answer. Rejects with a `TypeError` for a bad key, and with a `SynodError` `closed`.
   *
   * ```ts
   * import { type ClusterNode } from "@synod/synod";
   *
   * async function why(node: ClusterNode) {
   *   const { text, deadlock } = await node.explain("orders/42");
   *   console.log(text); // The lock "orders/42" is held by w3, process 17, exclusive, token ...
   *   return deadlock?.cycle.map(({ key }) => key);
   * }
   * ```
   */
  explain(key: Key): Promise<Explanation> {
    return this.#features.locks.explain(key);
  }

  /**
   * A remote for the singleton of `spec` with this key: at most one instance runs in the whole cluster.
   * Starts nothing yet: the first call starts the instance, with `args`, on one of the nodes that can host
   * it.
   */
  name<T extends object, A extends unknown[]>(
    key: Key,
    spec: ChildSpec<T, A>,
    ...args: A
  ): Remote<T> {
    return this.#features.calls.name(key, spec as AnySpec, args, () => []) as Remote<T>;
  }

  /**
   * The process of a singleton's instance; starts the instance if it does not run. Throws a `SynodError`
   * `no_host` if no node can run it, and the error of its start.
   */
  whereis(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#features.calls.where(targetOf(remote, "whereis"), true);
  }

  /** The process of a singleton's instance; `not_found` if it does not run. */
  lookup(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#features.calls.where(targetOf(remote, "lookup"), false);
  }

  /**
   * Calls a method of a singleton, with limits. A call is executed at most once. Rejects with the error of
   * the method (with its `name`, `message`, `code` and `cause`), with a `TimeoutError` (after `timeout`, or
   * else the node's `callTimeout`), with the reason of `signal`, and with a `SynodError`: `outcome_unknown`
   * (the host vanished during the call), `no_host`, `queue_full`, `no_quorum`. A method that calls others may
   * throw a `SynodError` of its own, with any of these codes.
   */
  call<R extends object, M extends MethodName<R>>(
    remote: R,
    method: M,
    ...rest: MethodArguments<R, M, [options?: CallOptions]>
  ): ReturnType<MethodOf<R, M>>;
  async call(
    remote: object,
    method: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Promise<unknown> {
    const { calls } = this.#features;
    return await calls.call(targetOf(remote, "call"), method, args, options, []);
  }

  /** Sends a call of a singleton's method once without waiting for an answer; it may be lost. */
  cast<R extends object, M extends MethodName<R>>(
    remote: R,
    method: M,
    ...rest: MethodArguments<R, M>
  ): void;
  cast(remote: object, method: string, args: readonly unknown[] = []): void {
    this.#features.calls.cast(targetOf(remote, "cast"), method, args);
  }

  #kv(signal: AbortSignal | undefined): PaxosKV {
    const { store, closing } = this.#features;
    return new PaxosKV({ store, closing, signal });
  }
}
