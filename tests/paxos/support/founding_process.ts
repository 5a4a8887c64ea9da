import { LamportClock } from "../../../lib/paxos/ballot.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { Genesis, type GenesisEvent, type Outgoing } from "../../../lib/paxos/genesis.ts";
import { GivingUp } from "../../../lib/paxos/giving_up.ts";
import type { Header, Reply, Request } from "../../../lib/paxos/messages.ts";
import { helpersNeeded, majority } from "../../../lib/paxos/quorum.ts";

/** An input of a process. */
export type Input =
  | { readonly kind: "tick" }
  | { readonly kind: "question"; readonly from: string; readonly request: Request }
  | { readonly kind: "answer"; readonly header: Header; readonly reply: Reply };

/** A message of a process: a question to a member, or a reply to a life. */
export type Message =
  | {
    readonly to: string;
    readonly kind: "question";
    readonly from: string;
    readonly request: Request;
  }
  | {
    readonly to: string;
    readonly kind: "answer";
    readonly header: Header;
    readonly reply: Reply;
  };

const AT = { now: 0, wall: 0 };

/** One process of a member, as far as it concerns the founding of its cluster. */
export class Process {
  life: string;
  genesis: Genesis;
  readonly #members: readonly string[];
  /** The life of the leader whose second-round question it had answered, if its life is from its disk. */
  readonly #answered: string | undefined;
  #numbers = 0;
  /** The numbers of the latest questions for the record, and of a round. */
  pull = 0;
  round = 0;
  /** The number of the first round; the running round is this one, or the second that follows it. */
  first = 0;
  /** Another process has its place. */
  closed = false;
  readonly #counted = new Set<string>();
  /** The leaders whose second-round question has arrived since the last tick. */
  readonly #leaders = new Set<string>();

  /** Whether other processes of its member receive its questions to its own id. */
  readonly #twinsHear: boolean;

  constructor(life: string, members: readonly string[], twinsHear = false, answered?: string) {
    this.#twinsHear = twinsHear;
    this.life = life;
    this.#answered = answered;
    // No number of the process before it comes again.
    if (answered !== undefined) this.#numbers = 1_000;
    this.#members = members;
    this.genesis = this.#blank(answered);
  }

  handle(input: Input): { sent: Message[]; matters: boolean } {
    switch (input.kind) {
      case "tick": {
        const { ask, event } = this.genesis.tick(AT);
        this.#leaders.clear();
        const sent = this.#toMessages(ask);
        this.#act(event);
        return { sent, matters: true };
      }
      case "question": {
        const { from, request } = input;
        if (request.type !== "enquire") throw new Error("not about genesis");
        const header = headerOf(from);
        const { reply, event } = this.genesis.answer(from[0], header, request, AT);
        const sent: Message[] = reply === undefined ? [] : [{
          to: from,
          kind: "answer",
          header: headerOf(this.life),
          reply: { id: request.id, ...reply },
        }];
        // A second-round question voids the question of the last tick; a further one has nothing left to void.
        const isBlank = this.genesis.state !== "operational";
        const isNews = isBlank && request.round === 2 && !this.#leaders.has(from);
        if (isNews) this.#leaders.add(from);
        const matters = event !== undefined || isNews;
        this.#act(event);
        return { sent, matters };
      }
      case "answer": {
        const { header, reply } = input;
        const { ask, event } = this.genesis.receive(header.life[0], header, reply, AT);
        const counts = `${reply.id} ${header.life}`;
        const isCounted = reply.type === "blank" && reply.id === this.round &&
          !this.#counted.has(counts);
        if (isCounted) this.#counted.add(counts);
        const witness = `${counts} ${reply.type}`;
        const isWitness = this.#answered !== undefined && reply.id === this.pull &&
          !this.#counted.has(witness);
        if (isWitness) this.#counted.add(witness);
        // A record ends the round, if there is one.
        const isVoided = reply.type === "record" && this.round !== 0 &&
          [this.pull, this.round, this.first].includes(reply.id);
        if (isVoided) this.round = this.first = 0;
        const sent = this.#toMessages(ask);
        this.#act(event);
        const isMore = isCounted || isVoided || isWitness;
        return { sent, matters: isMore || event !== undefined || ask.length > 0 };
      }
    }
  }

  /** Gives up, or comes back, as far as the state of the others allows it. */
  settle(others: readonly Process[]): void {
    const { record, state } = this.genesis;
    if (record === null) return;
    const voters = others.filter(({ genesis }) =>
      genesis.state === "operational" && genesis.record!.id === record.id
    );
    if (state === "recovering" && voters.length >= helpersNeeded(this.#members.length)) {
      this.genesis.placed("operational", record);
    }
    if (state !== "operational" || voters.length + 1 >= majority(this.#members.length)) return;
    const { life } = this;
    const self = life[0];
    const nextId = () => ++this.#numbers;
    const members = this.#members;
    const configuration = firstConfiguration(members, record.lives);
    const isUndecided = () => false;
    const options = { self, members, configuration, life, genesis: record.id, isUndecided };
    const givingUp = new GivingUp({ ...options, nextId });
    let ask = givingUp.questions();
    for (let round = 1; round <= 2; round++) {
      const answers = ask.map(({ to, request }) => ({ to, request }));
      for (const { to, request } of answers) {
        const other = others.find(({ life }) => life[0] === to);
        if (other === undefined) continue;
        const question = { kind: "question", from: this.life, request } as const;
        const message = other.handle(question).sent.at(0);
        if (message?.kind !== "answer") continue;
        const outcome = givingUp.receive(to, message.header, message.reply);
        if (outcome.allIsLost) return this.#restart();
        if (outcome.ask.length > 0) ask = outcome.ask;
      }
    }
  }

  #restart(): void {
    this.life = nextLife(this.life);
    this.genesis = this.#blank();
  }

  #blank(answered?: string): Genesis {
    return new Genesis({
      self: this.life[0],
      members: this.#members,
      life: this.life,
      clock: new LamportClock(),
      nextId: () => ++this.#numbers,
      maxTtl: 1_000,
      clients: false,
      answered,
    });
  }

  #toMessages(ask: readonly Outgoing[]): Message[] {
    const heard = ask.filter(({ to }) => this.#twinsHear || to !== this.life[0]);
    return heard.map(({ to, request }) => {
      if (request.type !== "enquire") throw new Error("not about genesis");
      if (request.purpose === "genesis") {
        if (request.round === 1) this.first = request.id;
        this.round = request.id;
      } else this.pull = request.id;
      return { to, kind: "question", from: this.life, request };
    });
  }

  #act(event: GenesisEvent | undefined): void {
    if (event?.type === "replaced") this.closed = true;
    if (event?.type !== "changeLife") return;
    this.life = nextLife(this.life);
    this.genesis.changeLife(this.life);
  }
}

/** Lives that a member takes on purpose come between those that are started. */
function nextLife(life: string): string {
  return `${life}+`;
}

/** Whether it asks for the record. */
export function isPull(message: Message): boolean {
  return message.kind === "question" && message.request.type === "enquire" &&
    message.request.purpose === "record";
}

/** The header of the frames of `life`, as far as it matters here. */
export function headerOf(life: string): Header {
  return { life, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] };
}

/** An input as a short text; equal texts mean equal inputs. */
export function showInput(input: Input): string {
  if (input.kind === "tick") return "tick";
  if (input.kind === "question") {
    const { from, request } = input;
    const about = request.type === "enquire" ? `${request.purpose} ${request.round}` : request.type;
    return `${from} asks ${about} #${request.id}`;
  }
  const { header, reply } = input;
  // One life makes one record in each history, though not the same one in all of them.
  const what = reply.type === "record" ? `record ${reply.record.lives.join(" ")}` : reply.type;
  return `${header.life} answers ${what} #${reply.id}`;
}
