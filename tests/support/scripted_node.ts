import { assertEquals } from "@std/assert";
import { decodeFrame, encodeFrame, registerId } from "../../lib/codec.ts";
import type { Core } from "../../lib/node/core.ts";
import type { EngineHandlers } from "../../lib/node/engine/dispatcher.ts";
import { Engine } from "../../lib/node/engine/engine.ts";
import { wireCore } from "../../lib/cluster/wiring.ts";
import { checkOptions } from "../../lib/cluster/join_options.ts";
import type { RestOfFrame } from "../../lib/node/wire/intake.ts";
import type { Reachability } from "../../lib/node/wire/routes.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRecord, Header, Reply, Request } from "../../lib/paxos/messages.ts";
import type { RegisterChange } from "../../lib/paxos/change.ts";
import { CrashVector } from "../../lib/paxos/quorum.ts";
import type { RegisterId } from "../../lib/paxos/register.ts";
import { Voter, type VoterRequest, type VoterSettings } from "../../lib/paxos/voter.ts";
import type { AnySpec } from "../../lib/singletons/spec.ts";
import { VirtualTime } from "./virtual_time.ts";
import { showReply, showRequest } from "../paxos/support/notation.ts";
import { acceptRequest } from "./accept_request.ts";

/** The options of a scripted node. */
export interface ScriptOptions {
  /** Its id; by default that of a node that is not a member. */
  readonly self?: string;
  readonly sessionTtl?: number;
  readonly maxTtl?: number;
  readonly clients?: boolean;
  readonly hosts?: readonly AnySpec[];
  /** How it is connected to others; by default to all. */
  readonly way?: (to: string) => Reachability;
  /** Whether it begins without a session. */
  readonly withoutSession?: boolean;
  /** The time that each message to a singleton takes, in milliseconds. */
  readonly askTime?: number;
}

interface Member {
  voter: Voter;
  vector: CrashVector;
}

/** A request in transit to a member, or a reply in transit back. */
type Question = { readonly header: Header; readonly request: Request };
type Answer = { readonly header: Header; readonly reply: Reply };

/** The register that all scripts use. */
export const KEY: RegisterId = registerId("k", undefined, "key");

/** `change`, with its writes under an operation id in the format of the network. */
export function sendable<R>(change: RegisterChange<R>): RegisterChange<R> {
  return (current) => {
    const { draft, ...decision } = change(current);
    const op = `${life(8)}/${current.ballot.counter}`;
    return { ...decision, draft: draft?.present ? { ...draft, op } : draft };
  };
}

/** The life with the number that scripts use for it. */
export function life(number: number | string): Life {
  return String(number).padStart(20, "0");
}

/**
 * All layers of one node below its features, with members that the test controls: the script delivers, answers
 * or loses each of its messages. `trace` shows the deliveries: `a< prepare 5x` is a request that reaches a, `a>
 * promise 5x, none` the reply that reaches the node.
 */
export class ScriptedNode {
  readonly members: readonly string[] = ["a", "b", "c"];
  readonly time: VirtualTime = new VirtualTime();
  readonly trace: string[] = [];
  readonly engine: Engine;
  readonly core: Core;
  /** The events that the engine handed to others, by the name of the handler. */
  readonly handed: string[] = [];
  /** The registers that other nodes have asked this member to change. */
  readonly changing: RegisterId[] = [];
  /** The lives whose frames have arrived. */
  readonly heard: Life[] = [];
  /** The sessions that were lost, in order. */
  readonly lost: string[] = [];
  /** The frames that the node sent, as they left. */
  readonly frames: { readonly to: string; readonly frame: Uint8Array }[] = [];
  readonly record: GenesisRecord;
  /** The settings of all members' voters. */
  get voterSettings(): VoterSettings {
    return { members: this.members, maxKeys: 1_000, maxBytes: Infinity };
  }
  /** The lead of the node's wall clock, in milliseconds. */
  ahead = 0;
  /** The time that the work between two looks of the node at its clock takes, in milliseconds. */
  workTime = 0;
  #worked = 0;
  readonly #state = new Map<string, Member>();
  readonly #questions = new Map<string, Question[]>();
  readonly #answers = new Map<string, Answer[]>();
  /** The latest request to each member. */
  readonly #latest = new Map<string, Question>();

  /** A node that knows its cluster, and has a session that all members have granted. */
  static async start(options: ScriptOptions = {}): Promise<ScriptedNode> {
    const node = new ScriptedNode(options);
    node.engine.enter(node.record);
    if (options.withoutSession) return node;
    node.core.session.open();
    await node.ask(...node.members);
    node.trace.length = 0;
    return node;
  }

  constructor(options: ScriptOptions) {
    const { self = "x", sessionTtl = 5_000, maxTtl = 5_000, clients = true, hosts = [] } = options;
    const { way = () => "direct", askTime = 0 } = options;
    const transport = { open() {}, send() {}, close() {} };
    const settings = checkOptions({
      id: self,
      members: this.members,
      transport,
      sessionTtl,
      hosts,
    });
    const lives = this.members.map(() => life(1));
    this.record = { id: "g", lives, floor: 0, maxTtl, clients };
    for (const member of this.members) this.#begin(member, life(1));
    const wallNow = () => this.time.runtime.wallNow() + this.ahead;
    const now = () => this.time.runtime.now() + (this.#worked += this.workTime);
    const runtime = { ...this.time.runtime, now, wallNow };
    const send = (to: string, frame: Uint8Array) => this.#sent(to, frame);
    const engine = new Engine(
      settings,
      runtime,
      life(9),
      { send, reachability: way },
      this.#handlers(askTime),
    );
    this.engine = engine;
    this.core = wireCore(
      engine,
      {
        granted: () => {},
        lost: (session) => void this.lost.push(session),
        unanswered: () => {},
      },
      () => new Promise(() => {}),
    );
  }

  /** The voter of `member`. */
  voter(member: string): Voter {
    return this.#member(member).voter;
  }

  /**
   * All requests in transit to these members reach them, and their replies reach the node, one after the other.
   */
  async ask(...members: string[]): Promise<this> {
    for (const member of members) {
      await this.settle();
      await (await this.send(member)).hear(member);
    }
    return this;
  }

  /** All requests in transit to these members reach them; their replies are in transit. */
  async send(...members: string[]): Promise<this> {
    await this.settle();
    for (const member of members) {
      for (const { header, request } of this.#questions.get(member)?.splice(0) ?? []) {
        this.trace.push(`${member}< ${this.#names(showQuestion(request))}`);
        const asker = { node: this.engine.self, life: header.life };
        const { voter } = this.#member(member);
        const output = voter.handle(request as VoterRequest, asker, this.time.runtime.now());
        if (output.reply !== undefined) this.#answer(member, output.reply);
        for (const { reply } of output.pushes) this.#answer(member, reply);
      }
    }
    return this;
  }

  /** All replies in transit from these members reach the node. */
  async hear(...members: string[]): Promise<this> {
    for (const member of members) {
      for (const { header, reply } of this.#answers.get(member)?.splice(0) ?? []) {
        this.trace.push(`${member}> ${this.#names(showAnswer(reply))}`);
        this.receive(member, { header, replies: [reply] });
      }
      await this.settle();
    }
    return this;
  }

  /** All messages in transit to and from these members are lost. */
  async lose(...members: string[]): Promise<this> {
    await this.settle();
    for (const member of members) {
      this.#questions.get(member)?.splice(0);
      this.#answers.get(member)?.splice(0);
    }
    return this;
  }

  /** A rival, called `r`, has these members accept `text` at a ballot of this counter. */
  rival(counter: number, text: string, ...members: string[]): void {
    const ballot = { counter, life: RIVAL };
    const value = new TextEncoder().encode(text);
    const written = { token: counter, over: 0, op: `${RIVAL}/${counter}`, value };
    const state = { ...written, present: true, bindings: [], owners: [] } as const;
    for (const member of members) {
      const request = acceptRequest(KEY, ballot, state);
      const { pushes } = this.voter(member).handle(request, {
        node: "rival",
        life: RIVAL,
      }, this.time.runtime.now());
      for (const { reply } of pushes) this.#answer(member, reply);
    }
  }

  /** Another node has `member` handle a request; what that pushes to this node is in transit. */
  give(member: string, request: VoterRequest): void {
    const asker = { node: "rival", life: RIVAL };
    const { pushes } = this.voter(member).handle(request, asker, this.time.runtime.now());
    for (const { reply } of pushes) this.#answer(member, reply);
  }

  /** `member` answers its latest request with `reply`; `header` overrides fields of its header. */
  async reply(
    member: string,
    reply: Record<string, unknown> & { readonly type: Reply["type"] },
    header: Partial<Header> = {},
  ): Promise<this> {
    await this.settle();
    const id = this.#latest.get(member)?.request.id ?? 0;
    const full = { ...this.header(member), ...header };
    this.receive(member, { header: full, replies: [{ id, ...reply } as Reply] });
    await this.settle();
    return this;
  }

  /** A frame reaches the node, which returns what is left of it. */
  receive(from: string, { header = this.header(from), requests = [], replies = [], repliesTo }: {
    readonly header?: Header;
    readonly requests?: readonly Request[];
    readonly replies?: readonly Reply[];
    readonly repliesTo?: Life;
  }): RestOfFrame | void {
    const to = repliesTo ?? this.engine.life;
    const frame = encodeFrame({ header, requests, repliesTo: to, replies });
    return this.engine.receive(from, frame, this.engine.runtime.now());
  }

  /** The header of the frames of `member`. */
  header(member: string): Header {
    const { voter, vector } = this.#member(member);
    return {
      life: voter.incarnation,
      clock: 0,
      genesis: "g",
      epoch: 0,
      incarnation: voter.incarnation,
      vector: vector.entries,
    };
  }

  /** `member` comes back empty, in another incarnation, which these members know. */
  crash(member: string, incarnation: number, ...known: string[]): void {
    const { vector } = this.#member(member);
    this.#begin(member, life(incarnation));
    this.#member(member).vector.merge(vector.entries);
    const index = this.members.indexOf(member);
    for (const other of [member, ...known]) {
      this.#member(other).vector.raise(index, life(incarnation));
    }
  }

  /** The requests in transit to `member`. */
  async asked(member: string): Promise<Request[]> {
    await this.settle();
    return (this.#questions.get(member) ?? []).map(({ request }) => request);
  }

  /** Lets the node do the work that it has deferred to the end of its turn. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  /** Fails unless the trace since the last time is this, apart from indentation and empty lines. */
  expect(transcript: string): void {
    const lines = transcript.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    assertEquals(this.trace.splice(0), lines);
  }

  #begin(member: string, incarnation: Life): void {
    const vector = new CrashVector(this.members.length);
    vector.merge(this.record.lives);
    this.#state.set(member, {
      voter: new Voter(this.record, incarnation, this.voterSettings),
      vector,
    });
  }

  #member(member: string): Member {
    const state = this.#state.get(member);
    if (state === undefined) throw new Error(`there is no member ${member}`);
    return state;
  }

  #answer(member: string, reply: Reply): void {
    const answers = this.#answers.get(member) ?? [];
    answers.push({ header: this.header(member), reply });
    this.#answers.set(member, answers);
  }

  #sent(to: string, bytes: Uint8Array): void {
    this.frames.push({ to, frame: bytes });
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) throw new Error("it sent what is no frame");
    const { header, requests } = decoded.frame;
    const questions = this.#questions.get(to) ?? [];
    for (const request of requests) {
      questions.push({ header, request });
      this.#latest.set(to, { header, request });
    }
    this.#questions.set(to, questions);
  }

  #handlers(askTime: number): EngineHandlers {
    const note = (what: string) => void this.handed.push(what);
    return {
      genesis: (from, _header, request) => note(`${request.type} of ${from}`),
      change: (from, _header, request) => note(`${request.type} of ${from}`),
      moved: (event) => note(`moved: ${event ?? "on"}`),
      handover: (from) => {
        note(`handover of ${from}`);
        return Promise.resolve({ type: "handed", outcome: "no_quorum" });
      },
      asked: (from) => {
        note(`asked by ${from}`);
        this.time.stall(askTime);
      },
      changing: (register) => void this.changing.push(register),
      otherGenesis: (from) => note(`otherGenesis of ${from}`),
      behind: () => this.core.askAgain(),
      notAMember: (from) => note(`notAMember by ${from}`),
      replaced: () => note("replaced"),
      memberVotes: (member) => {
        note(`${member} votes`);
        this.core?.watches.memberVotes(member);
      },
      memberRestarted: () => this.core?.watches.memberRestarted(),
      heard: (life) => void this.heard.push(life),
      tookLife: () => {},
      otherVersion: (from) => note(`otherVersion of ${from}`),
      failed: (error) => note(`failed: ${error}`),
      broken: (error) => note(`broken: ${error.message}`),
    };
  }

  /** The node's own life is `x`, that of its rival `r`. */
  #names(text: string): string {
    return text.replaceAll(this.engine.life, "x").replaceAll(RIVAL, "r");
  }
}

function showQuestion(request: Request): string {
  return isAboutRegister(request.type)
    ? showRequest(request as Parameters<typeof showRequest>[0])
    : request.type;
}

function showAnswer(reply: Reply): string {
  return isAboutRegister(reply.type)
    ? showReply(reply as Parameters<typeof showReply>[0])
    : reply.type;
}

const RIVAL: Life = life("r");

const ABOUT_REGISTERS = [
  ...["prepare", "accept", "read", "forget", "list"],
  ...["promise", "nack", "accepted", "current", "full", "learned"],
];

function isAboutRegister(type: string): boolean {
  return ABOUT_REGISTERS.includes(type);
}
