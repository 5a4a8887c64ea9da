import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRecord, RegisterRequest } from "../../lib/paxos/messages.ts";
import type { Transition } from "./automaton.ts";
import { type First, firstFastOf, firstOf } from "./first.ts";
import { type ClientOutput, REGISTER } from "./client.ts";
import type { Called } from "./history.ts";
import { Layout } from "./layout.ts";
import { Memory } from "./memory.ts";
import { type Message, type QuestionRequest, STALE, withNumbers } from "./messages.ts";
import { isFutile, tellsSomething } from "./outboxes.ts";
import { Parts } from "./parts.ts";
import { proposalOf, votedIn } from "./choices.ts";
import { blank, called, checkLost, entered, made, type Past, returned, Violation } from "./past.ts";
import type { Machines } from "./paxos.ts";
import type { ProcessAttributes, ProcessInput, ProcessOutput } from "./process_io.ts";
import { Pool } from "./pool.ts";
import type { Scope } from "./scope.ts";
import { Verdicts } from "./verdicts.ts";
import { acceptRequest } from "../support/accept_request.ts";

/** Other registers, before and after the register of the clients. */
const BEFORE_REGISTER = "k0";
const AFTER_REGISTER = "k2";

/** The life of a first start. */
const FIRST_LIFE: Life = "1";

/**
 * A cluster with its clients and its network: the effect of each input of a part on a row of numbers (see
 * `Layout`).
 */
export class World {
  readonly scope: Scope;
  readonly layout: Layout;
  readonly parts: Parts;
  /** The first chosen state. */
  readonly #first: First | null;
  /** The fast round at the beginning. */
  readonly #firstFast: (RegisterRequest & { readonly type: "fast" }) | null;
  /** All questions of all clients. */
  readonly #questions = new Pool<string>((text) => text);
  readonly #verdicts: Verdicts;
  readonly #deliveries: number[] = [];
  readonly #openQuestions: number[][];
  /** By message: the states of processes in which it is known to have no effect. */
  readonly #checkedFutile: Set<number>[] = [];
  // Automata remember their outputs, so an equal output of one transition is the same object.
  readonly #said = new Memory();
  readonly #voted = new Memory();
  readonly #pasts = new Memory();

  /** The world of a scope. */
  constructor(scope: Scope, machines: Machines) {
    this.scope = scope;
    this.layout = new Layout(scope);
    this.parts = new Parts(scope, this.layout, machines);
    this.#openQuestions = scope.clients.map(() => []);
    this.#first = firstOf(scope);
    this.#firstFast = firstFastOf(scope);
    const fast = this.#firstFast === null ? [] : [proposalOf(this.#firstFast)!];
    const first = this.#first === null ? [] : [this.#first];
    this.#verdicts = new Verdicts(this.layout, this.parts, [...first, ...fast]);
  }

  /** The record of a cluster that is operational at the beginning; `null` if members are blank. */
  get firstRecord(): GenesisRecord | null {
    if (this.scope.begins === "blank") return null;
    const lives = this.parts.members.map(() => FIRST_LIFE);
    return { id: FIRST_LIFE, lives, floor: 0, maxTtl: 1, clients: false };
  }

  /** The initial row. */
  initial(): Uint32Array {
    const { layout, parts, firstRecord: record } = this;
    const row = new Uint32Array(layout.width);
    row[layout.past] = parts.pasts.number({
      history: this.#firstHistory(),
      restarts: 0,
      ages: 0,
      records: record === null ? [] : [record],
      blank: [],
    });
    for (let member = 0; member < layout.members; member++) {
      const process = member * layout.lives;
      const boot = { do: "boot", member, life: FIRST_LIFE, wall: 0, record } as const;
      row[process] = parts.process.step(0, parts.processInputs.number(boot)).next;
      if (this.#firstFast !== null && this.scope.fast!.at.includes(member)) {
        const ask = { client: -1, question: -1, request: this.#firstFast, vector: [] } as const;
        this.toProcess(row, process, parts.processInputs.number({ do: "ask", ...ask }));
      }
      if (this.#first === null || this.scope.contentAt?.includes(member) === false) continue;
      const { ballot, state, next } = this.#first;
      const request = { ...acceptRequest(REGISTER, ballot, state), next };
      const ask = { do: "ask", client: -1, question: -1, request, vector: [] } as const;
      this.toProcess(row, process, parts.processInputs.number(ask));
      const { pieces } = this.scope;
      if (pieces === "one") continue;
      // A second register gives a copy another piece, beside the one that the long value fills.
      const register = pieces === "before another" ? AFTER_REGISTER : BEFORE_REGISTER;
      const other = { ...ask, request: { ...request, register } } as const;
      this.toProcess(row, process, parts.processInputs.number(other));
    }
    this.#noteBlank(row);
    const told = this.scope.fast?.told;
    if (told === undefined) return row;
    const ballot = { counter: told, life: "fast" };
    const request = { type: "chosen", register: REGISTER, ballot } as const;
    const vector = new Array(layout.members).fill("");
    const ask = { kind: "ask", client: 0, question: this.#question(0, request), request, vector };
    row[layout.sent(0)] = parts.outboxes.of([parts.messages.number(ask as Message)]);
    return row;
  }

  /** The past of a row. */
  past(row: Uint32Array): Past {
    return this.parts.pasts.value(row[this.layout.past]);
  }

  /** The put of the fast round at the beginning, which has returned if that has chosen it. */
  #firstHistory(): Called[] {
    const { fast, members } = this.scope;
    if (fast === undefined) return [];
    const returned = fast.at.length === members ? 1 : null;
    const result = returned === null ? "" : "x";
    return [{ client: -1, operation: { kind: "put", letter: "x" }, called: 0, returned, result }];
  }

  /** The attributes of a process. */
  process(row: Uint32Array, process: number): ProcessAttributes {
    return this.parts.process.attributes(row[process]);
  }

  /** The number of the open question of a client in this state; -1 for none. */
  openQuestion(client: number, state: number): number {
    const known = this.#openQuestions[client][state];
    if (known !== undefined) return known;
    const { request } = this.parts.clients[client].attributes(state);
    const question = request === null ? -1 : this.#question(client, request);
    return this.#openQuestions[client][state] = question;
  }

  /** The input of a process for the arrival of a message. */
  delivery(message: number): number {
    return this.#deliveries[message] ??= this.parts.processInputs.number(
      this.#toInput(this.parts.messages.value(message)),
    );
  }

  /** Whether an input changes the state of a process, or makes it say something. */
  matters(state: number, input: number): boolean {
    const { next, outputs } = this.parts.process.step(state, input);
    return next !== state || outputs.length > 0;
  }

  /** Gives an input to a process; returns whether that changed the row. */
  toProcess(row: Uint32Array, process: number, input: number): boolean {
    const { process: automaton } = this.parts;
    const before = automaton.attributes(row[process]);
    const transition = automaton.step(row[process], input);
    const changed = row[process] !== transition.next;
    row[process] = transition.next;
    const after = automaton.attributes(row[process]);
    const { incarnation, vector } = after;
    if (incarnation !== null && vector[this.layout.memberOf(process)] > incarnation) {
      throw new Violation(`${this.nameOf(process)} votes, though it knows that it was replaced`);
    }
    if (transition.moved !== null) this.#move(row, process, transition.moved);
    if (before.life !== after.life) this.#dropReplies(row, process);
    if (before.life !== after.life || before.state !== after.state) this.#noteBlank(row);
    let said = false;
    for (const output of transition.outputs) said = this.#say(row, process, output) || said;
    return changed || said;
  }

  /** Gives a client its next state, and applies its outputs. */
  toClient(
    row: Uint32Array,
    client: number,
    next: number,
    outputs: readonly ClientOutput[],
  ): void {
    const { layout, parts } = this;
    const before = this.openQuestion(client, row[layout.client(client)]);
    row[layout.client(client)] = next;
    if (before !== this.openQuestion(client, next)) this.#closeQuestion(row, client);
    for (const output of outputs) {
      switch (output.out) {
        case "ask": {
          const ask = this.#said.get(output, client, () => {
            const { request, vector } = output;
            const question = this.#question(client, request);
            return parts.messages.number({ kind: "ask", client, question, request, vector });
          });
          const sent = layout.sent(client);
          row[sent] = parts.outboxes.add(row[sent], ask);
          break;
        }
        case "called": {
          const operation = this.scope.clients[client].operations[output.operation];
          this.#remember(row, output, (past) => called(past, client, operation));
          break;
        }
        case "returned": {
          const { result, chosen: { state, ballot } } = output;
          if (state !== null) this.#verdicts.checkChosen(row, { state, ballot });
          if (result === null) break;
          // Without the writers of a cell.
          const [content] = this.scope.content.split("|");
          this.#remember(row, output, (past) => returned(past, client, result, content));
        }
      }
    }
  }

  /** Changes the past of a row. */
  changePast(row: Uint32Array, change: (past: Past) => Past): void {
    row[this.layout.past] = this.parts.pasts.number(change(this.past(row)));
  }

  /** Changes the past for an output; equal outputs change equal pasts in the same way. */
  #remember(row: Uint32Array, said: object, change: (past: Past) => Past): void {
    const { pasts } = this.parts;
    const past = row[this.layout.past];
    row[this.layout.past] = this.#pasts.get(
      said,
      past,
      () => pasts.number(change(pasts.value(past))),
    );
  }

  /** The name of a process: its member, with a prime for each earlier start. */
  nameOf(process: number): string {
    const { members } = this.parts;
    return members[this.layout.memberOf(process)] + "'".repeat(process % this.layout.lives);
  }

  #question(client: number, request: object): number {
    return this.#questions.number(`${client} ${JSON.stringify(request, withoutValues)}`);
  }

  #toInput(message: Message): ProcessInput {
    const { members } = this.parts;
    const name = (process: number) => members[this.layout.memberOf(process)];
    switch (message.kind) {
      case "ask": {
        const { client, question, request, vector } = message;
        return { do: "ask", client, question, request, vector };
      }
      case "question": {
        const { from, header, request } = message;
        return { do: "question", from: name(from), header, request };
      }
      case "reply": {
        const { from, header, reply } = message;
        return { do: "reply", from: name(from), header, reply };
      }
      default:
        throw new Error(`no ${message.kind} is for a process`);
    }
  }

  /** Adapts all outboxes to question numbers that a process has moved or forgotten. */
  #move(row: Uint32Array, process: number, moved: NonNullable<Transition<unknown>["moved"]>): void {
    const { layout, parts } = this;
    for (let other = 0; other < layout.processes; other++) {
      const slot = layout.outbox(other);
      const { outbox, dropped } = parts.outboxes.moved(row[slot], process, moved);
      row[slot] = outbox;
      for (const message of dropped) this.#checkFutile(row[process], message);
    }
  }

  #noteBlank(row: Uint32Array): void {
    if (this.scope.genesis) this.changePast(row, (past) => blank(past, this.#all(row)));
  }

  #dropReplies(row: Uint32Array, process: number): void {
    const { layout, parts } = this;
    for (let other = 0; other < layout.processes; other++) {
      const slot = layout.outbox(other);
      row[slot] = parts.outboxes.withoutReplies(row[slot], process);
    }
  }

  #closeQuestion(row: Uint32Array, client: number): void {
    const { layout, parts } = this;
    for (let process = 0; process < layout.processes; process++) {
      const slot = layout.outbox(process);
      row[slot] = parts.outboxes.withoutAnswers(row[slot], client);
    }
    const sent = layout.sent(client);
    row[sent] = parts.outboxes.withoutReads(row[sent]);
  }

  /** Applies an output of a process; returns whether that changed anything. */
  #say(row: Uint32Array, process: number, output: ProcessOutput): boolean {
    const { members } = this.parts;
    switch (output.out) {
      case "question": {
        const question = this.#said.get(output, process, () => {
          const { header, to } = output;
          const request = output.request as QuestionRequest;
          if (request.id === STALE && !tellsSomething(request)) return -1;
          const member = members.indexOf(to);
          if (member === this.layout.memberOf(process) && !this.scope.twinsHear) return -1;
          return this.parts.messages.number({
            kind: "question",
            from: process,
            member,
            header,
            request,
          });
        });
        return question >= 0 && this.#put(row, process, question);
      }
      case "reply":
        return this.#reply(row, process, output);
      case "answer":
        return this.#answer(row, process, output);
      case "made":
        this.changePast(row, (past) => made(past, output.record, this.#all(row)));
        return true;
      case "entered":
        this.changePast(row, (past) => entered(past, output.record, this.#all(row)));
        return true;
      case "gaveUp":
        checkLost(output.record, this.layout.memberOf(process), this.#all(row));
        return true;
    }
  }

  #reply(row: Uint32Array, process: number, output: ProcessOutput & { out: "reply" }): boolean {
    const { layout, parts: { process: automaton, codes, members, messages } } = this;
    const { to, life, header, reply } = output;
    const first = members.indexOf(to) * layout.lives;
    let receiver = first;
    while (automaton.attributes(row[receiver]).life !== life) {
      // The asking process has closed or taken another life.
      if (++receiver === first + layout.lives) return false;
    }
    const place = codes.place(reply.id);
    const isOpen = place !== undefined && automaton.keeps(row[receiver], place);
    const situation = (process * layout.processes + receiver) * 2 + (isOpen ? 1 : 0);
    const number = this.#said.get(output, situation, () => {
      const answer = isOpen ? reply : withNumbers(reply, () => STALE);
      const message = { kind: "reply", from: process, to: receiver, life, header, reply: answer };
      return messages.number(message as Message);
    });
    const message = messages.value(number) as Message & { kind: "reply" };
    if (!isFutile(message.reply, codes)) return this.#put(row, process, number);
    this.#checkFutile(row[receiver], number);
    return false;
  }

  /** Checks that a reply that is dropped has no effect, except that it tells of crashes. */
  #checkFutile(state: number, message: number): void {
    let checked = this.#checkedFutile[message];
    if (checked === undefined) this.#checkedFutile[message] = checked = new Set();
    if (checked.has(state)) return;
    checked.add(state);
    const { process: automaton, processInputs, messages } = this.parts;
    const input = this.#toInput(messages.value(message)) as ProcessInput & { do: "reply" };
    const { from, header } = input;
    const heard = automaton.step(state, processInputs.number({ do: "hear", from, header })).next;
    const { next, outputs } = automaton.step(heard, this.delivery(message));
    if (next !== heard || outputs.length > 0) {
      throw new Violation(
        `an answer still counts, though its question is closed: ${input.reply.type}`,
      );
    }
  }

  #answer(row: Uint32Array, process: number, output: ProcessOutput & { out: "answer" }): boolean {
    const { client, question, sender, reply } = output;
    const { messages } = this.parts;
    let news = false;
    if (reply.type === "accepted" || reply.type === "took") {
      const vote = this.#voted.get(output, process, () => {
        const { incarnation, vector } = sender;
        const voted = votedIn(reply, reply.ballot)!;
        return messages.number({ kind: "vote", from: process, ...voted, incarnation, vector });
      });
      news = this.#put(row, process, vote);
      if (news) this.#verdicts.judge(row);
    }
    if (client < 0) return news;
    const open = this.openQuestion(client, row[this.layout.client(client)]);
    if (open !== question || this.#hasAnswered(row, process, output)) return news;
    const answer = this.#said.get(
      output,
      process,
      () => messages.number({ kind: "answer", from: process, client, question, sender, reply }),
    );
    return this.#put(row, process, answer) || news;
  }

  /**
   * Whether the process has answered this question with this kind of reply already. A second such answer has no
   * effect that the first could not have had (or, for a refusal, the timeout of the attempt): the network may
   * lose the second one, or delay the first. (An acceptor that has accepted may promise the fallback when the
   * same message arrives again.)
   */
  #hasAnswered(
    row: Uint32Array,
    process: number,
    answer: ProcessOutput & { out: "answer" },
  ): boolean {
    const { outboxes, messages } = this.parts;
    const { answers } = outboxes.get(row[this.layout.outbox(process)]);
    return answers[answer.client].some((number) => {
      const { reply } = messages.value(number) as Message & { kind: "answer" };
      return reply.type === answer.reply.type;
    });
  }

  #put(row: Uint32Array, process: number, message: number): boolean {
    const slot = this.layout.outbox(process);
    const before = row[slot];
    row[slot] = this.parts.outboxes.add(before, message);
    return row[slot] !== before;
  }

  #all(row: Uint32Array): ProcessAttributes[][] {
    return this.parts.members.map((_, member) =>
      this.layout.processesOf(member).map((process) => this.process(row, process))
    );
  }
}

/** Leaves values out: the ballot determines the value that a request writes. */
function withoutValues(key: string, value: unknown): unknown {
  return key === "value" ? undefined : value;
}
