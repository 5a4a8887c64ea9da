import type { Result, SynodError } from "../errors.ts";
import { readLocks } from "../locks/snapshot.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import type { Process } from "../processes/process.ts";
import type { ClusterEvents } from "./events.ts";
import { FeaturedNode } from "./featured_node.ts";
import { showAs } from "../node/runtime/inspect.ts";
import { noQuorumResult } from "../node/shell.ts";
import { show } from "../show.ts";
import type { Runtime } from "../node/runtime/runtime.ts";
import { ChangingMembers } from "./changing_members.ts";
import {
  type ChangeMembersOptions,
  checkChangeMembersOptions,
  checkMembers,
} from "./change_members_options.ts";
import { checkCloseOptions, type CloseOptions } from "./close_options.ts";
import type { JoinSettings } from "./join_options.ts";
import { askMembers, changeOf, type ClusterStatus, STORAGE_IN_USE, waitsFor } from "./status.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LaterParts } from "./later_parts.ts";
import { type NodeParts, wireNode } from "./wiring.ts";

/** The parts of a node; internal, for tests that inspect what a member keeps. */
export let partsOf: (node: ClusterNode) => NodeParts;

/**
 * One node of a cluster, in the user's own process. Made by `join`. All nodes are alike: there is no leader,
 * and any majority of the members can go on.
 */
export class ClusterNode extends FeaturedNode<ClusterEvents> {
  /**
   * Resolves when the node first has a quorum and a session. Rejects with the error that makes this
   * impossible, or if the node closes before. Ignoring it causes no unhandled rejection.
   */
  readonly ready: Promise<void>;
  /** Resolves when the node has closed; `reason` is `null` after `close()`, and else why it has closed. */
  readonly closed: Promise<{ reason: SynodError | null }>;
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
        state: core.closed !== undefined ? "closed" : membership.state ?? "client",
        hasQuorum: node.hasQuorum,
        session: node.hasQuorum ? core.session.current : null,
        owned: node.#owned(),
      };
    });
  }

  /** Made by `join`. */
  constructor(settings: JoinSettings, runtime: Runtime, later: LaterParts) {
    const { parts, lifecycle } = wireNode(settings, runtime, later, {
      emit: (type, detail) => this.emit(type, detail),
      spawn: () => this.spawn(undefined) as Process<unknown>,
    });
    const { core, store, cells, table, lockTable, locks, singletons, processes } = parts;
    super(settings.id, {
      ...{ shell: core, store, cells, owners: table, locks, processes },
      readAll: (isWanted, limits) => readLocks(core, lockTable, isWanted, limits),
      calls: singletons.calls,
      closing: lifecycle.closing,
      within: (promise) => lifecycle.within(promise),
    });
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.ready = lifecycle.ready;
    this.closed = lifecycle.closed;
  }

  /**
   * The ids of the nodes that vote: the present list of the cluster, as far as this node knows. Before it knows a cluster,
   * the list that it was given.
   */
  get members(): readonly string[] {
    return this.#parts.engine.members;
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
   * Changes the members of the cluster to those of `list`, one after the other: first those that do not answer are
   * removed, then nodes are added, then the others removed. Resolves when the last change is settled, at once if the list
   * is the present one. Each step takes at least one `maxSessionTtl`. Any node of the cluster may call it; the cluster
   * must let clients in (`clients: true`). A node that is to be added runs already, and knows the cluster: it was started
   * with the members of the cluster, and is a client or waits to be added. A node that is removed goes on as a client.
   *
   * Rejects with a `TypeError` for a bad list or option, with the reason of `signal`, with a `TimeoutError` after
   * `timeout`, and with a `SynodError`: `clients_off`; `not_ready` (a node to be added is not up, or not blank; if it was
   * not from the beginning, nothing has changed); `members_changing` (another caller changes them to another list);
   * `no_quorum` (no majority has answered within the node's `timeout`); `closed`. Its `members` are those of the cluster then. A step that is left half-way is finished by the members.
   *
   * ```ts
   * import { type ClusterNode } from "@synod/synod";
   *
   * async function replace(node: ClusterNode, lost: string, fresh: string) {
   *   await node.changeMembers(node.members.map((id) => id === lost ? fresh : id));
   * }
   * ```
   */
  async changeMembers(
    list: readonly string[],
    options: ChangeMembersOptions = {},
  ): Promise<void> {
    const members = checkMembers("changeMembers", list);
    const checked = checkChangeMembersOptions(options);
    const { core, contacts, engine, membership, changes } = this.#parts;
    core.ensureOpen();
    const ask = () =>
      askMembers(engine, membership, core.pacing.roundTrip, (id) => contacts.why(id));
    await new ChangingMembers({ core, changes, ask }).to(members, checked);
  }

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
      return noQuorumResult(error);
    }
  }

  /**
   * The state of the node and its cluster; also works without a quorum. Takes at most half a second, or two
   * round trips where these are longer.
   */
  async status(): Promise<ClusterStatus> {
    const { engine, core, contacts, membership: own } = this.#parts;
    const { session, pacing } = core;
    const members = core.closed === undefined
      ? await askMembers(engine, own, pacing.roundTrip, (id) => contacts.why(id))
      : [];
    const hasQuorum = this.hasQuorum;
    const waitingFor = (): string[] => {
      if (core.closed !== undefined) return [];
      // Also with a quorum: a client that was added has its session already.
      if (own.isStorageInUse) return [STORAGE_IN_USE];
      return hasQuorum ? [] : waitsFor(engine, members, this.#lifecycle.hasToBeMember);
    };
    return {
      id: this.id,
      life: this.life,
      hasQuorum,
      members,
      waitingFor: waitingFor(),
      genesis: engine.record?.id ?? null,
      epoch: engine.configuration.epoch,
      change: changeOf(engine.configuration),
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
   * Leaves the cluster. First the calls of singletons that have begun on this node may finish, for at most
   * `timeout` milliseconds; meanwhile the node works as before, but starts no singletons and begins no calls:
   * their callers make them elsewhere, as soon as another node can start the singleton. Then it ends every
   * process, releases all that the node owns (for at most its own `timeout`), ends its session and closes its
   * transports.
   *
   * Never rejects; may be called again. Waits for no other functions of the user: callbacks of
   * `locks.request` see their signal abort. Throws a `TypeError` for a bad option.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#lifecycle.close(checkCloseOptions(options).timeout);
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
