import type { Result } from "../../errors.ts";
import { SynodError } from "../../errors.ts";
import { decodeFrame, encodeFrame } from "../../codec.ts";
import { LamportClock, type Life } from "../../paxos/ballot.ts";
import type {
  Frame,
  GenesisRecord,
  GenesisRequest,
  HandoverReply,
  HandoverRequest,
  Header,
  PersonalReply,
  PersonalRequest,
  RelayedRequest,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import { CrashVector, type Sender } from "../../paxos/quorum.ts";
import type { Voter } from "../../paxos/voter.ts";
import { Calls } from "../wire/pending_replies.ts";
import { Gate } from "../runtime/gate.ts";
import { type Limits, Operation } from "../runtime/operation.ts";
import { Outbox } from "../wire/outbox.ts";
import { Relay } from "../wire/relay.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Settings } from "./settings.ts";
import { UnheardCounters } from "./unheard_counters.ts";
import { type Choice, type Way, Ways } from "../wire/routes.ts";

/** The way to the other nodes; nothing of it throws. */
export interface Network {
  /** Sends a frame to one of them. */
  send(to: string, frame: Uint8Array): void;
  /** How one of them is connected. */
  way(to: string): Way;
}

/** The epoch of the configuration that a cluster begins with. */
const FIRST_EPOCH = 0;

/** So many operations may be under way in one node; more are refused with `queue_full`. */
const MAX_OPERATIONS = 1_000_000;

/** So many reads, changes and questions of one node are under way at the same time; others wait. */
const UNDER_WAY = 1_024;

/** What an engine hands to others, since it is not about registers and sessions. */
export interface EngineHandlers {
  /** A question of genesis or of coming back. */
  genesis(from: string, header: Header, request: Request & GenesisRequest): void;
  /** A put for one of this node's processes. */
  handover(from: string, request: HandoverRequest): Promise<HandoverReply>;
  /** Something about a singleton; answered with `told` as often as wanted. */
  asked(from: string, life: Life, body: Uint8Array, tell: (body: Uint8Array) => void): void;
  /** Somebody lives under another genesis. */
  otherGenesis(from: string, header: Header): void;
  /** A member says that this node is none. */
  notAMember(from: string): void;
  /** Another process has taken this node's place. */
  replaced(): void;
  /** A member votes, in an incarnation that it was not seen in before. */
  memberVotes(member: string, incarnation: Life): void;
  /** A peer speaks another version of the format. */
  otherVersion(from: string, version: number): void;
}

/** How many frames came, went, and were refused. */
export interface FrameCounts {
  /** Handed to a transport. */
  sent: number;
  /** Arrived and well-formed. */
  received: number;
  /** Arrived and refused: malformed, of another version, or more at once than can be handled. */
  dropped: number;
}

/**
 * What all parts of a node share: its clock, what it knows of the cluster, its own vote, and the way
 * to the others. Frames come in by `receive`, and go out through the outbox; nothing else does.
 */
export class Engine {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly clock: LamportClock = new LamportClock();
  readonly unheard: UnheardCounters;
  readonly calls: Calls = new Calls();
  /** Reads, changes and questions to a quorum pass through here. */
  readonly gate: Gate = new Gate(UNDER_WAY);
  readonly frames: FrameCounts = { sent: 0, received: 0, dropped: 0 };
  /** How to reach one node alone. */
  readonly ways: Ways;
  /** Everything under way, to be ended when the node closes. */
  readonly operations: Set<Operation<unknown>> = new Set();
  readonly #outbox: Outbox;
  readonly #relay: Relay;
  readonly #handlers: EngineHandlers;
  #life: Life;
  #record: GenesisRecord | null = null;
  #voter: Voter | null = null;
  #vector: CrashVector;
  /** Why no operation can succeed, if that is known. */
  #hopeless: SynodError | undefined;
  /** The incarnation that each member was last seen in. */
  readonly #seen = new Map<string, Life>();
  #closed = false;

  /** An engine that knows nothing of its cluster yet. */
  constructor(
    settings: Settings,
    runtime: Runtime,
    life: Life,
    network: Network,
    handlers: EngineHandlers,
  ) {
    this.settings = settings;
    this.runtime = runtime;
    this.#life = life;
    this.#handlers = handlers;
    this.#vector = new CrashVector(settings.members.length);
    this.unheard = new UnheardCounters(this.clock, runtime);
    this.#outbox = new Outbox({
      self: settings.id,
      runtime,
      header: () => this.#header(),
      send: (to, frame) => {
        const bytes = encodeFrame(frame);
        this.frames.sent += to.length;
        for (const peer of to) network.send(peer, bytes);
      },
      loopback: (frame) => this.#handle(settings.id, frame),
    });
    const way = (to: string) => network.way(to);
    this.ways = new Ways({ self: settings.id, members: settings.members, runtime, way });
    this.#relay = new Relay({
      self: settings.id,
      runtime,
      way,
      send: (to, request) => this.#outbox.request(to, request),
      nextId: () => this.calls.next(),
    });
  }

  /** This node's id. */
  get self(): string {
    return this.settings.id;
  }

  /** The ids of the nodes that vote. */
  get members(): readonly string[] {
    return this.settings.members;
  }

  /** Whether this node is one of them. */
  get isMember(): boolean {
    return this.members.includes(this.self);
  }

  /** The id of this start of the node. */
  get life(): Life {
    return this.#life;
  }

  /** The genesis that this node lives under; `null` before it knows one. */
  get record(): GenesisRecord | null {
    return this.#record;
  }

  /** This node's vote, while it is an operational member. */
  get voter(): Voter | null {
    return this.#voter;
  }

  /** The highest incarnation heard of, for each member. */
  get vector(): readonly Life[] {
    return this.#vector.entries;
  }

  /** Why nothing can succeed, if that is known. */
  get hopeless(): SynodError | undefined {
    return this.#hopeless;
  }

  /** Whether nothing is sent any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Begins to live under `record`, without a vote. */
  enter(record: GenesisRecord): void {
    this.#record = record;
    this.#vector = new CrashVector(this.members.length);
    this.#vector.merge(record.lives);
    this.#hopeless = undefined;
    this.clock.observe(record.floor);
  }

  /** Votes from now on, and knows of the crashes in `vector`; unless another process has its place. */
  vote(voter: Voter, vector: readonly Life[]): void {
    this.#vector.merge(vector);
    this.#vector.raise(this.members.indexOf(this.self), voter.incarnation);
    this.#voter = voter;
    // It may have heard of a later process while it was coming back.
    this.#yield();
  }

  /** Has another life from now on, and what was said in the one before is not said any more. */
  relive(life: Life): void {
    this.#life = life;
    this.#outbox.clear();
  }

  /** Forgets everything that it agreed on, as a crash would. */
  forget(life: Life): void {
    this.#voter = null;
    this.#record = null;
    this.#vector = new CrashVector(this.members.length);
    this.relive(life);
  }

  /** Takes note of a crash: the member with this index announced a new incarnation. */
  raise(index: number, incarnation: Life): void {
    this.#vector.raise(index, incarnation);
  }

  /** Says why nothing can succeed any more, and ends what is under way. */
  despair(error: SynodError): void {
    this.#hopeless = error;
    this.endOperations(error);
  }

  /** Ends everything that is under way with `error`. */
  endOperations(error: SynodError): void {
    for (const operation of [...this.operations]) operation.reject(error);
  }

  /** Begins something that ends with the error of `late` at its deadline, and at once if it is hopeless. */
  operation<T>(limits: Limits, late: () => Error = noQuorum): Operation<T> {
    const operation = new Operation<T>(this.runtime, limits, this.operations, late);
    if (this.#hopeless !== undefined) operation.reject(this.#hopeless);
    else if (this.#closed) operation.reject(new SynodError("closed", "The node is closed"));
    else if (this.operations.size > MAX_OPERATIONS) operation.reject(tooMany());
    return operation;
  }

  /** Sends a request to each of `to`, this node itself included. */
  ask(to: readonly string[], request: Request): void {
    for (const member of to) this.#outbox.request(member, request);
  }

  /**
   * Sends a request to one node alone, by whatever way there is to it. It was sent so many times already
   * since anything was heard from there.
   */
  askOne(to: string, request: PersonalRequest, unanswered: number): void {
    this.#askBy(this.ways.choose(to, unanswered), to, request);
  }

  /** Sends a request to one node alone, and will not send it again if it is lost. */
  askOnce(to: string, request: PersonalRequest): void {
    this.#askBy(this.ways.once(to), to, request);
  }

  /** Has the member `via` pass on a request to one node. */
  relay(via: string, to: string, message: PersonalRequest): void {
    const load = { repliesTo: null, message };
    this.#outbox.request(via, { id: message.id, type: "relay", to, load });
  }

  /** Answers that life of `to`. */
  reply(to: string, life: Life, reply: Reply): void {
    this.#outbox.reply(to, life, reply);
  }

  /** Who gave a reply, if it is one that may be counted: a voting member under the same genesis. */
  sender(from: string, header: Header): Sender | undefined {
    if (this.#record === null || header.genesis !== this.#record.id) return undefined;
    if (header.incarnation === null) return undefined;
    return { member: from, incarnation: header.incarnation, vector: header.vector };
  }

  /** Whether `node` is no member, and not let in as a client either. */
  isStranger(node: string): boolean {
    return this.#record?.clients === false && this.#voter !== null && !this.members.includes(node);
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
    this.frames.received++;
    this.#handle(from, decoded.frame);
  }

  /** Sends what is waiting, and nothing after it. */
  close(): void {
    this.#closed = true;
    this.#outbox.flush();
    this.#outbox.close();
    this.calls.clear();
  }

  #askBy({ direct, via }: Choice, to: string, request: PersonalRequest): void {
    if (direct) this.#outbox.request(to, request);
    if (via !== undefined) this.relay(via, to, request);
  }

  #header(): Header {
    return {
      life: this.#life,
      clock: this.clock.counter,
      genesis: this.#record?.id ?? null,
      epoch: FIRST_EPOCH,
      incarnation: this.#voter?.incarnation ?? null,
      vector: this.#record === null ? [] : this.#vector.entries,
    };
  }

  #handle(from: string, { header, requests, repliesTo, replies }: Frame): void {
    this.clock.observe(header.clock);
    if (from !== this.self && this.members.includes(from)) this.unheard.heard();
    if (this.#record !== null && header.genesis === this.#record.id) {
      this.#learn(from, header);
    } else if (header.genesis !== null && this.#record !== null) {
      this.#handlers.otherGenesis(from, header);
    }
    for (const request of requests) this.#answer(from, header, request);
    if (repliesTo !== this.#life) return;
    for (const reply of replies) {
      if (reply.type === "notAMember") this.#handlers.notAMember(from);
      this.calls.receive(from, header, reply);
    }
  }

  /** Every frame tells of crashes; this node may learn that it was replaced. */
  #learn(from: string, header: Header): void {
    this.#vector.merge(header.vector);
    const index = this.members.indexOf(from);
    if (index >= 0 && header.incarnation !== null) {
      this.#vector.raise(index, header.incarnation);
      this.#see(from, header.incarnation);
    }
    this.#yield();
  }

  /** A member that knows of a later incarnation of itself never votes again. */
  #yield(): void {
    if (this.#voter === null) return;
    const own = this.#vector.entries[this.members.indexOf(this.self)];
    if (own > this.#voter.incarnation) {
      this.#voter = null;
      this.#outbox.clear();
      this.#handlers.replaced();
    }
  }

  #see(member: string, incarnation: Life): void {
    // An earlier one is an old frame, or an old process.
    if (incarnation <= (this.#seen.get(member) ?? "")) return;
    this.#seen.set(member, incarnation);
    this.#handlers.memberVotes(member, incarnation);
  }

  #answer(from: string, header: Header, request: Request): void {
    const { id } = request;
    const isEnquiry = request.type === "enquire";
    // Who enquires may have another list of members, and is told that rather.
    if (!isEnquiry && this.isStranger(from)) {
      this.reply(from, header.life, { id, type: "notAMember" });
      return;
    }
    switch (request.type) {
      case "ask":
      case "handover":
        if (header.genesis !== this.#record?.id) return;
        this.#serve(from, header.life, request, (reply) => this.reply(from, header.life, reply));
        return;
      case "relay":
        if (!this.isMember || header.genesis !== this.#record?.id) return;
        if (this.#relay.pass(from, header.life, request)) return;
        if (request.load.repliesTo !== null) return;
        this.reply(from, header.life, { id, type: "unreachable", to: request.to });
        return;
      case "relayed":
        // Anybody can claim to pass something on; members do not lie.
        if (!this.members.includes(from) || header.genesis !== this.#record?.id) return;
        this.#takeRelayed(from, header, request);
        return;
      case "enquire":
      case "incarnation":
      case "transfer":
        this.#handlers.genesis(from, header, request);
        return;
    }
    if (this.#voter === null || header.genesis !== this.#record?.id) return;
    if (header.epoch !== FIRST_EPOCH) return;
    const asker = { node: from, life: header.life };
    const { reply, pushes } = this.#voter.handle(request, asker, this.runtime.now());
    if (reply !== undefined) this.reply(from, header.life, reply);
    for (const { watcher, reply } of pushes) this.reply(watcher.node, watcher.life, reply);
  }

  /** Takes what the member `via` has passed on; an answer goes the same way back. */
  #takeRelayed(via: string, header: Header, { from, life, load }: RelayedRequest): void {
    if (this.isStranger(from)) return;
    this.ways.brought(from, via);
    if (load.repliesTo === null) {
      this.#serve(from, life, load.message, (message) => {
        const answer = { repliesTo: life, message };
        this.#outbox.request(via, { id: this.calls.next(), type: "relay", to: from, load: answer });
      });
    } else if (load.repliesTo === this.#life) {
      // Nothing that the member says of itself is meant as said by another.
      this.calls.receive(from, { ...header, life, incarnation: null }, load.message);
    }
  }

  /** Has somebody answer what that life of `from` asks this node alone. */
  #serve(
    from: string,
    life: Life,
    request: PersonalRequest,
    reply: (reply: PersonalReply) => void,
  ): void {
    const { id } = request;
    if (request.type === "ask") {
      const tell = (body: Uint8Array) => reply({ id, type: "told", body });
      return this.#handlers.asked(from, life, request.body, tell);
    }
    this.#handlers.handover(from, request).then(
      (handed) => reply({ id, ...handed }),
      // Silence is the one answer that is always true.
      () => {},
    );
  }
}

function tooMany(): SynodError {
  return new SynodError("queue_full", `${MAX_OPERATIONS} operations are under way already`);
}

/** The error of an operation that found no quorum in time. */
export function noQuorum(): SynodError {
  return new SynodError("no_quorum", "No quorum of the members answered in time");
}

/** Turns the error of an operation without a quorum into a result; throws all others. */
export function noQuorumResult(error: unknown): Result<never, "no_quorum"> {
  if (error instanceof SynodError && error.code === "no_quorum") {
    return { ok: false, error: "no_quorum" };
  }
  throw error;
}
