import { assertEquals } from "@std/assert";
import { LamportClock } from "../../../lib/paxos/ballot.ts";
import { Genesis, type GenesisEvent, type Outgoing } from "../../../lib/paxos/genesis.ts";
import type { Header, Reply, Request } from "../../../lib/paxos/messages.ts";

/** The options of a process. */
export interface FounderOptions {
  /** Its list of the members; that of the cluster by default. */
  readonly members?: readonly string[];
  /** Its wall clock, in milliseconds. */
  readonly wall?: number;
  /** Its Lamport clock. */
  readonly clock?: number;
  /** The floor of the genesis that it has given up. */
  readonly floor?: number;
  readonly maxTtl?: number;
  readonly clients?: boolean;
}

/** The topic of a question: `record`, `round 1`, `round 2`, `giving up 1` or `giving up 2`. */
export type Topic = "record" | `round ${1 | 2}` | `giving up ${1 | 2}`;

interface Process {
  readonly member: string;
  life: string;
  readonly genesis: Genesis;
  readonly wall: number;
  readonly clock: LamportClock;
  /** The latest question of each topic to each member. */
  readonly questions: Map<string, Request>;
}

/** A reply in transit. */
export interface Answer {
  readonly header: Header;
  readonly reply: Reply;
}

/**
 * Members that found a cluster; a test delivers their messages. A process is named by its life: `b2` is the
 * second life of member b, and both may run. `trace` shows what happened: `a1>b1 round 1` is a question that
 * reaches b1, `b1>a1 blank` a reply that reaches a1, and `a1!` the event that follows.
 */
export class Founders {
  readonly members: readonly string[];
  readonly trace: string[] = [];
  readonly #processes = new Map<string, Process>();
  /** By member, and by the life that the replies are meant for. */
  readonly #answers = new Map<string, Answer[]>();
  #numbers = 0;

  constructor(members: readonly string[] = ["a", "b", "c"]) {
    this.members = members;
  }

  /** Starts processes, each with the life that is its name. */
  start(lives: string, options: FounderOptions = {}): this {
    for (const life of lives.split(" ")) {
      const clock = new LamportClock();
      clock.observe(options.clock ?? 0);
      const genesis = new Genesis({
        self: life[0],
        members: options.members ?? this.members,
        life,
        clock,
        nextId: () => ++this.#numbers,
        maxTtl: options.maxTtl ?? 5_000,
        clients: options.clients ?? false,
        floor: options.floor,
      });
      this.#processes.set(life, {
        member: life[0],
        life,
        genesis,
        wall: options.wall ?? 0,
        clock,
        questions: new Map(),
      });
    }
    return this;
  }

  /** Sends the questions that are due. */
  tick(...lives: string[]): this {
    for (const life of lives) {
      const process = this.#process(life);
      const { ask, event } = process.genesis.tick({ now: 0, wall: process.wall });
      this.#sent(process, ask);
      this.#act(process, event);
    }
    return this;
  }

  /** Its latest question of that topic reaches each of `to`, and the reply reaches it, one after the other. */
  ask(from: string, topic: Topic, ...to: string[]): this {
    for (const other of to) this.send(from, topic, other).hear(from, other);
    return this;
  }

  /** Its latest question of that topic reaches each of `to`; the replies are in transit. */
  send(from: string, topic: Topic, ...to: string[]): this {
    const process = this.#process(from);
    for (const life of to) {
      const other = this.#process(life);
      const request = process.questions.get(`${topic} ${other.member}`);
      if (request === undefined) throw new Error(`${from} asks ${other.member} no ${topic}`);
      this.put(process.member, process.life, life, request);
    }
    return this;
  }

  /** A given question reaches `to`; the reply is in transit. */
  put(member: string, life: string, to: string, request: Request): this {
    const other = this.#process(to);
    this.trace.push(`${life}>${to} ${topicOf(request)}`);
    if (request.type !== "enquire") throw new Error("only enquiries are about genesis");
    const header = headerOf(life, 0);
    const at = { now: 0, wall: other.wall };
    const { reply, event } = other.genesis.answer(member, header, request, at);
    if (reply !== undefined) {
      const answer = {
        header: headerOf(other.life, other.clock.counter),
        reply: { id: request.id, ...reply },
      };
      const key = `${other.member}>${life}`;
      this.#answers.set(key, [...this.#answers.get(key) ?? [], answer]);
    }
    this.#act(other, event);
    return this;
  }

  /** The oldest replies of `from` to this life reach it, if there are any. */
  hear(life: string, ...from: string[]): this {
    const process = this.#process(life);
    for (const other of from) {
      const answer = this.#answers.get(`${other[0]}>${life}`)?.shift();
      if (answer === undefined) continue;
      this.#receive(process, answer);
    }
    return this;
  }

  /** Holds back the oldest reply of `from` to `life`. */
  take(life: string, from: string): Answer {
    const answer = this.#answers.get(`${from}>${life}`)?.shift();
    if (answer === undefined) throw new Error(`no answer of ${from} to ${life} is on its way`);
    return answer;
  }

  /** A reply that was held back reaches `life`. */
  give(life: string, answer: Answer): this {
    this.#receive(this.#process(life), answer);
    return this;
  }

  /** The oldest replies of `from` to `life` are lost. */
  lose(life: string, ...from: string[]): this {
    for (const other of from) this.#answers.get(`${other[0]}>${life}`)?.shift();
    return this;
  }

  /** The state of a process: `blank`, `recovering under a1` or `operational under a1`. */
  show(life: string): string {
    const { state, record } = this.#process(life).genesis;
    return record === null ? state : `${state} under ${record.id}`;
  }

  /** The state machine of a process. */
  genesis(life: string): Genesis {
    return this.#process(life).genesis;
  }

  /** The latest question of that topic to `member`. */
  question(life: string, topic: Topic, member: string): Request | undefined {
    return this.#process(life).questions.get(`${topic} ${member}`);
  }

  /** Fails unless the trace since the last time is this, apart from indentation and empty lines. */
  expect(transcript: string): void {
    const lines = transcript.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    assertEquals(this.trace.splice(0), lines);
  }

  #process(life: string): Process {
    const process = this.#processes.get(life);
    if (process === undefined) throw new Error(`there is no process ${life}`);
    return process;
  }

  #sent(process: Process, ask: readonly Outgoing[]): void {
    for (const { to, request } of ask) process.questions.set(`${topicOf(request)} ${to}`, request);
  }

  #receive(process: Process, { header, reply }: Answer): void {
    this.trace.push(`${header.life}>${process.life} ${showAnswer(reply)}`);
    const at = { now: 0, wall: process.wall };
    const { ask, event } = process.genesis.receive(header.life[0], header, reply, at);
    this.#sent(process, ask);
    this.#act(process, event);
  }

  #act(process: Process, event: GenesisEvent | undefined): void {
    if (event === undefined) return;
    this.trace.push(`${process.life}! ${showEvent(event)}`);
    if (event.type !== "changeLife") return;
    // As after a restart: the next life.
    const next = `${process.member}${Number(process.life.slice(1)) + 1}`;
    this.#processes.delete(process.life);
    process.life = next;
    this.#processes.set(next, process);
    process.genesis.changeLife(next);
  }
}

function headerOf(life: string, clock: number): Header {
  return { life, clock, genesis: null, epoch: 0, incarnation: null, vector: [] };
}

function topicOf(request: Request): Topic {
  if (request.type !== "enquire") throw new Error("only enquiries are about genesis");
  const { purpose, round } = request;
  if (purpose === "record") return "record";
  return purpose === "genesis" ? `round ${round}` : `giving up ${round}`;
}

function showAnswer(reply: Reply): string {
  if (reply.type === "record") return `record ${reply.record.id}`;
  if (reply.type === "blank" && reply.recovering) return "blank, recovering";
  return reply.type;
}

function showEvent(event: GenesisEvent): string {
  switch (event.type) {
    case "operational":
    case "recover":
      return `${event.type} under ${event.record.id}`;
    case "membersMismatch":
      return `${event.node} lists ${event.members.join("")}`;
    default:
      return event.type;
  }
}
