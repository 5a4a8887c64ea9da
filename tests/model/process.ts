import type { Life } from "../../lib/paxos/ballot.ts";
import type { Genesis, GenesisEvent, Outgoing } from "../../lib/paxos/genesis.ts";
import type { GivingUp } from "../../lib/paxos/giving_up.ts";
import type {
  GenesisRecord,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "../../lib/paxos/messages.ts";
import type { Incarnations, KnownIncarnations } from "../../lib/paxos/incarnations.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import type { Recovery, RecoveryEvent } from "../../lib/paxos/recovery.ts";
import type { Voter } from "../../lib/paxos/voter.ts";
import type { Actor } from "./automaton.ts";
import { FIRST_NUMBER } from "./fingerprint.ts";
import type { Paxos } from "./paxos.ts";
import {
  headerOf,
  type ProcessAttributes,
  type ProcessInput,
  type ProcessOutput,
} from "./process_io.ts";

/** An output before it gets its header at the end of the turn. */
type Unsent<Output = ProcessOutput> = Output extends { header: Header } ? Omit<Output, "header">
  : Output;

/**
 * A process of a member: the machines of the shipping core, connected as in `lib/node`, but without time and
 * network.
 */
export class Process implements Actor<ProcessInput, ProcessOutput> {
  readonly #paxos: Paxos;
  readonly members: readonly string[];
  member = -1;
  life: Life = "";
  wall = 0;
  now = 0;
  vector: Incarnations;
  record: GenesisRecord | null = null;
  genesis: Genesis | null = null;
  recovery: Recovery | null = null;
  givingUp: GivingUp | null = null;
  voter: Voter | null = null;
  closed = false;
  #numbers = FIRST_NUMBER;
  #outputs: Unsent[] = [];
  /** The numbers of all questions of a round of genesis or of giving up. */
  readonly #rounds = new Set<number>();

  /** A process that does not run yet. */
  constructor(paxos: Paxos, members: readonly string[]) {
    this.#paxos = paxos;
    this.members = members;
    this.vector = new paxos.Incarnations();
  }

  get #voterSettings() {
    return { members: this.members, maxKeys: 10, maxBytes: Infinity };
  }

  /** The attributes that other parts need. */
  get attributes(): ProcessAttributes {
    const { life, record } = this;
    const state = this.closed ? "closed" : this.genesis?.state ?? "idle";
    const incarnation = this.voter?.incarnation ?? null;
    const size = this.voter?.acceptor.size ?? 0;
    return { state, life, incarnation, vector: this.vector.entries, record, size };
  }

  /** Handles one input; the headers of its outputs have the knowledge after it, as in one turn of a node. */
  handle(input: ProcessInput): ProcessOutput[] {
    this.#outputs = [];
    if (!this.closed) this.#handle(input);
    if (this.closed) return [];
    const header = this.#header();
    return this.#outputs.map((output) => {
      switch (output.out) {
        case "question":
          return { ...output, header: headerOf(header, output.request) };
        case "reply":
          return { ...output, header: headerOf(header, output.reply) };
        default:
          return output;
      }
    });
  }

  #handle(input: ProcessInput): void {
    if (input.do === "boot") return this.#boot(input);
    if (this.genesis === null) return;
    switch (input.do) {
      case "tick":
        return this.#tick();
      case "ticks":
        return this.#ticks();
      case "recoveryTick":
        return this.#send(this.recovery?.tick() ?? []);
      case "doubt":
        return this.#doubt();
      case "age": {
        this.now += this.#paxos.PROMISE_TTL;
        // Any request makes the acceptor drop old promises first.
        const nothing = { type: "list", prefix: "nothing", after: "" } as const;
        this.voter?.acceptor.handle(nothing, { node: "", life: "" }, this.now);
        return;
      }
      case "crash":
        return this.#close();
      case "hear":
        return this.#learn(input.from, input.header);
      case "question":
        this.#learn(input.from, input.header);
        if (this.closed) return;
        return this.#answer(input.from, input.header, input.request);
      case "reply":
        this.#learn(input.from, input.header);
        if (this.closed) return;
        return this.#receive(input.from, input.header, input.reply);
      case "ask":
        return this.#vote(input);
    }
  }

  #boot(input: ProcessInput & { do: "boot" }): void {
    const { member, life, wall, record } = input;
    this.member = member;
    this.life = life;
    this.wall = wall;
    this.genesis = this.#newGenesis();
    if (record === null) return;
    // It answers the second round of the member that made the record, then asks for the record.
    const [first] = this.members;
    const header = { ...this.#header(), life: record.lives[0] };
    const { members } = this;
    if (record.lives[member] === life && member !== 0) {
      const question = { type: "enquire", members, purpose: "genesis", round: 2 } as const;
      this.genesis.answer(first, header, question, this.#reading());
    }
    const { ask } = this.genesis.tick(this.#reading());
    const reply = { id: ask[0].request.id, type: "record", members, record } as const;
    this.#act(this.genesis.receive(first, header, reply, this.#reading()).event);
  }

  #newGenesis(): Genesis {
    return new this.#paxos.Genesis({
      self: this.#self,
      members: this.members,
      life: this.life,
      clock: new this.#paxos.LamportClock(),
      nextId: () => this.#nextNumber(),
      maxTtl: 1,
      clients: false,
    });
  }

  #newRecovery(record: GenesisRecord): Recovery {
    return new this.#paxos.Recovery({
      self: this.#self,
      configuration: this.#paxos.firstConfiguration(this.members, record.lives),
      life: this.life,
      genesis: record.id,
      nextId: () => this.#nextNumber(),
      lifeAfter,
      readConfiguration: () => null,
      // No process waits for its turn: processes that have not heard of each other have the same runs.
      isItsTurn: () => true,
    });
  }

  #tick(): void {
    const { ask, event } = this.genesis!.tick(this.#reading());
    this.#send(ask);
    this.#send(this.recovery?.tick() ?? []);
    this.#act(event);
  }

  #ticks(): void {
    const round = () =>
      this.#outputs.findLast((output) =>
        output.out === "question" && output.request.type === "enquire" &&
        output.request.purpose === "genesis"
      );
    this.#tick();
    const first = round();
    if (first?.out !== "question") return;
    for (let last = first; last.request.id === first.request.id;) {
      this.#outputs = [];
      this.#tick();
      last = round() as typeof first;
    }
  }

  #doubt(): void {
    if (this.voter === null || this.record === null) return;
    this.givingUp = new this.#paxos.GivingUp({
      self: this.#self,
      members: this.members,
      configuration: this.#paxos.firstConfiguration(this.members, this.record.lives),
      life: this.life,
      genesis: this.record.id,
      isUndecided: () => false,
      nextId: () => this.#nextNumber(),
    });
    this.#send(this.givingUp.questions());
  }

  #answer(from: string, header: Header, request: Request & GenesisRequest): void {
    const { id } = request;
    const { reply, event, voids } = this.genesis!.answer(from, header, request, this.#reading());
    if (voids) this.recovery?.restart();
    const answer = reply ?? this.#help(from, header, request);
    if (answer !== undefined) {
      const reply = { id, ...answer };
      this.#outputs.push({ out: "reply", to: from, life: header.life, reply });
    }
    this.#act(event);
  }

  #help(from: string, header: Header, request: GenesisRequest) {
    const { voter, record, members, vector: incarnations } = this;
    if (voter === null || record === null || header.genesis !== record.id) return undefined;
    const configuration = this.#paxos.firstConfiguration(members, record.lives);
    return this.#paxos.help(
      { voter, configuration, incarnations },
      from,
      header,
      request,
      this.now,
      () => null,
    );
  }

  #receive(from: string, header: Header, reply: Reply): void {
    // A record also ends a round, and a count of lost members. Here both may end at any time by themselves, and
    // any reply may be lost: so it is enough that records in answer to a question for the record arrive.
    if (reply.type === "record" && this.#rounds.has(reply.id)) return;
    const { ask, event } = this.genesis!.receive(from, header, reply, this.#reading());
    this.#send(ask);
    this.#act(event);
    if (this.recovery !== null) {
      const { ask, event } = this.recovery.receive(from, header, reply);
      this.#send(ask);
      this.#actOnRecovery(event);
    }
    if (this.givingUp !== null) {
      const { ask, allIsLost } = this.givingUp.receive(from, header, reply);
      this.#send(ask);
      if (allIsLost) this.#giveUp();
    }
  }

  #act(event: GenesisEvent | undefined): void {
    switch (event?.type) {
      case "operational": {
        const { record } = event;
        this.#enter(record);
        this.#begin(new this.#paxos.Voter(record, this.life, this.#voterSettings));
        if (this.member === 0 && record.id === this.life) {
          this.#outputs.push({ out: "made", record });
        } else this.#outputs.push({ out: "entered", record, recovered: false });
        return;
      }
      case "recover":
        this.#enter(event.record);
        this.recovery = this.#newRecovery(event.record);
        return this.#send(this.recovery.tick());
      case "changeLife":
        this.#changeLife(this.life + "g");
        this.genesis!.changeLife(this.life);
        if (this.recovery !== null) this.recovery = this.#newRecovery(this.record!);
        return this.#tick();
      case "replaced":
        this.#close();
    }
  }

  #actOnRecovery(event: RecoveryEvent | undefined): void {
    switch (event?.type) {
      case "changeLife":
        this.#changeLife(event.life);
        this.genesis!.changeLife(event.life);
        return this.#send(this.recovery!.tick());
      case "replaced":
        return this.#close();
      case "recovered": {
        const { memory } = event;
        const record = this.record!;
        const voter = this.#paxos.Voter.recovered(record, memory, this.#voterSettings, this.now);
        this.genesis!.placed("operational", record);
        this.#begin(voter, memory.known);
        if (this.closed) return;
        this.#outputs.push({ out: "entered", record, recovered: true });
      }
    }
  }

  #enter(record: GenesisRecord): void {
    this.record = record;
    this.vector = new this.#paxos.Incarnations();
    this.vector.follow(this.#paxos.firstConfiguration(this.members, record.lives));
  }

  #begin(voter: Voter, known: KnownIncarnations = []): void {
    this.recovery = null;
    this.vector.raiseAll(known);
    this.vector.raise(this.#self, voter.incarnation);
    this.voter = voter;
    // This node may have heard of a later process during its recovery.
    if (this.#isReplaced()) this.#close();
  }

  /** Takes a new life; outputs of the previous life are dropped. */
  #changeLife(life: Life): void {
    this.life = life;
    this.#outputs = [];
  }

  #giveUp(): void {
    if (this.givingUp!.isSucceeded) return this.#close();
    const record = this.record!;
    this.givingUp = null;
    this.recovery = null;
    this.voter = null;
    this.record = null;
    this.vector = new this.#paxos.Incarnations();
    this.#changeLife(this.life + "g");
    this.genesis = this.#newGenesis();
    this.#outputs.push({ out: "gaveUp", record });
  }

  /** Closes the process, and clears its memory. */
  #close(): void {
    Object.assign(this, new Process(this.#paxos, this.members), { closed: true });
  }

  #vote({ client, question, request, vector }: ProcessInput & { do: "ask" }): void {
    if (this.voter === null) return;
    this.vector.merge(vector);
    if (this.#isReplaced()) return this.#close();
    const asker = { node: `client ${client}`, life: "" };
    const { reply } = this.voter.acceptor.handle(request, asker, this.now);
    if (reply === undefined) return;
    const { member, incarnation, vector: known } = this.#sender();
    const sender = { member, incarnation, vector: known };
    this.#outputs.push({ out: "answer", client, question, sender, reply });
  }

  /** Learns of crashes from a header; the process may learn that it was replaced. */
  #learn(from: string, header: Header): void {
    if (this.record === null || header.genesis !== this.record.id) return;
    this.vector.merge(header.vector);
    if (header.incarnation !== null) {
      this.vector.raise(from, header.incarnation);
    }
    if (this.#isReplaced()) this.#close();
  }

  #isReplaced(): boolean {
    return this.voter !== null && this.vector.of(this.#self) > this.voter.incarnation;
  }

  #send(ask: readonly Outgoing[]): void {
    for (const { to, request } of ask) {
      if (request.type === "enquire" && request.purpose !== "record") this.#rounds.add(request.id);
      this.#outputs.push({ out: "question", to, request });
    }
  }

  #header(): Header {
    return {
      life: this.life,
      clock: 0,
      genesis: this.record?.id ?? null,
      epoch: 0,
      incarnation: this.voter?.incarnation ?? null,
      vector: this.record === null ? [] : this.vector.entries,
    };
  }

  #sender(): Sender {
    const { incarnation } = this.voter!;
    return { member: this.#self, incarnation, vector: this.vector.entries };
  }

  get #self(): string {
    return this.members[this.member];
  }

  #reading() {
    return { now: this.now, wall: this.wall };
  }

  #nextNumber(): number {
    return ++this.#numbers;
  }
}

/** A life just above another one, and below the lives of all later starts. */
function lifeAfter(life: Life): Life {
  return life + "+";
}
