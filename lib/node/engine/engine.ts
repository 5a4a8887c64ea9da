import { SynodError } from "../../errors.ts";
import { decodeFrame, encodeFrame } from "../../codec.ts";
import type { LamportClock, Life } from "../../paxos/ballot.ts";
import { type Configuration, isNewer } from "../../paxos/configuration.ts";
import type { Incarnations, KnownIncarnations } from "../../paxos/incarnations.ts";
import { InvariantError } from "../../paxos/invariant.ts";
import type { Frame, GenesisRecord, Header, Reply, Request } from "../../paxos/messages.ts";
import type { Place } from "../../paxos/place.ts";
import type { Sender } from "../../paxos/quorum.ts";
import type { Helper } from "../../paxos/recovery.ts";
import { isGuest } from "../../paxos/sessions.ts";
import type { Voter } from "../../paxos/voter.ts";
import { Gate } from "../runtime/gate.ts";
import { guardedRuntime } from "../runtime/guarded_runtime.ts";
import type { Limits, Operation } from "../runtime/operation.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type DropReason, Tracing } from "../runtime/tracing.ts";
import { type Durability, DurableReplies } from "../wire/durable_replies.ts";
import type { Arrived, RestOfFrame } from "../wire/intake.ts";
import { Outbox } from "../wire/outbox.ts";
import { PendingReplies } from "../wire/pending_replies.ts";
import { Relay } from "../wire/relay.ts";
import { Routes } from "../wire/routes.ts";
import { BoundAttempts } from "./bound_attempts.ts";
import { ClusterView } from "./cluster_view.ts";
import { Dispatcher, type EngineHandlers } from "./dispatcher.ts";
import { noQuorum, Operations } from "./operations.ts";
import { PersonalRequests } from "./personal_requests.ts";
import type { NodeSettings } from "./settings.ts";
import type { UnheardCounters } from "./unheard_counters.ts";
import type { FrameCounts, Network } from "./network.ts";

/** Reads, changes and questions of one node under way at a time, so that answers stay faster than resends. */
const CHANGES_UNDER_WAY = 1_024;

/**
 * What all parts of a node share: its view of the cluster, the operations under way, and the connection to others.
 * Frames come in by `receive` and go out through the outbox, except those to other processes under its own id.
 */
export class Engine {
  readonly settings: NodeSettings;
  /** The time and the randomness of this node; a failed invariant in a timer stops the node. */
  readonly runtime: Runtime;
  /** Who listens to the decisions of this node. */
  readonly tracing: Tracing;
  readonly pendingReplies: PendingReplies = new PendingReplies();
  /** Limits the reads, changes and questions to a quorum under way. */
  readonly gate: Gate = new Gate(CHANGES_UNDER_WAY);
  readonly frames: FrameCounts = { sent: 0, received: 0, dropped: 0 };
  /** What begins again when the members have changed. */
  readonly attempts: BoundAttempts = new BoundAttempts();
  /** The routes to single nodes. */
  readonly routes: Routes;
  /** Sends requests to single nodes. */
  readonly personal: PersonalRequests;
  readonly #view: ClusterView;
  readonly #operations: Operations;
  readonly #outbox: Outbox;
  /** Hands a frame to the network, for each of the given nodes. */
  readonly #send: (to: readonly string[], frame: Frame) => void;
  readonly #dispatcher: Dispatcher;
  readonly #handlers: EngineHandlers;
  /** Holds replies until what they depend on is on a disk; `null`: without storage. */
  #durable: DurableReplies | null = null;
  #closed = false;
  /** The error with which this node has halted. */
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
    this.tracing = new Tracing(runtime, (error) => handlers.failed(error));
    this.#handlers = handlers;
    this.#operations = new Operations(runtime);
    const view = this.#view = new ClusterView(settings, runtime, life, {
      replaced: () => {
        this.#outbox.clear();
        handlers.replaced();
      },
      memberVotes: (member, incarnation) => handlers.memberVotes(member, incarnation),
      memberRestarted: (members) => handlers.memberRestarted(members),
      moved: (event) => handlers.moved(event),
    });
    const send = this.#send = (to, frame) => {
      const bytes = encodeFrame(frame);
      this.frames.sent += to.length;
      for (const peer of to) network.send(peer, bytes);
    };
    const header = () => view.header;
    const outbox = this.#outbox = new Outbox({
      ...{ self: settings.id, runtime, header, send },
      informs: (request) =>
        request.type === "accept" && view.voter?.acceptor.isWatched(request.register) === true,
      loopback: (frame) => this.guard(() => this.#dispatcher.loopback(frame)),
    });
    const way = (to: string) => network.reachability(to);
    this.routes = new Routes({
      ...{ self: settings.id, runtime },
      members: () => view.members,
      // Only a member can have a connection to a guest, and no transport tells which one.
      reachability: (to) => isGuest(to) ? "none" : way(to),
    });
    this.personal = new PersonalRequests({
      ...{ routes: this.routes, outbox, pendingReplies: this.pendingReplies, header },
      guest: handlers.guest,
    });
    const relay = new Relay({
      ...{ self: settings.id, runtime, reachability: way },
      send: (to, request) => outbox.request(to, request),
      nextId: () => this.pendingReplies.next(),
    });
    const { pendingReplies, routes, tracing } = this;
    this.#dispatcher = new Dispatcher({
      ...{ runtime, view, pendingReplies, routes, relay, handlers, tracing },
      guard: (handle) => this.guard(handle),
      maxValueBytes: settings.maxValueBytes,
      relayed: (from) => network.hint?.(from),
      learn: ({ configuration, incarnations }) => this.learn(configuration, incarnations),
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

  /** The newest configuration that this node knows. */
  get configuration(): Configuration {
    return this.#view.configuration;
  }

  /** Its place in the cluster; `null` before it knows one. */
  get place(): Place | null {
    return this.#view.place;
  }

  /** What this node helps other members with, while it can. */
  get helper(): Helper | null {
    return this.#view.helper;
  }

  /** The highest incarnation heard of, for each member. */
  get incarnations(): Incarnations {
    return this.#view.incarnations;
  }

  /** The error with which every operation fails, if there is one. */
  get fatal(): SynodError | undefined {
    return this.#operations.fatal;
  }

  /** Whether the engine is closed and sends nothing any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** No reply leaves from now on before what it depends on is on this disk. */
  storeOn(disk: Durability): void {
    this.#durable = new DurableReplies(disk, (to, life, reply) => this.#reply(to, life, reply));
  }

  /** Begins to live under a record, see {@linkcode ClusterView.enter}. What waits to leave belongs to the one before, and goes with its header; what is under way begins again if its configuration is another one. */
  enter(...told: Parameters<ClusterView["enter"]>): void {
    const before = this.#view.binding;
    this.#outbox.leave();
    this.#view.enter(...told);
    this.#operations.recover();
    if (this.#view.binding !== before) this.attempts.beginAgain();
  }

  /** Believes the nodes of what is on its disk, too; see {@linkcode ClusterView.believe}. */
  believe(configuration: Configuration | null): void {
    this.#view.believe(configuration);
  }

  /** Learns of a chosen configuration, as {@linkcode Place.learn} does. What waits to leave belongs to the old one, and goes with its header. */
  learn(configuration: Configuration, incarnations: KnownIncarnations = []): void {
    const { place } = this.#view;
    if (place === null) return;
    const isNews = isNewer(configuration, place.configuration);
    if (isNews) this.#outbox.leave();
    const { epoch } = place.configuration;
    const event = this.#view.follow(configuration, incarnations);
    if (event === "replaced") this.#outbox.clear();
    if (configuration.epoch > epoch) this.attempts.beginAgain();
    if (isNews || event !== undefined) this.#handlers.moved(event);
  }

  /** As `learn`, of a configuration that was chosen under the genesis `id`: nothing, if this node lives under another one by now. */
  learnOf(id: string | undefined, configuration: Configuration): void {
    if (this.record?.id === id) this.learn(configuration);
  }

  /** Votes from now on, and knows of these crashes; unless another process has its place. */
  vote(voter: Voter, known: KnownIncarnations = []): void {
    this.#view.vote(voter, known);
  }

  /** Takes the new life `life`; messages of the earlier life that have not left are dropped. */
  changeLife(life: Life): void {
    this.#view.changeLife(life);
    this.#outbox.clear();
    this.#durable?.clear();
    this.#handlers.tookLife(life);
  }

  /** Forgets its record, vote and crash vector, as a crash would, and takes the new life `life`. */
  forget(life: Life): void {
    this.#view.forget(life);
    this.changeLife(life);
    this.attempts.beginAgain();
  }

  /** Ends all operations under way, and all later ones, with `error`. */
  fail(error: SynodError): void {
    this.#operations.fail(error);
  }

  /** Ends all operations under way with `error`. */
  endOperations(error: SynodError): void {
    this.#operations.end(error);
  }

  /** Begins an operation that ends with the error of `late` at its deadline, and at once after `fail` or `close`. */
  operation<T>(limits: Limits, late: () => Error = () => this.noQuorum()): Operation<T> {
    return this.#operations.begin(limits, late);
  }

  /** Which members do not answer, and why, for texts of errors; empty if all do. */
  get silence(): string {
    return this.#handlers.silence?.() ?? "";
  }

  /** The error of an operation that found no quorum in time. */
  noQuorum(): SynodError {
    return noQuorum(this.silence);
  }

  /** Sends a request to each of `to`, this node itself included. */
  ask(to: readonly string[], request: Request): void {
    for (let i = 0; i < to.length; i++) this.#outbox.request(to[i], request);
  }

  /** Asks other processes under this node's id, where a transport leads to them. */
  askOwnId(request: Request): void {
    this.#sendToOwnId({ requests: [request], repliesTo: null, replies: [] });
  }

  /** Sends a reply to the given life of `to`. */
  reply(to: string, life: Life, reply: Reply): void {
    if (this.#durable === null) this.#reply(to, life, reply);
    else this.#durable.reply(to, life, reply);
  }

  /** The sender of a reply that may be counted, a voting member under the same genesis; otherwise `undefined`. */
  sender(from: string, header: Header): Sender | undefined {
    return this.#view.sender(from, header);
  }

  /** The role of the sender of a frame with this header. */
  roleOf(from: string, header: Header): ReturnType<ClusterView["roleOf"]> {
    return this.#view.roleOf(from, header);
  }

  /** Whether `node` is not a member, and is not admitted as a client either. */
  isOutsider(node: string): boolean {
    return this.#view.isOutsider(node);
  }

  /**
   * Takes a frame from the network, which is handed on at the time `now`; trusts nothing in it. Returns the rest if it
   * takes long: it is to be taken when the peer has its next turn.
   */
  receive(from: string, arrived: Arrived, now: number): RestOfFrame | void {
    if (this.#closed) return;
    this.#outbox.turned();
    const { length } = arrived;
    let frame: Frame;
    if ("rest" in arrived) frame = arrived.rest;
    else {
      const decoded = decodeFrame(arrived);
      if (!decoded.ok) {
        const { reason } = decoded;
        if (reason === "malformed") return this.#drop(from, length, reason, decoded.detail);
        this.#drop(from, length, reason, `version ${decoded.version}`);
        return this.#handlers.otherVersion(from, decoded.version);
      }
      const { highest } = decoded;
      if (!this.#view.isVoice(from) && highest > this.#view.counterBound) {
        return this.#drop(from, length, "counter", `its counter is ${highest}`);
      }
      frame = decoded.frame;
      this.frames.received++;
      this.#handlers.frameHeard?.(from, frame.header);
    }
    const rest = this.guard(() => this.#dispatcher.receive(from, frame, now), from, length);
    return rest && { rest, length };
  }

  /** Returns `error`, unless it is a failed invariant: then this node halts, with the error that is returned. */
  contain(error: unknown): unknown {
    if (!(error instanceof InvariantError)) return error;
    const message =
      `Node ${this.self} has stopped, since an invariant does not hold: ${error.message}`;
    return this.halt(new SynodError("invariant_failed", message, { cause: error }));
  }

  /**
   * The vote of this node ends, and nothing is sent any more, what waits to be sent included: it may depend on what is
   * broken. All operations end with the error that is returned.
   */
  halt(broken: SynodError): SynodError {
    if (this.#broken !== undefined) return this.#broken;
    this.#broken = broken;
    this.#closed = true;
    this.#view.abstain();
    this.#dispatcher.close();
    this.#outbox.close();
    this.#operations.fail(broken);
    this.#handlers.broken(broken);
    return broken;
  }

  /** Sends the waiting messages, and nothing after them. */
  close(): void {
    this.#closed = true;
    this.#dispatcher.close();
    this.#operations.close();
    this.#outbox.flush();
    this.#outbox.close();
    this.pendingReplies.clear();
  }

  /** Contains an error in the handling of a frame: the frame counts as dropped, and the process goes on. */
  guard<T>(handle: () => T, from: string | null = null, bytes: number = 0): T | void {
    try {
      return handle();
    } catch (error) {
      this.#drop(from, bytes, "failed", String(error));
      if (this.contain(error) === error) this.#handlers.failed(error);
    }
  }

  #drop(from: string | null, bytes: number, reason: DropReason, detail: string): void {
    this.frames.dropped++;
    this.tracing.emit?.({ type: "frame.dropped", from, bytes, reason, detail });
  }

  #reply(to: string, life: Life, reply: Reply): void {
    if (to !== this.self || life === this.life) return this.#outbox.reply(to, life, reply);
    this.#sendToOwnId({ requests: [], repliesTo: life, replies: [reply] });
  }

  /** Bypasses the outbox, which loops messages to this node's own id back to itself. */
  #sendToOwnId(messages: Omit<Frame, "header">): void {
    if (!this.#closed) this.#send([this.self], { header: this.#view.header, ...messages });
  }
}
