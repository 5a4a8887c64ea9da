import type { Key } from "../codec.ts";
import { type Result, SynodError } from "../errors.ts";
import { PaxosKV } from "../kv/paxos_kv.ts";
import { LockManager } from "../locks/lock_manager.ts";
import type { Lock } from "../locks/lock.ts";
import type { LockHolder } from "../locks/locks.ts";
import type { LockOptions } from "../locks/options.ts";
import { ProcessLocks } from "../locks/process_locks.ts";
import { readLocks } from "../locks/snapshot.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import type { Pid } from "../paxos/register.ts";
import { checkSpawnOptions, Process, type SpawnOptions } from "../processes/process.ts";
import type { CallOptions } from "../singletons/call_options.ts";
import { type Remote, targetOf } from "../singletons/remote.ts";
import type { AnySpec, ChildSpec } from "../singletons/spec.ts";
import { type ClusterEvents, EventfulNode } from "./events.ts";
import { showAs } from "../node/runtime/inspect.ts";
import { show } from "../show.ts";
import type { Runtime } from "../node/runtime/runtime.ts";
import type { JoinSettings } from "./join_options.ts";
import { askMembers, type ClusterStatus } from "./status.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { type NodeParts, wireNode } from "./wiring.ts";

/** The parts of a node; internal, for tests that inspect what a member keeps. */
export let partsOf: (node: ClusterNode) => NodeParts;

/**
 * One node of a cluster, in the user's own process. Made by `join`. All nodes are alike: there is no leader,
 * and any majority of the members can go on.
 */
export class ClusterNode extends EventfulNode<ClusterEvents> {
  /** The id that the node joined with. */
  readonly id: string;
  /** The ids of the nodes that vote. */
  readonly members: readonly string[];
  /** Keys that are set once for the whole cluster. */
  readonly kv: PaxosKV;
  /** The Web Locks API for the whole cluster; shares its names with `lock`. */
  readonly locks: LockManager;
  /**
   * Resolves when the node first has a quorum and a session. Rejects with the error that makes this
   * impossible, or if the node closes before. Ignoring it causes no unhandled rejection.
   */
  readonly ready: Promise<void>;
  readonly #parts: NodeParts;
  readonly #lifecycle: Lifecycle;

  static {
    partsOf = (node) => node.#parts;
    showAs(this.prototype, "ClusterNode", (node) => {
      const { core, membership } = node.#parts;
      return {
        id: node.id,
        life: node.life,
        members: node.members,
        state: core.closed !== undefined ? "closed" : membership?.state ?? "client",
        hasQuorum: node.hasQuorum,
        session: node.hasQuorum ? core.session.current : null,
        owned: node.#owned(),
      };
    });
  }

  /** Made by `join`. */
  constructor(settings: JoinSettings, runtime: Runtime) {
    super();
    this.id = settings.id;
    this.members = settings.members;
    const { parts, lifecycle } = wireNode(settings, runtime, {
      emit: (type, detail) => this.emit(type, detail),
      spawn: () => this.spawn(undefined) as Process<unknown>,
    });
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.ready = lifecycle.ready;
    const { core, locks, lockTable: table } = parts;
    this.kv = this.#kv(undefined);
    this.locks = new LockManager({
      shell: core,
      locks,
      readAll: (isWanted, limits) => readLocks(core, table, isWanted, limits),
    });
  }

  /** The unique id of this start of the node. */
  get life(): string {
    return this.#parts.engine.life;
  }

  /** Whether the node's session is valid at this instant. */
  get hasQuorum(): boolean {
    return this.#parts.core.session.isValid();
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
    this.#parts.core.ensureOpen();
    if (fn !== undefined && typeof fn !== "function") {
      throw new TypeError("spawn: fn must be a function");
    }
    checkSpawnOptions(options);
    // A new process must not get a session whose deadline has just passed.
    this.#parts.core.session.check();
    // A listener of the session's end may have closed the node.
    this.#parts.core.ensureOpen();
    const process = new Process<R>(
      {
        table: this.#parts.table,
        check: () => this.#parts.core.session.check(),
        kvFor: (signal) => this.#kv(signal),
        locksFor: (owner) => new ProcessLocks(this.#parts.locks, owner),
        ended: (process) => this.#parts.processes.delete(process),
        failed: (process, error) => this.emit("processerror", { pid: process.pid, error }),
        within: (promise) => this.#lifecycle.within(promise),
      },
      fn,
      options,
    );
    this.#parts.processes.add(process as Process<unknown>);
    // The deadline may have passed during the construction; then nothing else ends the process.
    if (!process.signal.aborted && !this.#parts.core.session.isPossible(process.pid.session)) {
      void process.exit(new SynodError("session_lost", `Node ${this.id} lost its session`));
    }
    if (process.signal.aborted) this.#parts.processes.delete(process as Process<unknown>);
    return process;
  }

  /**
   * Waits for the lock on `key`: first come, first served, one owner in the whole cluster (or several shared
   * owners). Without `timeout` it waits without a limit, also for a quorum.
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
    return this.#parts.locks.lock(key, options);
  }

  /** The present owners of the lock on `key`. */
  holders(key: Key): Promise<Result<LockHolder[], "no_quorum">> {
    return this.#parts.locks.holders(key);
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
    return this.#parts.singletons.calls.name(key, spec as AnySpec, args, () => []) as Remote<T>;
  }

  /**
   * The process of a singleton's instance; starts the instance if it does not run. Throws a `SynodError`
   * `no_host` if no node can run it, and the error of its start.
   */
  whereis(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#parts.singletons.calls.where(targetOf(remote, "whereis"), true);
  }

  /** The process of a singleton's instance; `not_found` if it does not run. */
  lookup(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#parts.singletons.calls.where(targetOf(remote, "lookup"), false);
  }

  /**
   * Calls a method of a singleton, with limits. A call is executed at most once. Rejects with the error of
   * the method (with its `name`, `message`, `code` and `cause`), with a `TimeoutError` (after `timeout`, or
   * else the node's `callTimeout`), with the reason of `signal`, and with a `SynodError`: `outcome_unknown`
   * (the host vanished during the call), `no_host`, `queue_full`, `no_quorum`. A method that calls others may
   * throw a `SynodError` of its own, with any of these codes.
   */
  async call(
    remote: object,
    method: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Promise<unknown> {
    return await this.#parts.singletons.calls.call(
      targetOf(remote, "call"),
      method,
      args,
      options,
      [],
    );
  }

  /** Sends a call of a singleton's method once without waiting for an answer; it may be lost. */
  cast(remote: object, method: string, args: readonly unknown[] = []): void {
    this.#parts.singletons.calls.cast(targetOf(remote, "cast"), method, args);
  }

  /**
   * Reports that the process of another node's `life` runs no more: whatever it owned is free at once, without
   * waiting for the end of its session. The caller must know that: a parent saw its child exit, an orchestrator
   * deleted it. If the process still runs, two owners may believe at the same time that they own something;
   * fencing tokens stay right.
   *
   * `no_quorum`: not enough members have answered within the node's `timeout`; those that did know it. Throws a
   * `TypeError` if `life` is not the life of a node, or is that of this node, and a `SynodError` `closed`.
   *
   * ```ts
   * import { type ClusterNode } from "@synod/synod";
   * import { spawn } from "node:child_process";
   *
   * declare const node: ClusterNode;
   * let life: string | undefined;
   * // The child sends `node.life` after its start, and again at each event `life`.
   * const child = spawn("node", ["child.js"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
   * child.on("message", (message) => life = String(message));
   * child.on("exit", () => {
   *   if (life !== undefined) void node.reportExit(life);
   * });
   * ```
   */
  async reportExit(life: string): Promise<Result<void, "no_quorum">> {
    const { core, proofs } = this.#parts;
    if (typeof life !== "string" || !LIFE_PATTERN.test(life)) {
      throw new TypeError(`reportExit: life must be the life of a node, got ${show(life)}`);
    }
    if (life === this.life) {
      throw new TypeError("reportExit: life is that of this node itself, which still runs");
    }
    core.ensureOpen();
    try {
      await proofs.give(life, core.limits());
      return { ok: true, value: undefined };
    } catch (error) {
      if (error instanceof SynodError && error.code === "no_quorum") {
        return { ok: false, error: "no_quorum" };
      }
      throw error;
    }
  }

  /**
   * The state of the node and its cluster; also works without a quorum. Takes at most half a second, or two
   * round trips where these are longer.
   */
  async status(): Promise<ClusterStatus> {
    const { session, pacing } = this.#parts.core;
    const own = this.#parts.membership?.state ?? null;
    const members = this.#parts.core.closed === undefined
      ? await askMembers(this.#parts.engine, own, pacing.roundTrip)
      : [];
    const hasQuorum = this.hasQuorum;
    const missing = members.filter(({ state }) =>
      this.#parts.engine.record === null ? state === "unknown" : state !== "operational"
    );
    return {
      id: this.id,
      life: this.life,
      hasQuorum,
      members,
      waitingFor: hasQuorum ? [] : missing.map(({ id }) => id),
      session: hasQuorum ? { id: session.current, remaining: session.remaining } : null,
      entries: this.#parts.engine.voter?.acceptor.size ?? 0,
      bytes: this.#parts.engine.voter?.acceptor.bytes ?? 0,
      owned: this.#owned(),
      frames: {
        ...this.#parts.engine.frames,
        dropped: this.#parts.engine.frames.dropped + this.#parts.links.lost,
      },
    };
  }

  /**
   * Leaves the cluster: ends every process, releases all that the node owns (for at most its `timeout`), ends
   * its session and closes its transports. Never rejects; may be called again. Does not wait for users'
   * functions.
   */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  /** As {@linkcode close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Opens the transports and begins to look for the other nodes; called by `join`. */
  open(): Promise<void> {
    return this.#lifecycle.open();
  }

  #owned(): ClusterStatus["owned"] {
    return {
      processes: this.#parts.processes.size,
      locks: this.#parts.lockTable.held,
      singletons: this.#parts.singletons.size,
    };
  }

  #kv(signal: AbortSignal | undefined): PaxosKV {
    const { store } = this.#parts;
    return new PaxosKV({ store, closing: this.#lifecycle.closing, signal });
  }
}
