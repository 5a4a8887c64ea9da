import { type Result, SynodError } from "../errors.ts";
import { readLocks } from "../locks/snapshot.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import type { Process } from "../processes/process.ts";
import type { ClusterEvents } from "./events.ts";
import { FeaturedNode } from "./featured_node.ts";
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
export class ClusterNode extends FeaturedNode<ClusterEvents> {
  /** The ids of the nodes that vote. */
  readonly members: readonly string[];
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
    const { parts, lifecycle } = wireNode(settings, runtime, {
      emit: (type, detail) => this.emit(type, detail),
      spawn: () => this.spawn(undefined) as Process<unknown>,
    });
    const { core, store, table, lockTable, locks, singletons, processes } = parts;
    super(settings.id, {
      ...{ shell: core, store, owners: table, locks, processes },
      readAll: (isWanted, limits) => readLocks(core, lockTable, isWanted, limits),
      calls: singletons.calls,
      closing: lifecycle.closing,
      within: (promise) => lifecycle.within(promise),
    });
    this.members = settings.members;
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.ready = lifecycle.ready;
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
  /**
   * Reports that the process of another node's `life` runs no more: all that it owned is free at once, without
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
   * function startChild(node: ClusterNode) {
   *   let life: string | undefined;
   *   // The child sends `node.life` after its start, and again at each event `life`.
   *   const child = spawn("node", ["child.js"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
   *   child.on("message", (message) => life = String(message));
   *   child.on("exit", () => {
   *     if (life !== undefined) void node.reportExit(life);
   *   });
   * }
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
}
