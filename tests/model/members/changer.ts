import type { LamportClock } from "../../../lib/paxos/ballot.ts";
import type { Configuration } from "../../../lib/paxos/configuration.ts";
import type {
  ConfigurationReply,
  ConfigurationRequest,
} from "../../../lib/paxos/configuration_messages.ts";
import type { ConfigurationNews, Incarnations } from "../../../lib/paxos/incarnations.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { MemberChange } from "../../../lib/paxos/member_change.ts";
import type { Header, RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { Proposer, Step } from "../../../lib/paxos/proposer.ts";
import type { Actor } from "../automaton.ts";
import { valueOf } from "../client.ts";
import { FIRST_NUMBER } from "../fingerprint.ts";
import type { Paxos } from "../paxos.ts";
import { configurationIn, sorted, TTL } from "./member.ts";

/** One change; `finish` goes on with what was begun. */
export type Change = { readonly add: string } | { readonly remove: string } | "finish";

/** Options of a changer. */
export interface ChangerOptions {
  readonly name: string;
  readonly changes: readonly Change[];
  /** The number of ballots that it may use for each register that it writes. */
  readonly attempts: number;
  /** The initial value of its clock. */
  readonly clock: number;
  /** Whether it may stop to wait for a new node. */
  readonly abandons: boolean;
  /** Whether time counts: it waits before it settles. */
  readonly waits: boolean;
}

/** An input of a changer. */
export type ChangerInput =
  /** It begins its next change, or another attempt. */
  | { do: "start"; now: number }
  /** It stops to wait for the new node. */
  | { do: "abandon" }
  | { do: "hear"; news: ConfigurationNews; now: number }
  /** A member answers about a register. */
  | { do: "voted"; from: string; header: Header; reply: RegisterReply; now: number }
  /** A node answers a question of the change, of this kind. */
  | {
    do: "answered";
    kind: ConfigurationRequest["type"];
    from: string;
    header: Header;
    reply: ConfigurationReply;
    now: number;
  };

/** What other parts need to know of a changer. */
export interface ChangerAttributes {
  readonly configuration: Configuration;
  /** What it tells. */
  readonly news: ConfigurationNews;
  /** The request about a register that it waits for answers to. */
  readonly request: RegisterRequest | null;
  readonly canStart: boolean;
  readonly canAbandon: boolean;
  readonly questions: readonly { readonly to: string; readonly request: ConfigurationRequest }[];
}

/** The register of the configuration. */
export const CONFIGURATION = "c\xf6\xf6";

/** A client that changes the members. */
export class Changer implements Actor<ChangerInput, RegisterRequest> {
  readonly #paxos: Paxos;
  readonly #options: ChangerOptions;
  readonly #first: Configuration;
  configuration: Configuration;
  readonly incarnations: Incarnations;
  readonly clock: LamportClock;
  change: MemberChange | null = null;
  begun = 0;
  proposer: Proposer<Configuration | null> | null = null;
  /** What the proposer writes: the configuration, or a register of the sweep. */
  writes = "";
  attempts = 0;
  request: RegisterRequest | null = null;
  questions: { to: string; request: ConfigurationRequest & { id: number } }[] = [];
  #numbers = FIRST_NUMBER;
  #outputs: RegisterRequest[] = [];

  /** A changer that knows `first`. */
  constructor(paxos: Paxos, options: ChangerOptions, first: Configuration) {
    this.#paxos = paxos;
    this.#options = options;
    this.#first = first;
    this.configuration = first;
    this.incarnations = new paxos.Incarnations();
    this.incarnations.follow(first);
    this.clock = new paxos.LamportClock();
    this.clock.observe(options.clock);
  }

  get attributes(): ChangerAttributes {
    const { configuration, request, change, questions } = this;
    const isWaiting = this.#isWaiting();
    const canBegin = change === null && this.begun < this.#options.changes.length &&
      configuration.settled !== (this.#options.changes[this.begun] === "finish");
    return {
      configuration,
      news: this.#news(),
      request,
      canStart: canBegin || isWaiting || (this.proposer !== null && this.attempts > 0),
      canAbandon: this.#options.abandons && change?.isCopying === true,
      questions: questions.map(({ to, request: { id: _, ...request } }) => ({ to, request })),
    };
  }

  handle(input: ChangerInput): RegisterRequest[] {
    this.#outputs = [];
    switch (input.do) {
      case "start":
        this.#start();
        break;
      case "abandon":
        this.change?.abandon();
        break;
      case "hear":
        this.#hear(input.news);
        break;
      case "voted":
        this.#voted(input);
        break;
      case "answered":
        this.#answered(input);
    }
    this.#goOn("now" in input ? input.now : 0);
    return this.#outputs;
  }

  /** Whether only time keeps it from settling. */
  #isWaiting(): boolean {
    const { change, proposer, questions } = this;
    return this.#options.waits && change !== null && proposer === null && questions.length === 0;
  }

  #start(): void {
    if (this.proposer !== null) {
      if (this.attempts === 0) return;
      this.attempts--;
      return this.#do(this.proposer.start());
    }
    if (this.change !== null || this.begun === this.#options.changes.length) return;
    const change = this.#options.changes[this.begun];
    const { configuration } = this;
    if (configuration.settled === (change === "finish")) return;
    this.begun++;
    this.change = new this.#paxos.MemberChange({
      configuration,
      change: change === "finish" ? null : change,
      incarnations: () => this.#news().incarnations,
      clockError: () => 0,
      maxTtl: this.#options.waits ? TTL : 0,
      nextId: () => ++this.#numbers,
    });
  }

  /** Does what the change asks for now. */
  #goOn(now: number): void {
    const { change } = this;
    this.questions = [];
    if (change === null) return;
    change.tick(now);
    if (change.outcome !== null) {
      this.change = null;
      return this.#stop();
    }
    if (this.proposer === null) {
      if (change.replacement !== null) {
        const { from, to } = change.replacement;
        this.#propose(CONFIGURATION, ({ state }) => {
          const current = (state && configurationIn(state)) ?? this.#first;
          const next = this.#paxos.replaceConfiguration(current, from, to);
          const value = next && valueOf(JSON.stringify(next), false);
          const op = `${this.#options.name}/${to.epoch}${to.settled ? "s" : ""}`;
          const draft = value && { present: true, op, value, bindings: [], owners: [] } as const;
          return { draft, result: next ?? current };
        });
      } else {
        for (const register of change.toRewrite) {
          this.#propose(register, () => ({ draft: null, result: null }), true);
          break;
        }
      }
    }
    this.questions = this.change?.questions() as typeof this.questions ?? [];
  }

  #propose(
    register: string,
    change: RegisterChange<Configuration | null>,
    mustWrite = false,
  ): void {
    this.writes = register;
    this.attempts = this.#options.attempts - 1;
    this.proposer = new this.#paxos.Proposer({
      register,
      members: this.#paxos.votersOf(this.configuration),
      clock: this.clock,
      life: this.#options.name,
      change,
      mustWrite: () => mustWrite,
      sweep: () => true,
    });
    this.#do(this.proposer.start());
  }

  #voted({ from, header, reply }: ChangerInput & { do: "voted" }): void {
    this.#listen(from, header);
    if ((reply as { type: string }).type === "newerConfiguration") {
      return this.#hear(reply as unknown as ConfigurationNews);
    }
    if (this.proposer === null || this.request === null) return;
    const sender = this.#paxos.countedSender(this.configuration, from, header);
    if (sender === undefined) return;
    const step = this.proposer.receive(this.request, sender, reply);
    if (step !== undefined) this.#do(step);
  }

  #do(step: Step<Configuration | null>): void {
    switch (step.do) {
      case "send":
        this.request = step.request;
        this.#outputs.push(step.request);
        return;
      case "done": {
        const { result } = step.chosen;
        const { writes } = this;
        this.#stop();
        if (result === null) this.change?.rewritten(writes);
        else if (!this.#paxos.sameConfiguration(result, this.configuration)) this.#learn(result);
        else if (this.change !== null) this.change = null;
        return;
      }
      default:
        this.request = null;
        if (this.attempts === 0) return this.#giveUp();
        this.attempts--;
        return this.#do(this.proposer!.start());
    }
  }

  /** Does nothing more. */
  #giveUp(): void {
    this.#stop();
    this.change = null;
    this.begun = this.#options.changes.length;
  }

  #stop(): void {
    this.proposer = null;
    this.request = null;
    this.writes = "";
    this.attempts = 0;
  }

  #news(): ConfigurationNews {
    return sorted({ configuration: this.configuration, incarnations: this.incarnations.all });
  }

  /** Learns from the header of a member's frame, as a place does. */
  #listen(from: string, { epoch, incarnation, vector }: Header): void {
    if (epoch !== this.configuration.epoch) return;
    this.incarnations.merge(vector);
    if (incarnation !== null) this.incarnations.raise(from, incarnation);
  }

  #hear({ configuration, incarnations }: ConfigurationNews): void {
    this.incarnations.raiseAll(incarnations);
    this.#learn(configuration);
  }

  #learn(configuration: Configuration): void {
    if (!this.#paxos.isNewer(configuration, this.configuration)) return;
    this.configuration = configuration;
    this.incarnations.follow(configuration);
    this.#stop();
    this.change?.learn(configuration);
  }

  #answered(
    { kind, from, header, reply, now }: ChangerInput & { do: "answered" },
  ): void {
    const question = this.questions.find(({ to, request }) => to === from && request.type === kind);
    if (question === undefined) return;
    this.#listen(from, header);
    if (reply.type === "newerConfiguration") return this.#hear(reply);
    this.change?.receive(from, header, { id: question.request.id, ...reply }, now);
  }
}
