import type { Acceptor } from "../../../lib/paxos/acceptor.ts";
import type { Ballot, LamportClock, Life } from "../../../lib/paxos/ballot.ts";
import { compareBallots } from "../../../lib/paxos/ballot.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { Inheritance } from "../../../lib/paxos/inheritance.ts";
import type { Learner } from "../../../lib/paxos/learner.ts";
import type { RegisterCopy, RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { KeptPromise, Proposer, Step } from "../../../lib/paxos/proposer.ts";
import type { CrashVector, Sender } from "../../../lib/paxos/quorum.ts";
import type { Actor } from "../automaton.ts";
import { contentOf, REGISTER, valueOf } from "../client.ts";
import type { Paxos } from "../paxos.ts";

/** A write of a node: it appends its letter, unless that is there. */
export interface Write {
  readonly letter: string;
  /** The life that gets the promise of the next ballot. */
  readonly heir?: Life;
  /** Whether it begins with a fast round, where the node knows nothing. */
  readonly fast?: boolean;
  /** The ballots that it may use, without kept ones. */
  readonly attempts: number;
}

/** A node that writes, and takes what others hand on to it. */
export interface WriterOptions {
  /** Its life. */
  readonly name: Life;
  readonly writes: readonly Write[];
  /** The initial value of its clock. */
  readonly clock?: number;
  /** The distance of a fallback above the clock. Default: there is none. */
  readonly slack?: number;
  /** Whether a write may end without an outcome. */
  readonly givesUp?: boolean;
  /** A fault that is not in the machines. */
  readonly broken?: "a promise that was handed on is taken twice";
}

/** What a writer gets. */
export type WriterInput =
  /** It begins its next write, or another attempt at the running one. */
  | { readonly do: "start" }
  /** The running write ends without an outcome. */
  | { readonly do: "giveUp" }
  | { readonly do: "answer"; readonly sender: Sender; readonly reply: RegisterReply }
  | { readonly do: "push"; readonly sender: Sender; readonly reply: Pushed };

/** What an acceptor pushes. */
export type Pushed = RegisterReply & { readonly type: "learned" | "nack" };

/** What a writer says. */
export type WriterOutput =
  | { readonly out: "ask"; readonly request: RegisterRequest }
  /** It knows that this content is chosen. */
  | { readonly out: "chosen"; readonly ballot: Ballot; readonly content: string }
  /** It takes a promise that was handed on to it. */
  | { readonly out: "inherits" }
  /** It does not use its promise, which a rival has taken. */
  | { readonly out: "drops" };

/** What the search has to know of a writer. */
export interface WriterAttributes {
  readonly canStart: boolean;
  readonly canGiveUp: boolean;
  /** Its open question. */
  readonly request: RegisterRequest | null;
}

/** A node that writes one register in the way of `lib/node`. */
export class Writer implements Actor<WriterInput, WriterOutput> {
  readonly #paxos: Paxos;
  readonly #options: WriterOptions;
  readonly #members: readonly string[];
  clock: LamportClock;
  learner: Learner;
  inheritance: Inheritance;
  proposer: Proposer<null> | null = null;
  kept: KeptPromise | null = null;
  request: RegisterRequest | null = null;
  write = -1;
  attempts = 0;
  #outputs: WriterOutput[] = [];

  constructor(paxos: Paxos, options: WriterOptions, members: readonly string[]) {
    this.#paxos = paxos;
    this.#options = options;
    this.#members = members;
    this.clock = new paxos.LamportClock();
    this.clock.observe(options.clock ?? 0);
    this.learner = new paxos.Learner(members);
    this.inheritance = new paxos.Inheritance(this.clock);
  }

  get attributes(): WriterAttributes {
    const isRunning = this.proposer !== null;
    const next = this.#options.writes[this.write + 1];
    const isLeft = next !== undefined && (this.kept !== null || next.attempts > 0);
    return {
      canStart: isRunning ? this.attempts > 0 : isLeft,
      canGiveUp: isRunning && this.#options.givesUp === true,
      request: this.request,
    };
  }

  handle(input: WriterInput): WriterOutput[] {
    this.#outputs = [];
    if (input.do === "start") this.#start();
    else if (input.do === "giveUp") this.#end();
    else if (input.do === "push") this.#push(input.sender, input.reply);
    else if (this.proposer !== null && this.request !== null) {
      const { reply, sender } = input;
      const step = this.proposer.receive(this.request, sender, reply);
      if (step !== undefined) this.#do(step);
    }
    return this.#outputs;
  }

  #start(): void {
    if (this.proposer !== null) {
      this.attempts--;
      return this.#do(this.proposer.start());
    }
    const { slack, writes, name, broken } = this.#options;
    const { letter, heir, fast, attempts } = writes[++this.write];
    const op = `${name}/${this.write}`;
    const change: RegisterChange<null> = ({ state }) => {
      const before = contentOf(state);
      if (before.includes(letter)) return { draft: null, result: null };
      const value = valueOf(before + letter, false);
      const draft = { present: true, op, value, bindings: [], owners: [] } as const;
      return { draft, result: null, heir };
    };
    const { clock } = this;
    const members = this.#members;
    this.proposer = new this.#paxos.Proposer({
      ...{ register: REGISTER, members, clock, life: name, change },
    });
    this.attempts = attempts;
    const { kept } = this;
    if (broken === undefined) this.kept = null;
    if (kept !== null) {
      const fallback = slack === undefined ? null : clock.counter + slack;
      return this.#do(this.proposer.startKept(kept, fallback));
    }
    this.attempts--;
    const first = fast === true ? this.proposer.startFast() : undefined;
    this.#do(first ?? this.proposer.start());
  }

  #do(step: Step<null>): void {
    switch (step.do) {
      case "send":
        this.request = step.request;
        this.inheritance.sends(step.request);
        this.#outputs.push({ out: "ask", request: step.request });
        return;
      case "retry":
      case "restart":
        // It need not wait: the answers that led here may come as late as the wait would end.
        return this.attempts > 0 ? this.#start() : this.#end();
      case "done": {
        const { ballot, state } = step.chosen;
        this.#outputs.push({ out: "chosen", ballot, content: contentOf(state) });
        const { kept } = this.proposer!;
        if (kept !== undefined) this.#keep(kept);
        return this.#end();
      }
      case "full":
        throw new Error("there is room for one register");
    }
  }

  #push(sender: Sender, reply: Pushed): void {
    if (reply.type === "nack") {
      if (this.kept === null || compareBallots(reply.promised, this.kept.ballot) <= 0) return;
      this.kept = null;
      this.#outputs.push({ out: "drops" });
      return;
    }
    const { ballot, state, fast, heir } = reply;
    const learned = this.learner.receive(sender, ballot, state, fast, heir);
    if (learned === undefined) return;
    this.#outputs.push({ out: "chosen", ballot, content: contentOf(learned.state) });
    if (this.kept !== null && compareBallots(ballot, this.kept.ballot) >= 0) this.kept = null;
    const kept = this.inheritance.take(learned, this.#options.name);
    if (kept === undefined) return;
    this.#outputs.push({ out: "inherits" });
    this.#keep(kept);
  }

  #keep(kept: KeptPromise): void {
    if (this.kept !== null && compareBallots(this.kept.ballot, kept.ballot) > 0) return;
    this.kept = kept;
  }

  #end(): void {
    this.proposer = null;
    this.request = null;
    this.attempts = 0;
  }
}

/** What a member gets. */
export type MemberInput =
  | { readonly do: "ask"; readonly from: number; readonly request: RegisterRequest }
  /** Its memory is lost, and it takes over what the others tell in its new life. */
  | {
    readonly do: "recover";
    readonly incarnation: Life;
    readonly told: readonly {
      readonly registers: readonly RegisterCopy[];
      readonly floor: number;
      readonly vector: readonly Life[];
    }[];
  }
  /** It learns of the new life of another member. */
  | { readonly do: "raise"; readonly member: number; readonly incarnation: Life };

/** What a member says. */
export type MemberOutput =
  | {
    readonly out: "answer";
    readonly to: number;
    readonly sender: Sender;
    readonly reply: RegisterReply;
    readonly request: RegisterRequest;
  }
  | { readonly out: "push"; readonly to: number; readonly sender: Sender; readonly reply: Pushed };

/** What the search has to know of a member. */
export interface MemberAttributes {
  readonly registers: readonly RegisterCopy[];
  readonly floor: number;
  readonly vector: readonly Life[];
}

/** The life of each member at the beginning. */
export const FIRST_LIFE: Life = "1";

/** A member that votes. */
export class Member implements Actor<MemberInput, MemberOutput> {
  readonly #paxos: Paxos;
  readonly #member: number;
  readonly #members: readonly string[];
  readonly #watchers: readonly (readonly [writer: number, life: Life])[];
  acceptor: Acceptor;
  vector: CrashVector;

  /** `watchers`: the writers that it pushes to, and as whom it knows them. */
  constructor(
    paxos: Paxos,
    member: number,
    members: readonly string[],
    watchers: readonly (readonly [writer: number, life: Life])[],
  ) {
    this.#paxos = paxos;
    this.#member = member;
    this.#members = members;
    this.#watchers = watchers;
    this.acceptor = this.#newAcceptor(0);
    this.vector = new paxos.CrashVector(members.length);
    members.forEach((_, at) => this.vector.raise(at, FIRST_LIFE));
  }

  get attributes(): MemberAttributes {
    const { registers } = this.acceptor.copy("");
    return { registers, floor: this.acceptor.floor, vector: this.vector.entries };
  }

  handle(input: MemberInput): MemberOutput[] {
    if (input.do === "raise") {
      this.vector.raise(input.member, input.incarnation);
      return [];
    }
    if (input.do === "recover") {
      this.#recover(input);
      return [];
    }
    const { from, request } = input;
    const sender = this.#sender;
    const { reply, pushes } = this.acceptor.handle(request, { node: `${from}`, life: "" }, 0);
    const outputs: MemberOutput[] = [];
    if (reply !== undefined) outputs.push({ out: "answer", to: from, sender, reply, request });
    for (const { watcher, reply } of pushes) {
      outputs.push({ out: "push", to: Number(watcher.node), sender, reply: reply as Pushed });
    }
    return outputs;
  }

  get #sender(): Sender {
    const { entries } = this.vector;
    const [member, incarnation] = [this.#members[this.#member], entries[this.#member]];
    return { member, incarnation, vector: entries };
  }

  #newAcceptor(floor: number): Acceptor {
    const acceptor = new this.#paxos.Acceptor({
      ...{ floor, maxKeys: 10, maxBytes: Infinity, isStale: () => false },
    });
    for (const [node, life] of this.#watchers) {
      acceptor.handle({ type: "watch", register: REGISTER }, { node: `${node}`, life }, 0);
    }
    return acceptor;
  }

  /** As section 7 says, in one step: without votes of fast rounds. */
  #recover({ incarnation, told }: MemberInput & { readonly do: "recover" }): void {
    const floor = Math.max(...told.map((one) => one.floor));
    const all = told.flatMap(({ registers }) => registers);
    this.acceptor = this.#newAcceptor(floor);
    for (const { vector } of told) this.vector.merge(vector);
    this.vector.raise(this.#member, incarnation);
    if (all.length === 0) return;
    const promised = all.map((one) => one.promised).reduce((a, b) =>
      compareBallots(a, b) < 0 ? b : a
    );
    const accepted = all.map((one) => one.accepted).reduce((a, b) =>
      a === null || (b !== null && compareBallots(a.ballot, b.ballot) < 0) ? b : a
    );
    this.acceptor.adopt([{ register: REGISTER, promised, accepted }], floor, 0);
  }
}
