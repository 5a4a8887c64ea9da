import { SynodError } from "../errors.ts";
import type { LamportClock, Life } from "../paxos/ballot.ts";
import type { GenesisRecord, OrderRequest, PersonalReply } from "../paxos/messages.ts";
import type { OperationId, RegisterId, SessionId, State } from "../paxos/register.ts";
import type { Engine } from "./engine/engine.ts";
import { PeerRequest } from "./engine/peer_request.ts";
import type { BucketWatches } from "./quorum/bucket_watches.ts";
import { type Renewed, renewGuest } from "./quorum/guest_renewal.ts";
import { LifeWatch } from "./quorum/life_watch.ts";
import type { Liveness } from "./quorum/liveness.ts";
import type { Limits, Operation } from "./runtime/operation.ts";
import type { Pacing } from "./runtime/pacing.ts";
import type { Proposals } from "./quorum/proposals.ts";
import type { QuorumQueries } from "./quorum/queries.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Reads } from "./quorum/reads.ts";
import type { NodeSession } from "./membership/node_session.ts";
import type { SettledValues } from "./quorum/settled_values.ts";
import type { NodeShell } from "./shell.ts";
import type { Watches } from "./quorum/watches.ts";

/** The parts of a node that {@linkcode Core} combines. */
export type CoreParts = Pick<
  Core,
  | "engine"
  | "pacing"
  | "reads"
  | "proposals"
  | "queries"
  | "liveness"
  | "session"
  | "watches"
  | "buckets"
  | "settled"
>;

/**
 * What a feature may use of the shell: everything that one node can do with its cluster. Features import nothing else of
 * `lib/node` but the interface for nodes that do not propose themselves, and the tools of `shell.ts`.
 */
export class Core implements NodeShell {
  /** For the parts that connect and serve nodes; features have the methods below. */
  declare readonly engine: Engine;
  declare readonly pacing: Pacing;
  declare readonly reads: Reads;
  declare readonly proposals: Proposals;
  declare readonly queries: QuorumQueries;
  declare readonly liveness: Liveness;
  declare readonly session: NodeSession;
  declare readonly watches: Watches;
  declare readonly buckets: BucketWatches;
  declare readonly settled: SettledValues;
  #closed: SynodError | undefined;

  /** Combines the parts. */
  constructor(parts: CoreParts) {
    Object.assign(this, parts);
  }

  /** This node's id. */
  get self(): string {
    return this.engine.self;
  }

  /** The ids of the nodes that vote. */
  get members(): readonly string[] {
    return this.engine.members;
  }

  /** Asks again what is under way, at the members that have not answered. */
  askAgain(): void {
    this.session.reached();
    this.pacing.reached();
  }

  /** The life of this node: the id of its present start. */
  get life(): Life {
    return this.engine.life;
  }

  /** The Lamport clock: above every counter that this node has sent or seen. */
  get clock(): LamportClock {
    return this.engine.clock;
  }

  /** The longest time to live of any session, in milliseconds; 0 before the record of the cluster is known. */
  get maxTtl(): number {
    return this.engine.record?.maxTtl ?? 0;
  }

  /** The record of the cluster's genesis; `null` before it is known. */
  get record(): GenesisRecord | null {
    return this.engine.record;
  }

  /** Reports a decision of this node; `undefined`: there is no listener. */
  get trace(): Engine["tracing"]["emit"] {
    return this.engine.tracing.emit;
  }

  /** Whether this node votes at present. */
  get votes(): boolean {
    return this.engine.voter !== null;
  }

  /** Time and randomness. */
  get runtime(): Runtime {
    return this.engine.runtime;
  }

  /** The time to live of this node's session, in milliseconds. */
  get sessionTtl(): number {
    return this.engine.settings.sessionTtl;
  }

  /** How long an operation without a limit of its own looks for a quorum, in milliseconds. */
  get timeout(): number {
    return this.engine.settings.timeout;
  }

  /** The longest encoded value, in bytes. */
  get maxValueBytes(): number {
    return this.engine.settings.maxValueBytes;
  }

  /** The error with which every operation fails at present, if there is one. */
  get fatal(): SynodError | undefined {
    return this.engine.fatal;
  }

  /** Which members do not answer, and why, for texts of errors; empty if all do. */
  get silence(): string {
    return this.engine.silence;
  }

  /** Whether no operation can succeed any more at present: the node has closed, or there is such an error. */
  get isOver(): boolean {
    return this.engine.isClosed || this.engine.fatal !== undefined;
  }

  /** Whether the node has closed and sends nothing any more. */
  get isClosed(): boolean {
    return this.engine.isClosed;
  }

  /** A request to one node, by any route that reaches it; `take` is called with each answer, and who gives it. */
  peerRequest(to: string, take: (reply: PersonalReply, life: Life) => void): PeerRequest {
    return new PeerRequest(this.engine, to, take);
  }

  /**
   * What this member has accepted for the registers with this prefix, in order; at most `most`. It may be outdated, or
   * not chosen. Other work has turns in between. Nothing, while the node does not vote. `from`: only what follows it.
   */
  async *held(
    prefix: string,
    most: number,
    from: RegisterId = prefix,
  ): AsyncGenerator<{ register: RegisterId; state: State }> {
    let after = from > prefix ? from : prefix;
    for (let left = most;;) {
      const acceptor = this.engine.voter?.acceptor;
      if (acceptor === undefined) return;
      const { registers, more } = acceptor.inventory(after);
      for (const register of registers) {
        if (!register.startsWith(prefix)) return;
        after = register;
        const state = acceptor.stored(register)?.accepted?.state;
        if (state === undefined) continue;
        if (left-- <= 0) return;
        yield { register, state };
      }
      if (!more) return;
      await this.pause(0);
    }
  }

  /** Whether this node votes and, as a member, has not heard of a session for as long as that lasts. */
  isStale(session: SessionId): boolean {
    const { voter, runtime } = this.engine;
    return voter?.sessions.isStale(session, runtime.now()) === true;
  }

  /** Asks a quorum for one renewal of a guest's session; see {@linkcode renewGuest}. */
  renewGuest(session: SessionId, ttl: number, renewal: number): Promise<Renewed> {
    return renewGuest(this.engine, this.pacing, session, ttl, renewal);
  }

  /** Sends `body` to the singletons of one node, once; it may be lost, and has no answer. */
  tell(to: string, body: Uint8Array): void {
    const id = this.engine.pendingReplies.next();
    this.engine.personal.askOnce(to, { id, type: "ask", body });
  }

  /** Whether there is, or may be, a connection to another node. */
  reaches(node: string): boolean {
    return this.engine.routes.reaches(node);
  }

  /**
   * Sends an order over the connection to `to`, once; calls `refused` if it was not taken, `moved`: since the lock has
   * another holder. Returns the function that ends the question.
   */
  order(to: string, order: OrderRequest, refused: (moved: boolean) => void): () => void {
    const { pendingReplies } = this.engine;
    const id = pendingReplies.open((from, _header, reply) => {
      if (from === to && reply.type === "unordered") refused(reply.moved);
    });
    this.engine.ask([to], { id, ...order });
    return () => pendingReplies.close(id);
  }

  /** Has the members tell when lives of other nodes are proved to be over. */
  watchLives(over: (life: Life) => void): LifeWatch {
    return new LifeWatch(this.engine, over);
  }

  /** Begins an operation that ends with the error of `late` at its deadline. */
  operation<T>(limits: Limits, late?: () => Error): Operation<T> {
    return this.engine.operation<T>(limits, late);
  }

  /** Contains an error in the handling of what another node has sent: the process goes on. */
  guard(handle: () => void): void {
    this.engine.guard(handle);
  }

  /** A unique name for an operation. Its number is none of a request either, also if another process had this life. */
  nextOperation(): OperationId {
    return `${this.engine.life}/${this.engine.pendingReplies.next()}`;
  }

  /** The limits of an operation that begins now and may look for a quorum for `timeout` milliseconds. */
  limits(timeout: number = this.timeout, signal?: AbortSignal): Limits {
    return { deadline: this.engine.runtime.now() + timeout, signal };
  }

  /**
   * The limits of a release. After the deadline of its session everything that the session owned is free for
   * others anyway. A round trip may take longer than the time left until then, but renewals move the deadline.
   */
  releaseLimits(): Limits {
    const { runtime, settings } = this.engine;
    return { deadline: runtime.now() + Math.max(settings.timeout, this.session.remaining + 1) };
  }

  /** Waits `time` milliseconds; ends early, without an error, when the node closes. */
  async pause(time: number): Promise<void> {
    const { runtime } = this.engine;
    const done = new Error("the pause is over");
    const operation = this.engine.operation<void>({ deadline: runtime.now() + time }, () => done);
    await operation.promise.catch(() => {});
  }

  /** Closes the node for its users; later calls fail with `reason`. */
  close(reason: SynodError): void {
    this.#closed ??= reason;
  }

  /** The error with which later calls fail, if the node is closed. */
  get closed(): SynodError | undefined {
    return this.#closed;
  }

  /** Throws if the node is closed. */
  ensureOpen(): void {
    if (this.#closed !== undefined) throw new SynodError(this.#closed.code, this.#closed.message);
  }
}

export type { LifeWatch, PeerRequest };
