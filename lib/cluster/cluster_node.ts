import type { Key } from "../codec.ts";
import { type Result, SynodError } from "../errors.ts";
import { PaxosKV } from "../kv/paxos_kv.ts";
import { Puts } from "../kv/puts.ts";
import { LockManager } from "../locks/lock_manager.ts";
import type { Lock } from "../locks/lock.ts";
import { LockTable } from "../locks/lock_table.ts";
import { type LockHolder, Locks } from "../locks/locks.ts";
import type { LockOptions } from "../locks/options.ts";
import { ProcessLocks } from "../locks/process_locks.ts";
import { makeLife } from "../paxos/ballot.ts";
import type { GenesisRecord } from "../paxos/messages.ts";
import type { Pid } from "../paxos/register.ts";
import { Process, type SpawnOptions } from "../processes/process.ts";
import { type CallOptions, Singletons, targetOf } from "../singletons/singletons.ts";
import type { Remote } from "../singletons/remote.ts";
import type { ChildSpec } from "../singletons/spec.ts";
import { ProcessTable } from "../owners/process_table.ts";
import { Core } from "../node/core.ts";
import { Engine } from "../node/engine/engine.ts";
import { type ClusterEvents, EventfulNode } from "./events.ts";
import { Links } from "../node/wire/links.ts";
import { Liveness } from "../node/quorum/liveness.ts";
import { Inquiries } from "../node/membership/record_queries.ts";
import { Membership, type MembershipEvents } from "../node/membership/membership.ts";
import { Pacing } from "../node/runtime/pacing.ts";
import { Proposals } from "../node/quorum/proposals.ts";
import { Questions } from "../node/quorum/queries.ts";
import { Reads } from "../node/quorum/reads.ts";
import type { Runtime } from "../node/runtime/runtime.ts";
import { SettledValues } from "../node/quorum/settled_values.ts";
import { SessionKeeper } from "../node/membership/session_keeper.ts";
import type { JoinSettings } from "./join_options.ts";
import { askMembers, type ClusterStatus } from "./status.ts";
import { Sweeper } from "../node/quorum/sweeper.ts";
import { Watches } from "../node/quorum/watches.ts";

/** What the ids of the registers of locks begin with. */
const LOCK = "l";

/** How long `close` waits for releases after the session has ended, in milliseconds. */
const LAST_RELEASES = 100;

/**
 * One node of a cluster, in the user's own process. Made by `join`. All nodes are alike: there is no
 * leader, and any majority of the members can go on.
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
   * Resolves when the node has a quorum and a session for the first time. Rejects with what makes that
   * hopeless, or when the node closes before; ignoring that is no unhandled rejection.
   */
  readonly ready: Promise<void>;
  readonly #settings: JoinSettings;
  readonly #engine: Engine;
  readonly #core: Core;
  readonly #links: Links;
  /** `null` for a client. */
  readonly #membership: Membership | null;
  readonly #inquiries: Inquiries;
  readonly #sweeper: Sweeper;
  readonly #table: ProcessTable;
  readonly #puts: Puts;
  readonly #lockTable: LockTable;
  readonly #locks: Locks;
  readonly #singletons: Singletons;
  readonly #processes = new Set<Process<unknown>>();
  readonly #closing = new AbortController();
  #settleReady!: { resolve(): void; reject(reason: unknown): void };
  #closed: Promise<void> | undefined;
  #warned = false;
  /** The genesis that the node lived under last. */
  #genesis: string | undefined;

  /** Made by `join`. */
  constructor(settings: JoinSettings, runtime: Runtime) {
    super();
    this.id = settings.id;
    this.members = settings.members;
    this.#settings = settings;
    this.ready = new Promise((resolve, reject) => this.#settleReady = { resolve, reject });
    this.ready.catch(() => {});
    const life = makeLife(runtime.wallNow(), () => runtime.random());
    this.#links = new Links(settings.id, settings.transports, runtime);
    const engine = new Engine(settings, runtime, life, this.#links, {
      genesis: (from, header, request) => this.#membership?.answer(from, header, request),
      handover: (_from, request) => this.#puts.handover(request),
      asked: (from, life, body, tell) => this.#singletons.asked(from, life, body, tell),
      otherGenesis: () => this.#inquiries.doubt(),
      notAMember: () => this.#inquiries.doubt(),
      replaced: () => this.#replaced(),
      memberVotes: (id, incarnation) =>
        this.emit("membership", { id, state: "operational", incarnation }),
      otherVersion: (from, version) => this.#otherVersion(from, version),
    });
    this.#engine = engine;
    this.#inquiries = new Inquiries(engine, {
      otherRecord: (record) => this.#otherRecord(record),
      hopeless: (error) => this.#hopeless(error),
    });
    const membershipEvents: MembershipEvents = {
      entered: (again) => this.#entered(again),
      operational: () => this.#core.session.open(),
      gaveUp: () => this.#abandon(),
      recovering: (id) => this.emit("membership", { id, state: "recovering", incarnation: null }),
      hopeless: (error) => this.#hopeless(error),
      replaced: () => this.#replaced(),
    };
    this.#membership = engine.isMember
      ? new Membership(engine, membershipEvents, () => this.hasQuorum)
      : null;
    const pacing = new Pacing(runtime);
    const proposals = new Proposals(engine, pacing);
    const reads = new Reads(engine, pacing, proposals);
    const questions = new Questions(engine, pacing);
    const settled = new SettledValues();
    const liveness = new Liveness({
      runtime,
      reads,
      proposals,
      questions,
      settled,
      hasQuorum: () => this.hasQuorum,
    });
    const session = new SessionKeeper(engine, pacing, {
      granted: () => this.#granted(),
      lost: (lost, wasGranted) => this.#lost(lost, wasGranted),
      // The cluster may have begun anew without this node.
      unanswered: () => this.#inquiries.doubt(),
    });
    const watches = new Watches(
      engine,
      (register) =>
        register[0] === LOCK
          ? this.#lockTable.reread(register)
          : liveness.live(register, this.#core.limits()),
    );
    this.#core = new Core({
      engine,
      pacing,
      reads,
      proposals,
      questions,
      liveness,
      session,
      watches,
      settled,
    });
    this.#sweeper = new Sweeper(engine, proposals, reads);
    this.#table = new ProcessTable(this.#core);
    this.#puts = new Puts(this.#core, this.#table);
    this.#lockTable = new LockTable(this.#core);
    this.#locks = new Locks(this.#core, this.#table, this.#lockTable);
    this.#singletons = new Singletons({
      core: this.#core,
      specs: settings.hosts,
      spawn: () => this.spawn(undefined) as Process<unknown>,
      failed: (error) => this.emit("error", { error: toError(error) }),
    });
    this.kv = this.#kv(undefined);
    this.locks = new LockManager({
      core: this.#core,
      locks: this.#locks,
      table: this.#lockTable,
    });
  }

  /** The id of this start of the node; unique. */
  get life(): string {
    return this.#engine.life;
  }

  /** Whether the node's session is valid at this very instant. */
  get hasQuorum(): boolean {
    return this.#core.session.isValid();
  }

  /**
   * Starts a process: the unit that owns things. `fn` is called in a turn of its own; the process ends
   * when what it returns settles. Without `fn` it lives until `exit` or `await using`.
   */
  spawn<R>(
    fn: (self: Process<unknown>) => R | PromiseLike<R>,
    options?: SpawnOptions,
  ): Process<R>;
  /** A process without a function: it lives until it is told to exit. */
  spawn(fn?: undefined, options?: SpawnOptions): Process<void>;
  spawn<R>(
    fn?: (self: Process<unknown>) => R | PromiseLike<R>,
    options: SpawnOptions = {},
  ): Process<R> {
    this.#core.ensureOpen();
    if (fn !== undefined && typeof fn !== "function") {
      throw new TypeError("spawn: fn must be a function");
    }
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
      throw new TypeError("spawn: signal must be an AbortSignal");
    }
    // Processes of a session whose deadline has just passed must not be joined by a new one.
    this.#core.session.check();
    // A listener that was told of it may have closed the node.
    this.#core.ensureOpen();
    const process = new Process<R>(
      {
        table: this.#table,
        check: () => this.#core.session.check(),
        kvFor: (signal) => this.#kv(signal),
        locksFor: (owner) => new ProcessLocks(this.#locks, owner),
        ended: (process) => this.#processes.delete(process),
        failed: (process, error) => this.emit("processerror", { pid: process.pid, error }),
        within: (promise) => this.#within(promise),
      },
      fn,
      options,
    );
    this.#processes.add(process as Process<unknown>);
    // The deadline may have passed while it was made: then nobody else ends it.
    if (!process.signal.aborted && !this.#core.session.isPossible(process.pid.session)) {
      void process.exit(new SynodError("session_lost", `Node ${this.id} lost its session`));
    }
    if (process.signal.aborted) this.#processes.delete(process as Process<unknown>);
    return process;
  }

  /**
   * Waits for the lock on `key`: first come, first served, one owner in the whole cluster (or several
   * that share it). Without `timeout` it waits as long as it takes, also for a quorum.
   *
   * Rejects with the reason of `signal`, with a `TimeoutError` after `timeout`, with a `TypeError` for a
   * bad key or option, and with a `SynodError`: `queue_full` (4,096 wait already), `no_quorum`
   * (`ifAvailable` only), `closed`.
   */
  lock(key: Key, options: LockOptions & { ifAvailable: true }): Promise<Lock | null>;
  /** Without `ifAvailable` there always is a lock in the end. */
  lock(key: Key, options?: LockOptions & { ifAvailable?: false }): Promise<Lock>;
  /** With options that are not known before the program runs, there may be none. */
  lock(key: Key, options?: LockOptions): Promise<Lock | null>;
  lock(key: Key, options: LockOptions = {}): Promise<Lock | null> {
    return this.#locks.lock(key, options);
  }

  /** Who owns the lock on `key` now. */
  holders(key: Key): Promise<Result<LockHolder[], "no_quorum">> {
    return this.#locks.holders(key);
  }

  /**
   * A singleton: exactly one instance of `spec` for `key` in the whole cluster. Starts nothing yet: the
   * first call does, with `args`, on one of the nodes that can host it.
   */
  name<T extends object, A extends unknown[]>(
    key: Key,
    spec: ChildSpec<T, A>,
    ...args: A
  ): Remote<T> {
    return this.#singletons.name(key, spec, args);
  }

  /**
   * The process of a singleton's instance; starts it if it is not running. Throws `SynodError` `no_host`
   * when no node can run it, and what its start throws.
   */
  whereis(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#singletons.where(targetOf(remote, "whereis"), true);
  }

  /** The process of a singleton's instance; `not_found` when it is not running. */
  lookup(remote: object): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#singletons.where(targetOf(remote, "lookup"), false);
  }

  /**
   * Calls a method of a singleton, with limits. A call is executed at most once. Rejects with what the
   * method throws (by `name` and `message`), with a `TimeoutError`, with the reason of `signal`, and with a
   * `SynodError`: `outcome_unknown` (its host vanished meanwhile), `no_host`, `queue_full`, `no_quorum`.
   */
  async call(
    remote: object,
    method: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Promise<unknown> {
    return await this.#singletons.call(targetOf(remote, "call"), method, args, options);
  }

  /** Calls a method of a singleton, once, and waits for nothing: it may be lost. */
  cast(remote: object, method: string, args: readonly unknown[] = []): void {
    this.#singletons.cast(targetOf(remote, "cast"), method, args);
  }

  /** How the node and its cluster are; also without a quorum. Takes at most half a second. */
  async status(): Promise<ClusterStatus> {
    const { session } = this.#core;
    const members = this.#core.closed === undefined
      ? await askMembers(this.#engine, this.#membership?.state ?? null)
      : [];
    const hasQuorum = this.hasQuorum;
    const missing = members.filter(({ state }) =>
      this.#engine.record === null ? state === "unknown" : state !== "operational"
    );
    return {
      id: this.id,
      life: this.life,
      hasQuorum,
      members,
      waitingFor: hasQuorum ? [] : missing.map(({ id }) => id),
      session: hasQuorum ? { id: session.current, remaining: session.remaining } : null,
      entries: this.#engine.voter?.acceptor.size ?? 0,
      owned: {
        processes: this.#processes.size,
        locks: this.#lockTable.held,
        singletons: this.#singletons.size,
      },
      frames: {
        ...this.#engine.frames,
        dropped: this.#engine.frames.dropped + this.#links.lost,
      },
    };
  }

  /**
   * Leaves the cluster: ends every process, releases all that the node owns (trying for at most its
   * `timeout`), ends its session and closes its transports. Never rejects; twice is harmless. Does not
   * wait for users' functions.
   */
  close(): Promise<void> {
    return this.#close(new SynodError("closed", `Node ${this.id} is closed`));
  }

  /** As {@linkcode close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Opens the transports and begins to look for the others; for `join`. */
  async open(): Promise<void> {
    try {
      await this.#links.open(
        (from, frame) => this.#engine.receive(from, frame),
        (error) => this.emit("error", { error }),
      );
    } catch (error) {
      await this.close();
      throw error;
    }
    const { signal } = this.#settings;
    if (signal?.aborted) {
      await this.close();
      throw signal.reason;
    }
    signal?.addEventListener("abort", () => void this.close(), {
      once: true,
      signal: this.#closing.signal,
    });
    this.#singletons.start();
    if (this.#membership === null) {
      this.#inquiries.start();
    } else {
      this.#membership.start();
      this.#sweeper.start();
    }
  }

  #kv(signal: AbortSignal | undefined): PaxosKV {
    const parts = { core: this.#core, puts: this.#puts, processes: this.#table };
    return new PaxosKV({ ...parts, closing: this.#closing.signal, signal });
  }

  #entered(again: boolean): void {
    const { id } = this.#engine.record!;
    const before = this.#genesis;
    this.#genesis = id;
    if (!again) return;
    this.#abandon();
    this.#core.watches.restart();
    // A member that gave up may hear of the old record once more before all others have given it up.
    if (before !== id) this.emit("restart", { genesis: id });
  }

  /** What was agreed on is lost, and with it all that is under way and all that the node owns. */
  #abandon(): void {
    const { session, settled, proposals } = this.#core;
    session.end();
    settled.clear();
    this.#singletons.restart();
    proposals.restart();
    const message = "A majority of the members lost its memory: what was under way is lost";
    this.#engine.endOperations(new SynodError("no_quorum", message));
  }

  /** A majority lives under another record than this node. */
  #otherRecord(record: GenesisRecord): void {
    if (this.#membership !== null) {
      // It began without this process: another one has its place.
      if (this.#membership.state === "operational") this.#replaced();
      return;
    }
    const again = this.#engine.record !== null;
    this.#engine.enter(record);
    this.#entered(again);
    this.#core.session.open();
  }

  #granted(): void {
    this.#settleReady.resolve();
    this.emit("quorum", undefined);
  }

  #lost(session: string, wasGranted: boolean): void {
    const error = new SynodError("session_lost", `Node ${this.id} lost its session ${session}`);
    for (const process of [...this.#processes]) {
      if (process.pid.session === session) void process.exit(error);
    }
    this.#lockTable.sessionLost(session, error);
    if (!wasGranted || this.#core.closed !== undefined) return;
    // Nobody has to wait for the deadline to pass at the members, too.
    this.#core.questions.end(session, this.#core.limits()).catch(() => {});
    this.emit("sessionlost", { session });
    this.emit("noquorum", undefined);
  }

  #hopeless(error: SynodError): void {
    this.#settleReady.reject(error);
    this.#engine.despair(error);
  }

  #replaced(): void {
    const message = `Another process has taken the place of node ${this.id}`;
    void this.#close(new SynodError("replaced", message));
  }

  #otherVersion(from: string, version: number): void {
    if (this.#warned) return;
    this.#warned = true;
    const message =
      `Node ${from} speaks version ${version} of the format, which this node does not`;
    this.emit("error", { error: new SynodError("version_mismatch", message) });
  }

  #close(reason: SynodError): Promise<void> {
    return this.#closed ??= this.#shutDown(reason);
  }

  async #shutDown(reason: SynodError): Promise<void> {
    const { session, questions, watches } = this.#core;
    this.#core.close(reason);
    this.#settleReady.reject(reason);
    const limits = this.#core.limits();
    const granted = session.isValid() ? session.current : undefined;
    this.#engine.endOperations(reason);
    this.#closing.abort(reason);
    this.#membership?.stop();
    this.#inquiries.stop();
    this.#sweeper.stop();
    this.#singletons.stop();
    watches.close();
    const released = [...this.#processes].map((process) => process.exit(reason));
    released.push(this.#lockTable.close(reason));
    // From here on nothing counts as owned any more, whatever others are told and when.
    session.stop();
    if (granted !== undefined) {
      // Together, since others may be leaving, too. Once the session has ended, what it owned is free:
      // what is not released by then, whoever asks for it next releases.
      await questions.end(granted, limits).catch(() => {});
      await this.#within(Promise.all(released), LAST_RELEASES);
    }
    this.#engine.close();
    this.#engine.endOperations(reason);
    await this.#links.close();
  }

  /** `promise`, but no longer than `time` milliseconds. */
  async #within<T>(
    promise: Promise<T>,
    time: number = this.#settings.timeout,
  ): Promise<T | void> {
    const { runtime } = this.#engine;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = runtime.setTimer(resolve, time);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      cancel();
    }
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
