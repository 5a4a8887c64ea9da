import { SynodError } from "../errors.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import type { Configuration } from "../paxos/configuration.ts";
import type { KnownIncarnations } from "../paxos/incarnations.ts";
import type { GenesisRecord } from "../paxos/messages.ts";
import { lateFailure, loadStorage } from "./load_storage.ts";
import { Reached } from "./reached.ts";
import type { NodeHooks, NodeParts } from "./wiring.ts";

/** Time for releases after the session has ended, in milliseconds; other nodes release the rest. */
const LAST_RELEASES = 100;

/** Shortest time between two `error` events about failures that no operation waits for, in milliseconds. */
const FAILURE_INTERVAL = 1_000;

/**
 * The life cycle of a node: it opens, gets and loses its session, enters another genesis, is replaced, and
 * closes.
 */
export class Lifecycle {
  /** See `ClusterNode.ready`. */
  readonly ready: Promise<void>;
  /** See `ClusterNode.closed`. */
  readonly closed: Promise<{ reason: SynodError | null }>;
  readonly #parts: NodeParts;
  readonly #emit: NodeHooks["emit"];
  readonly #reached: Reached;
  readonly #closing = new AbortController();
  #settleReady!: { resolve(): void; reject(reason: unknown): void };
  #settleClosed!: (closed: { reason: SynodError | null }) => void;
  #closed: Promise<void> | undefined;
  /** Why the node closes without waiting any more, although it was told to finish what has begun. */
  #hurried: SynodError | undefined;
  /** Ends the wait for what has begun. */
  #hurry: () => void = () => {};
  #warned = false;
  /** When a failure was last reported. */
  #failed = -Infinity;
  /** The genesis under which the node lived last. */
  #genesis: string | undefined;
  /** Whether it was a member, and was removed. */
  #wasMember = false;

  /** Opens nothing yet. */
  constructor(parts: NodeParts, emit: NodeHooks["emit"]) {
    this.#parts = parts;
    this.#emit = emit;
    this.#reached = new Reached(parts);
    this.ready = new Promise((resolve, reject) => this.#settleReady = { resolve, reject });
    this.ready.catch(() => {});
    this.closed = new Promise((resolve) => this.#settleClosed = resolve);
  }

  /** Whether it waits until it is a member, and has no session before: it is in its own list, and was not removed. */
  get hasToBeMember(): boolean {
    return this.#parts.membership.founds && !this.#wasMember;
  }

  /** Whether it has begun to close; it may wait for what it has begun. */
  get isClosing(): boolean {
    return this.#closed !== undefined;
  }

  /** Aborts when the node closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Opens the transports and begins to look for the other nodes. While another process has the storage, the node waits:
   * it opens nothing, since others would take it for the process that they know.
   */
  async open(): Promise<void> {
    const { settings: { storage, signal }, core } = this.#parts;
    try {
      const waiting = storage === null ? null : await loadStorage(this.#parts, storage);
      if (waiting !== null) return this.#openLater(waiting.loaded);
      await this.#openTransports();
    } catch (error) {
      const { closed = error } = core;
      await this.close();
      throw closed;
    }
    if (this.#closed !== undefined) {
      // Another process has its place, or an invariant has failed, before all transports were open.
      await this.#closed;
      throw core.closed;
    }
    if (signal?.aborted) {
      await this.close();
      throw signal.reason;
    }
    this.#closeBySignal();
    this.#begin();
  }

  async #openTransports(): Promise<void> {
    const { settings, links, engine, gateway, contacts } = this.#parts;
    await links.open(
      (from, frame, now) => engine.receive(from, frame, now),
      (error) => this.#emit("error", { error }),
      {
        sessionTtl: settings.sessionTtl,
        get members() {
          // A member that was removed, or is not in the given list, is no other node's id either.
          return [...new Set([...settings.members, ...engine.members])];
        },
        life: () => engine.life,
        ended: (life) => this.#lifeEnded(life),
        isClosed: () => engine.isClosed,
        reached: (peer) => {
          engine.tracing.emit?.({ type: "connection.opened", to: peer });
          this.#reached.connected(peer);
        },
        failed: (peer, why) => {
          engine.tracing.emit?.({ type: "connection.failed", to: peer, reason: why });
          contacts.failed(peer, why);
        },
        ...(gateway !== null && { guests: gateway }),
      },
      // A node that was quiet itself hears every member after a silence.
      (peer, isFirst) => this.#reached.peer(peer, !isFirst),
      (from, { length: bytes }) => {
        const dropped = { type: "frame.dropped", from, bytes, reason: "overload" } as const;
        engine.tracing.emit?.({ ...dropped, detail: "" });
      },
    );
  }

  /** Begins to look for the other nodes. */
  #begin(): void {
    const { singletons, contacts, membership, recordQueries } = this.#parts;
    singletons.start();
    contacts.start();
    membership.start();
    if (!membership.founds) recordQueries.start();
  }

  #closeBySignal(): void {
    const { settings: { signal } } = this.#parts;
    if (signal === undefined) return;
    onAbort(this.closing, onAbort(signal, () => void this.close()));
  }

  /** Opens the transports once another process has let the storage go. */
  #openLater(loaded: Promise<void>): void {
    this.#closeBySignal();
    loaded.then(async () => {
      if (this.#closed === undefined) await this.#openTransports();
      if (this.#closed === undefined) this.#begin();
    }).catch((error) => {
      if (this.#closed === undefined) this.broken(lateFailure(this.#parts, error));
    });
  }

  /** See `ClusterNode.close`. */
  close(timeout: number = this.#parts.settings.timeout): Promise<void> {
    const reason = new SynodError("closed", `Node ${this.#parts.settings.id} is closed`);
    return this.#closed ??= this.#leave(reason, timeout);
  }

  /** Called when the node enters a record; `again`: after it lived under another one. */
  entered(again: boolean): void {
    const { engine, core } = this.#parts;
    const { id } = engine.record!;
    const before = this.#genesis;
    this.#genesis = id;
    engine.tracing.emit?.({ type: "genesis", genesis: id, again });
    if (!again) {
      // What was asked without a record got no answer.
      return this.#reached.all();
    }
    this.abandon();
    core.watches.restart();
    core.buckets.restart();
    // A member that gave up a record may enter the same one again before all others have given it up.
    if (before !== id) this.#emit("restart", { genesis: id });
  }

  /** Abandons everything under way and everything that the node owns, because the agreed state is lost. */
  abandon(): void {
    const { engine, core, singletons } = this.#parts;
    const { session, settled, proposals } = core;
    this.#parts.gateway?.restart();
    session.end();
    settled.clear();
    singletons.restart();
    proposals.restart();
    const message = "Too many members lost their memory: operations under way are lost";
    engine.endOperations(new SynodError("no_quorum", message));
  }

  /** Called when a majority lives under another record than this node. */
  otherRecord(
    record: GenesisRecord,
    configuration: Configuration,
    incarnations: KnownIncarnations,
  ): void {
    const { membership } = this.#parts;
    // That record began without this process: another process has taken its place.
    if (membership.state === "operational") return this.replaced();
    // A member without a memory finds out by itself.
    if (!membership.isFounding) membership.follow(record, configuration, incarnations);
  }

  /** Called when the node knows a cluster that it is not a member of. */
  outside(): void {
    this.#parts.housekeeper.stop();
    // A client, and a member that was removed, goes on.
    if (!this.hasToBeMember) this.#parts.core.session.begin();
  }

  /** Called when the node is a member no more. */
  removed(): void {
    const { core, housekeeper, gateway } = this.#parts;
    this.#wasMember = true;
    housekeeper.stop();
    // Only members are gateways: its guests take another one.
    gateway?.restart();
    core.session.begin();
    this.#emit("removed", undefined);
  }

  /** Called when the list of members has changed. */
  membersChanged(): void {
    const { engine, contacts, links, gateway } = this.#parts;
    const { members, configuration } = engine;
    contacts.follow(members);
    links.membersChanged();
    gateway?.membersChanged();
    this.#emit("members", { members: [...members], epoch: configuration.epoch });
  }

  /** Called when a quorum has granted the node's session. */
  granted(): void {
    this.#settleReady.resolve();
    // What was asked without a quorum waits long between two questions by now.
    this.#parts.core.pacing.reached();
    this.#parts.singletons.granted();
    this.#emit("quorum", undefined);
  }

  /** Called when a session is over permanently; `wasGranted`: a quorum had granted it. */
  sessionLost(session: string, wasGranted: boolean): void {
    const { settings, core, lockTable, processes } = this.#parts;
    const message = `Node ${settings.id} lost its session ${session}`;
    const error = new SynodError("session_lost", message);
    for (const process of [...processes]) {
      if (process.pid.session === session) void process.exit(error);
    }
    lockTable.sessionLost(session, error);
    if (!wasGranted || core.closed !== undefined) return;
    // Ends the session at the members too, so that other nodes need not wait for its deadline.
    core.queries.end(session, core.limits()).catch(() => {});
    this.#tellLost(session);
  }

  /** Fails all operations, because none can succeed. */
  fail(error: SynodError): void {
    this.#settleReady.reject(error);
    this.#parts.engine.fail(error);
  }

  /** Closes the node, because another process has taken its place. */
  replaced(): void {
    const message = `Another process has taken the place of node ${this.#parts.settings.id}`;
    void this.#close(new SynodError("replaced", message));
  }

  /** Closes the node, because an invariant of the protocol or its storage failed; others see a crash. */
  broken(error: SynodError): void {
    const { session } = this.#parts.core;
    const granted = session.isValid() ? session.current : undefined;
    // First of all: what the node owns is known by the state that is broken.
    session.stop();
    void this.#close(error);
    this.#tellLost(granted);
    this.#emit("error", { error });
  }

  /** Reports a failure that no operation waits for, as an `error` event at a limited rate. */
  failed(error: unknown): void {
    const now = this.#parts.engine.runtime.now();
    if (now - this.#failed < FAILURE_INTERVAL) return;
    this.#failed = now;
    const cause = error instanceof Error ? error : new Error(String(error), { cause: error });
    this.#emit("error", { error: cause });
  }

  /** Reports a peer that uses another version of the format; only once. */
  otherVersion(from: string, version: number): void {
    if (this.#warned) return;
    this.#warned = true;
    const message =
      `Node ${from} uses version ${version} of the format, which this node does not support`;
    this.#emit("error", { error: new SynodError("version_mismatch", message) });
  }

  /**
   * A transport has proof that the process of `life` runs no more. For this node's own life: others may have
   * such a proof, so this node must not own anything from now on.
   */
  #lifeEnded(life: string): void {
    const { engine, core, proofs, settings } = this.#parts;
    if (!LIFE_PATTERN.test(life) || engine.isClosed) return;
    if (life === engine.life) {
      const message = `Node ${settings.id} lost the lock that shows that it runs: it was stolen`;
      void this.#close(new SynodError("replaced", message));
      return;
    }
    // Later than that, all that this life owned is free anyway.
    const timeout = Math.max(settings.timeout, engine.record?.maxTtl ?? 0);
    proofs.give(life, core.limits(timeout)).catch(() => {});
  }

  /** Waits for `promise`, but no longer than `time` milliseconds. Default: the node's `timeout`. */
  async within<T>(
    promise: Promise<T>,
    time: number = this.#parts.settings.timeout,
  ): Promise<T | void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#parts.engine.runtime.setTimer(resolve, time);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      cancel();
    }
  }

  #close(reason: SynodError): Promise<void> {
    if (this.#closed === undefined) return this.#closed = this.#shutDown(reason);
    this.#hurried ??= reason;
    this.#hurry();
    return this.#closed;
  }

  /** Lets calls of this node's singletons finish, and hands the singletons over, before the node closes. */
  async #leave(reason: SynodError, timeout: number): Promise<void> {
    const { engine, core, singletons } = this.#parts;
    if (singletons.isHosting && core.session.isValid()) {
      const hurried = new Promise<void>((resolve) => this.#hurry = resolve);
      // An error in it must not keep the node open.
      const drained = singletons.drain(reason, timeout).catch((error) => {
        if (engine.contain(error) === error) this.failed(error);
      });
      await Promise.race([drained, hurried]);
    }
    await this.#shutDown(this.#hurried ?? reason, timeout);
  }

  async #shutDown(reason: SynodError, timeout?: number): Promise<void> {
    const { engine, core, links, membership, recordQueries } = this.#parts;
    const { tombstones, housekeeper, singletons, processes, lockTable, contacts } = this.#parts;
    const { session, queries, watches } = core;
    core.close(reason);
    const why = engine.silence === "" ? "" : ` before it was ready: ${engine.silence}`;
    this.#settleReady.reject(new SynodError(reason.code, reason.message + why, { cause: reason }));
    const granted = session.isValid() ? session.current : undefined;
    this.#parts.gateway?.close();
    engine.endOperations(reason);
    this.#closing.abort(reason);
    membership.stop();
    this.#parts.changes.stop();
    recordQueries.stop();
    contacts.stop();
    tombstones.stop();
    this.#parts.core.proposals.stop();
    housekeeper.stop();
    singletons.stop();
    watches.close();
    core.buckets.close();
    const released = [...processes].map((process) => process.exit(reason));
    released.push(lockTable.close(reason));
    // From here on nothing counts as owned, before other nodes learn of it. After `close()` the program knows.
    session.stop();
    if (reason.code !== "closed") this.#tellLost(granted);
    if (granted !== undefined) {
      // The releases run together, since other nodes may be leaving too. Once the session has ended, what it
      // owned is free: the next node that needs it releases what is left.
      await queries.end(granted, core.limits()).catch(() => {});
      await this.within(Promise.allSettled(released), LAST_RELEASES);
    }
    engine.close();
    engine.endOperations(reason);
    await links.close();
    // A storage that does not answer must not keep the program.
    await this.within(membership.close(), timeout);
    this.#settleClosed({ reason: reason.code === "closed" ? null : reason });
  }

  /** Tells that the node has lost its session `granted`, if it had one. */
  #tellLost(granted: string | undefined): void {
    if (granted === undefined) return;
    this.#emit("sessionlost", { session: granted });
    this.#emit("noquorum", undefined);
  }
}
