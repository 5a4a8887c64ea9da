import { SynodError } from "../../errors.ts";
import { decodeFrame, encodeFrame } from "../../codec.ts";
import type { LamportClock, Life } from "../../paxos/ballot.ts";
import { InvariantError } from "../../paxos/invariant.ts";
import type {
  Frame,
  GenesisRecord,
  Header,
  PersonalReply,
  PersonalRequest,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { Sender } from "../../paxos/quorum.ts";
import { isGuest } from "../../paxos/sessions.ts";
import type { Voter } from "../../paxos/voter.ts";
import { Gate } from "../runtime/gate.ts";
import { guardedRuntime } from "../runtime/guarded_runtime.ts";
import type { Limits, Operation } from "../runtime/operation.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Outbox } from "../wire/outbox.ts";
import { PendingReplies } from "../wire/pending_replies.ts";
import { Relay } from "../wire/relay.ts";
import { type Reachability, type Route, Routes } from "../wire/routes.ts";
import { ClusterView } from "./cluster_view.ts";
import { Dispatcher, type EngineHandlers } from "./dispatcher.ts";
import { noQuorum, Operations } from "./operations.ts";
import type { NodeSettings } from "./settings.ts";
import type { UnheardCounters } from "./unheard_counters.ts";

/** The connection to the other nodes; its methods do not throw. */
export interface Network {
  /** Sends a frame to one node. */
  send(to: string, frame: Uint8Array): void;
  /** How one node is connected. */
  reachability(to: string): Reachability;
}

/**
 * Reads, changes and questions of one node under way at the same time; others wait, so that the members'
 * answers stay faster than the resends.
 */
const CHANGES_UNDER_WAY = 1_024;

/** Counts of frames sent, received and dropped. */
export interface FrameCounts {
  /** Handed to a transport. */
  sent: number;
  /** Arrived and well-formed. */
  received: number;
  /**
   * Arrived and dropped: malformed, of another version, with a counter out of bounds, beyond what the intake
   * can hold, or with an error in its handling.
   */
  dropped: number;
}

/**
 * What all parts of a node share: its view of the cluster, the operations under way, and the connection to the
 * other nodes. Frames come in by `receive` and go out through the outbox; the exceptions are frames to other
 * processes under this node's own id.
 */
export class Engine {
  readonly settings: NodeSettings;
  /** The time and the randomness of this node; a failed invariant in a timer stops the node. */
  readonly runtime: Runtime;
  readonly pendingReplies: PendingReplies = new PendingReplies();
  /** Limits the reads, changes and questions to a quorum under way. */
  readonly gate: Gate = new Gate(CHANGES_UNDER_WAY);
  readonly frames: FrameCounts = { sent: 0, received: 0, dropped: 0 };
  /** The routes to single nodes. */
  readonly routes: Routes;
  readonly #view: ClusterView;
  readonly #operations: Operations;
  readonly #outbox: Outbox;
  /** Hands a frame to the network, for each of the given nodes. */
  readonly #send: (to: readonly string[], frame: Frame) => void;
  readonly #dispatcher: Dispatcher;
  readonly #handlers: EngineHandlers;
  #closed = false;
  /** The error of a failed invariant. */
  #broken: SynodError | undefined;

  /** An engine that knows nothing about its cluster yet. */
  constructor(
    settings: NodeSettings,
    unguarded: Runtime,
    life: Life,
    network: Network,
    handlers: EngineHandlers,
  ) {
    const runtime = guardedRuntime(unguarded, (error) => {
      if (this.contain(error) === error) throw error;
    });
    this.settings = settings;
    this.runtime = runtime;
    this.#handlers = handlers;
    this.#operations = new Operations(runtime);
    const view = this.#view = new ClusterView(settings, runtime, life, {
      replaced: () => {
        this.#outbox.clear();
        handlers.replaced();
      },
      memberVotes: (member, incarnation) => handlers.memberVotes(member, incarnation),
    });
    const send = this.#send = (to, frame) => {
      const bytes = encodeFrame(frame);
      this.frames.sent += to.length;
      for (const peer of to) network.send(peer, bytes);
    };
    const outbox = this.#outbox = new Outbox({
      self: settings.id,
      runtime,
      header: () => view.header,
      send,
      loopback: (frame) => this.#guard(() => this.#dispatcher.loopback(frame)),
    });
    const way = (to: string) => network.reachability(to);
    this.routes = new Routes({
      self: settings.id,
      members: settings.members,
      runtime,
      reachability: way,
    });
    const relay = new Relay({
      self: settings.id,
      runtime,
      reachability: way,
      send: (to, request) => outbox.request(to, request),
      nextId: () => this.pendingReplies.next(),
    });
    this.#dispatcher = new Dispatcher({
      runtime,
      maxValueBytes: settings.maxValueBytes,
      view,
      pendingReplies: this.pendingReplies,
      routes: this.routes,
      relay,
      handlers,
      request: (to, request) => outbox.request(to, request),
      reply: (to, life, reply) => this.reply(to, life, reply),
    });
  }

  /** This node's id. */
  get self(): string {
    return this.settings.id;
  }

  /** The ids of the nodes that vote. */
  get members(): readonly string[] {
    return this.#view.members;
  }

  /** Whether this node is a member. */
  get isMember(): boolean {
    return this.#view.isMember;
  }

  /** The Lamport clock: above every counter that this node has sent or seen. */
  get clock(): LamportClock {
    return this.#view.clock;
  }

  /** An estimate of the counters that others have used since a member was heard. */
  get unheard(): UnheardCounters {
    return this.#view.unheard;
  }

  /** The life of this node: the id of its present start. */
  get life(): Life {
    return this.#view.life;
  }

  /** The genesis that this node lives under; `null` before it knows one. */
  get record(): GenesisRecord | null {
    return this.#view.record;
  }

  /** This node's vote, while it is an operational member. */
  get voter(): Voter | null {
    return this.#view.voter;
  }

  /** The highest incarnation heard of, for each member. */
  get vector(): readonly Life[] {
    return this.#view.vector;
  }

  /** The error with which every operation fails, if there is one. */
  get fatal(): SynodError | undefined {
    return this.#operations.fatal;
  }

  /** Whether the engine is closed and sends nothing any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Begins to live under `record`, without a vote. */
  enter(record: GenesisRecord): void {
    this.#view.enter(record);
    this.#operations.recover();
  }

  /** Votes from now on, and knows of the crashes in `vector`; unless another process has its place. */
  vote(voter: Voter, vector: readonly Life[]): void {
    this.#view.vote(voter, vector);
  }

  /** Takes the new life `life`; messages of the earlier life that have not left are dropped. */
  changeLife(life: Life): void {
    this.#view.changeLife(life);
    this.#outbox.clear();
    this.#handlers.tookLife(life);
  }

  /** Forgets its record, vote and crash vector, as a crash would, and takes the new life `life`. */
  forget(life: Life): void {
    this.#view.forget(life);
    this.#outbox.clear();
    this.#handlers.tookLife(life);
  }

  /** Takes note of a crash: the member with this index announced a new incarnation. */
  raise(index: number, incarnation: Life): void {
    this.#view.raise(index, incarnation);
  }

  /** Ends all operations under way, and all later ones, with `error`. */
  fail(error: SynodError): void {
    this.#operations.fail(error);
  }

  /** Ends all operations under way with `error`. */
  endOperations(error: SynodError): void {
    this.#operations.end(error);
  }

  /**
   * Begins an operation that ends with the error of `late` at its deadline, and at once after `fail` or
   * `close`.
   */
  operation<T>(limits: Limits, late: () => Error = noQuorum): Operation<T> {
    return this.#operations.begin(limits, late);
  }

  /** Sends a request to each of `to`, this node itself included. */
  ask(to: readonly string[], request: Request): void {
    for (const member of to) this.#outbox.request(member, request);
  }

  /** Asks other processes under this node's id, where a transport leads to them. */
  askOwnId(request: Request): void {
    this.#sendToOwnId([request], null, []);
  }

  /**
   * Sends a request to one node, directly or through a member. `unanswered` is the number of times that it was
   * sent since that node was last heard.
   */
  askOne(to: string, request: PersonalRequest, unanswered: number): void {
    this.#askBy(this.routes.choose(to, unanswered), to, request);
  }

  /** Sends a request to one node, once; it is not sent again if it is lost. */
  askOnce(to: string, request: PersonalRequest): void {
    this.#askBy(this.routes.once(to), to, request);
  }

  /** Has the member `via` pass on a request to one node. */
  relay(via: string, to: string, message: PersonalRequest): void {
    const load = { repliesTo: null, message };
    this.#outbox.request(via, { id: message.id, type: "relay", to, payload: load });
  }

  /** Sends a reply to the given life of `to`. */
  reply(to: string, life: Life, reply: Reply): void {
    if (to === this.self && life !== this.life) this.#sendToOwnId([], life, [reply]);
    else this.#outbox.reply(to, life, reply);
  }

  /**
   * The sender of a reply that may be counted, a voting member under the same genesis; otherwise `undefined`.
   */
  sender(from: string, header: Header): Sender | undefined {
    return this.#view.sender(from, header);
  }

  /** Whether `node` is not a member, and is not admitted as a client either. */
  isOutsider(node: string): boolean {
    return this.#view.isOutsider(node);
  }

  /** Takes a frame from the network; trusts nothing in it. */
  receive(from: string, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#outbox.turned();
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) {
      this.frames.dropped++;
      if (decoded.reason === "version") this.#handlers.otherVersion(from, decoded.version);
      return;
    }
    const { frame, highest } = decoded;
    if (highest > this.#view.counterBound && !this.members.includes(from)) {
      this.frames.dropped++;
      return;
    }
    this.frames.received++;
    this.#guard(() => this.#dispatcher.receive(from, frame));
  }

  /**
   * Returns `error`, unless it is a failed invariant. Then the vote of this node ends, and nothing is sent any more, what
   * waits to be sent included: it may depend on the broken state. All operations end with the error that is returned.
   */
  contain(error: unknown): unknown {
    if (!(error instanceof InvariantError)) return error;
    if (this.#broken !== undefined) return this.#broken;
    const message =
      `Node ${this.self} has stopped, since an invariant does not hold: ${error.message}`;
    const broken = this.#broken = new SynodError("invariant_failed", message, { cause: error });
    this.#closed = true;
    this.#view.abstain();
    this.#outbox.close();
    this.#operations.fail(broken);
    this.#handlers.broken(broken);
    return broken;
  }

  /** Sends the waiting messages, and nothing after them. */
  close(): void {
    this.#closed = true;
    this.#operations.close();
    this.#outbox.flush();
    this.#outbox.close();
    this.pendingReplies.clear();
  }

  /** Contains an error in the handling of a frame: the frame counts as dropped, and the process goes on. */
  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.frames.dropped++;
      if (this.contain(error) === error) this.#handlers.failed(error);
    }
  }

  /** Bypasses the outbox, which loops messages to this node's own id back to itself. */
  #sendToOwnId(
    requests: readonly Request[],
    repliesTo: Life | null,
    replies: readonly Reply[],
  ): void {
    if (this.#closed) return;
    this.#send([this.self], { header: this.#view.header, requests, repliesTo, replies });
  }

  #askBy({ direct, via }: Route, to: string, request: PersonalRequest): void {
    if (isGuest(to)) {
      const tell = (reply: PersonalReply) =>
        this.pendingReplies.receive(to, { ...this.#view.header, incarnation: null }, reply);
      if (this.#handlers.guest?.(to, request, tell) === true) return;
      // Only a member can have a connection to it.
      if (via !== undefined) this.relay(via, to, request);
      return;
    }
    if (direct) this.#outbox.request(to, request);
    if (via !== undefined) this.relay(via, to, request);
  }
}
