import { SynodError } from "../errors.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import type { GenesisRecord } from "../paxos/messages.ts";
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
  readonly #parts: NodeParts;
  readonly #emit: NodeHooks["emit"];
  readonly #closing = new AbortController();
  #settleReady!: { resolve(): void; reject(reason: unknown): void };
  #closed: Promise<void> | undefined;
  #warned = false;
  /** When a failure was last reported. */
  #failed = -Infinity;
  /** The genesis under which the node lived last. */
  #genesis: string | undefined;

  /** Opens nothing yet. */
  constructor(parts: NodeParts, emit: NodeHooks["emit"]) {
    this.#parts = parts;
    this.#emit = emit;
    this.ready = new Promise((resolve, reject) => this.#settleReady = { resolve, reject });
    this.ready.catch(() => {});
  }

  /** Aborts when the node closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Opens the transports and begins to look for the other nodes. */
  async open(): Promise<void> {
    const { settings, links, engine, membership, recordQueries, singletons } = this.#parts;
    const { gateway } = this.#parts;
    try {
      await links.open(
        (from, frame) => engine.receive(from, frame),
        (error) => this.#emit("error", { error }),
        {
          sessionTtl: settings.sessionTtl,
          members: settings.members,
          life: () => engine.life,
          ended: (life) => this.#lifeEnded(life),
          isClosed: () => engine.isClosed,
          ...(gateway !== null && { guests: gateway }),
        },
      );
    } catch (error) {
      await this.close();
      throw error;
    }
    const { signal } = settings;
    if (signal?.aborted) {
      await this.close();
      throw signal.reason;
    }
    if (signal !== undefined) {
      onAbort(this.closing, onAbort(signal, () => void this.close()));
    }
    singletons.start();
    if (membership === null) recordQueries.start();
    else membership.start();
  }

  /** See `ClusterNode.close`. */
  close(): Promise<void> {
    return this.#close(new SynodError("closed", `Node ${this.#parts.settings.id} is closed`));
  }

  /** Called when the node enters a record; `again`: after it lived under another one. */
  entered(again: boolean): void {
    const { engine, core } = this.#parts;
    const { id } = engine.record!;
    const before = this.#genesis;
    this.#genesis = id;
    if (!again) return;
    this.abandon();
    core.watches.restart();
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
  otherRecord(record: GenesisRecord): void {
    const { engine, core, membership } = this.#parts;
    if (membership !== null) {
      // That record began without this process: another process has taken its place.
      if (membership.state === "operational") this.replaced();
      return;
    }
    const again = engine.record !== null;
    engine.enter(record);
    this.entered(again);
    core.session.open();
  }

  /** Called when a quorum has granted the node's session. */
  granted(): void {
    this.#settleReady.resolve();
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
    this.#emit("sessionlost", { session });
    this.#emit("noquorum", undefined);
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

  /** Closes the node, because an invariant of the protocol failed in it; others see a crash. */
  broken(error: SynodError): void {
    // First of all: what the node owns is known by the state that is broken.
    this.#parts.core.session.stop();
    void this.#close(error);
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
    const { runtime } = this.#parts.engine;
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

  #close(reason: SynodError): Promise<void> {
    return this.#closed ??= this.#shutDown(reason);
  }

  async #shutDown(reason: SynodError): Promise<void> {
    const { engine, core, links, membership, recordQueries } = this.#parts;
    const { tombstones, housekeeper, singletons, processes, lockTable } = this.#parts;
    const { session, queries, watches } = core;
    core.close(reason);
    this.#settleReady.reject(reason);
    const limits = core.limits();
    const granted = session.isValid() ? session.current : undefined;
    this.#parts.gateway?.close();
    engine.endOperations(reason);
    this.#closing.abort(reason);
    membership?.stop();
    recordQueries.stop();
    tombstones.stop();
    housekeeper.stop();
    singletons.stop();
    watches.close();
    const released = [...processes].map((process) => process.exit(reason));
    released.push(lockTable.close(reason));
    // From here on nothing counts as owned, before other nodes learn of it.
    session.stop();
    if (granted !== undefined) {
      // The releases run together, since other nodes may be leaving too. Once the session has ended, what it
      // owned is free: the next node that needs it releases what is left.
      await queries.end(granted, limits).catch(() => {});
      await this.within(Promise.all(released), LAST_RELEASES);
    }
    engine.close();
    engine.endOperations(reason);
    await links.close();
  }
}
