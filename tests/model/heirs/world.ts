import type { Life } from "../../../lib/paxos/ballot.ts";
import { compareBallots } from "../../../lib/paxos/ballot.ts";
import { Automaton } from "../automaton.ts";
import { Breadth, type Found, type Step } from "../breadth.ts";
import { textOfData } from "../messages.ts";
import { Violation } from "../past.ts";
import type { RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { Machines } from "../paxos.ts";
import { Pool } from "../pool.ts";
import {
  Member,
  type MemberAttributes,
  type MemberInput,
  type MemberOutput,
  Writer,
  type WriterAttributes,
  type WriterInput,
  type WriterOptions,
  type WriterOutput,
} from "./actors.ts";

/**
 * Nodes write one register, and hand the promise of the next ballot to each other (section 3). Messages are lost, delayed
 * and doubled; a member may lose its memory and recover.
 */
export interface HeirScope {
  readonly name: string;
  readonly members: number;
  readonly writers: readonly WriterOptions[];
  /** The `accept` of a writer that does nothing more, which may arrive at any time; and the members that have promised it. */
  readonly sent: RegisterRequest & { readonly type: "accept" };
  readonly promised: readonly number[];
  /** The members that get it; absent: all. */
  readonly reaches?: readonly number[];
  /** The writers that watch the register. */
  readonly watchers: readonly number[];
  /** Whether these are told when a rival takes a promise that was handed on to them. */
  readonly tellsLoss?: boolean;
  /** The member that may crash once, before a writer begins; absent: none. */
  readonly crashes?: number;
  /** Whether it may crash later, too. */
  readonly atAnyTime?: boolean;
}

interface State {
  /** The numbers of the states of all members, and of all writers. */
  readonly members: readonly number[];
  readonly writers: readonly number[];
  /** What was said, by its number: it may arrive at any time, and more than once. */
  readonly asks: readonly number[];
  readonly answers: readonly number[];
  readonly pushes: readonly number[];
  /** What is known to be chosen, by ballots. */
  readonly chosen: readonly Chosen[];
  readonly hasCrashed: boolean;
  /** Whether a promise was handed on. */
  readonly inherited: boolean;
}

type Chosen = Pick<WriterOutput & { readonly out: "chosen" }, "ballot" | "content">;

/** What a search has found; `cases`: what came up. */
export interface HeirsFound extends Found {
  readonly cases: readonly string[];
}

/** The life in which a member recovers. */
const SECOND_LIFE: Life = "2";

/** The place of a writer that does nothing more. */
const SILENT = -1;

/** Searches all states of a scope, breadth first. */
export class HeirsWorld {
  readonly #scope: HeirScope;
  readonly #memberInputs = new Pool<MemberInput>(textOfData);
  readonly #writerInputs = new Pool<WriterInput>(textOfData);
  readonly #members: readonly Automaton<MemberInput, MemberOutput, MemberAttributes>[];
  readonly #writers: readonly Automaton<WriterInput, WriterOutput, WriterAttributes>[];
  readonly #asks = new Pool<MemberInput & { readonly do: "ask" }>(textOfData);
  readonly #answers = new Pool<MemberOutput & { readonly out: "answer" }>(textOfData);
  readonly #pushes = new Pool<MemberOutput & { readonly out: "push" }>(textOfData);
  readonly #cases = new Set<string>();

  /** The world of a scope, with these machines. */
  constructor(scope: HeirScope, machines: Machines) {
    this.#scope = scope;
    const names = Array.from({ length: scope.members }, (_, index) => `m${index}`);
    const constants = new Map<unknown, string>([[names, "members"]]);
    const common = { ...machines, constants };
    const watchers = scope.watchers.map((writer) =>
      // A life that inherits nothing is told of no loss.
      [writer, scope.tellsLoss === true ? scope.writers[writer].name : ""] as const
    );
    this.#members = names.map((_, member) =>
      new Automaton<MemberInput, MemberOutput, MemberAttributes>({
        ...common,
        make: (paxos) => new Member(paxos, member, names, watchers),
        inputs: this.#memberInputs,
        decode: (input) => input,
        encode: (output) => output,
        describe: (actor) => (actor as Member).attributes,
      })
    );
    this.#writers = scope.writers.map((options) =>
      new Automaton<WriterInput, WriterOutput, WriterAttributes>({
        ...common,
        make: (paxos) => new Writer(paxos, options, names),
        inputs: this.#writerInputs,
        decode: (input) => input,
        encode: (output) => output,
        describe: (actor) => (actor as Writer).attributes,
      })
    );
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): HeirsFound {
    const { writers, sent, promised } = this.#scope;
    const { register, ballot } = sent;
    const prepare = { type: "prepare", register, ballot } as const;
    const asked = this.#memberInputs.number({ do: "ask", from: SILENT, request: prepare });
    const first: State = {
      members: this.#members.map((member, at) =>
        promised.includes(at) ? member.step(0, asked).next : 0
      ),
      writers: writers.map(() => 0),
      ...{ answers: [], pushes: [], chosen: [], hasCrashed: false, inherited: false },
      asks: [this.#asks.number({ do: "ask", from: SILENT, request: sent })],
    };
    const found = new Breadth(first, (state) => this.#steps(state), textOf).search(limit);
    return { ...found, cases: [...this.#cases] };
  }

  *#steps(state: State): Generator<Step<State>> {
    for (const [writer, at] of state.writers.entries()) {
      const { name } = this.#scope.writers[writer];
      const { canStart, canGiveUp } = this.#writers[writer].attributes(at);
      const tell = (input: WriterInput) => () => this.#toWriter(state, writer, input);
      if (canStart) yield [`${name} starts`, tell({ do: "start" })];
      if (canGiveUp) yield [`${name} gives up`, tell({ do: "giveUp" }), true];
      for (const [text, next, outputs] of this.#heard(state, writer)) {
        yield [`${name} gets ${text}`, () => this.#moved(state, writer, next, outputs)];
      }
    }
    for (const member of state.members.keys()) {
      for (const number of state.asks) {
        const input = this.#asks.value(number);
        const { from, request } = input;
        if (from === SILENT && this.#scope.reaches?.includes(member) === false) continue;
        const name = this.#scope.writers[from]?.name ?? "before";
        const text = `m${member} gets from ${name}: ${request.type}`;
        yield [text, () => this.#toMember(state, member, input)];
      }
    }
    const { crashes, atAnyTime } = this.#scope;
    const isBefore = state.writers.every((at) => at === 0);
    if (crashes !== undefined && !state.hasCrashed && (isBefore || atAnyTime === true)) {
      yield [`m${crashes} crashes and recovers`, () => this.#crash(state, crashes), true];
    }
  }

  #toWriter(state: State, writer: number, input: WriterInput): State | null {
    const before = state.writers[writer];
    const number = this.#writerInputs.number(input);
    const { next, outputs } = this.#writers[writer].step(before, number);
    if (next === before && outputs.length === 0) return null;
    return this.#moved(state, writer, next, outputs);
  }

  /**
   * The messages after which a writer says something, with those before them: while it only counts, they might as well
   * arrive later, all at once.
   */
  *#heard(
    state: State,
    writer: number,
  ): Generator<[text: string, next: number, outputs: readonly WriterOutput[]]> {
    const automaton = this.#writers[writer];
    const inputs: [text: string, input: number][] = [];
    for (const number of state.answers) {
      const { to, sender, reply } = this.#answers.value(number);
      if (to !== writer) continue;
      const text = `${reply.type} of ${sender.member}`;
      inputs.push([text, this.#writerInputs.number({ do: "answer", sender, reply })]);
    }
    for (const number of state.pushes) {
      const { to, sender, reply } = this.#pushes.value(number);
      if (to !== writer) continue;
      const { counter, life } = reply.type === "nack" ? reply.promised : reply.ballot;
      const text = `${reply.type} (${counter}, ${life}) of ${sender.member}`;
      inputs.push([text, this.#writerInputs.number({ do: "push", sender, reply })]);
    }
    const seen = new Map<number, string>([[state.writers[writer], ""]]);
    for (const [at, got] of seen) { // grows during the iteration: breadth first
      for (const [text, input] of inputs) {
        const { next, outputs } = automaton.step(at, input);
        if (outputs.length > 0) yield [`${got}${text}`, next, outputs];
        else if (!seen.has(next)) seen.set(next, `${got}${text}, `);
      }
    }
  }

  #moved(
    state: State,
    writer: number,
    next: number,
    outputs: readonly WriterOutput[],
  ): State {
    const automaton = this.#writers[writer];
    const before = state.writers[writer];
    let after: State = { ...state, writers: state.writers.with(writer, next) };
    const open = automaton.attributes(before).request;
    if (automaton.attributes(next).request !== open) {
      const answers = after.answers.filter((one) => this.#answers.value(one).to !== writer);
      after = { ...after, answers };
    }
    for (const output of outputs) {
      if (output.out === "inherits") {
        this.#cases.add("a promise is handed on");
        after = { ...after, inherited: true };
      } else if (output.out === "drops") {
        this.#cases.add("a promise that was handed on is dropped");
      } else if (output.out === "chosen") {
        after = { ...after, chosen: withChosen(after.chosen, output) };
      } else {
        const { request } = output;
        if (request.type === "accept" && request.heir === undefined && after.inherited) {
          this.#cases.add("a write behind a promise that was handed on");
        }
        const ask = this.#asks.number({ do: "ask", from: writer, request });
        after = { ...after, asks: withNumber(after.asks, ask) };
      }
    }
    return after;
  }

  #toMember(state: State, member: number, input: MemberInput): State | null {
    const before = state.members[member];
    const { next, outputs } = this.#members[member].step(before, this.#memberInputs.number(input));
    let after: State = { ...state, members: state.members.with(member, next) };
    let isNews = next !== before;
    for (const output of outputs) {
      if (output.out === "push") {
        const pushes = withNumber(after.pushes, this.#pushes.number(output));
        if (pushes !== after.pushes) isNews = true;
        after = { ...after, pushes };
        continue;
      }
      if (output.to === SILENT) continue;
      const { request } = this.#writers[output.to].attributes(state.writers[output.to]);
      // It is no answer to the open question.
      if (request === null || textOfData(request) !== textOfData(output.request)) continue;
      const answers = withNumber(after.answers, this.#answers.number(output));
      if (answers !== after.answers) isNews = true;
      after = { ...after, answers };
    }
    return isNews ? after : null;
  }

  /** The member recovers at once, from all others, which know that before they tell what they hold. */
  #crash(state: State, member: number): State | null {
    const incarnation = SECOND_LIFE;
    let after: State = { ...state, hasCrashed: true };
    const told: MemberAttributes[] = [];
    for (const [other, automaton] of this.#members.entries()) {
      if (other === member) continue;
      const raise = this.#memberInputs.number({ do: "raise", member, incarnation });
      const { next } = automaton.step(after.members[other], raise);
      after = { ...after, members: after.members.with(other, next) };
      told.push(automaton.attributes(next));
    }
    this.#cases.add("a member crashes");
    const input = { do: "recover", incarnation, told } as const;
    const { next } = this.#members[member].step(
      after.members[member],
      this.#memberInputs.number(input),
    );
    return { ...after, members: after.members.with(member, next) };
  }
}

function textOf({ members, writers, asks, answers, pushes, chosen, hasCrashed, inherited }: State) {
  const known = chosen.map(({ ballot, content }) => `${ballot.counter}${ballot.life}${content}`);
  return [members, writers, asks, answers, pushes, known, hasCrashed, inherited].join(" ");
}

function withNumber(all: readonly number[], number: number): readonly number[] {
  return all.includes(number) ? all : [...all, number].sort((a, b) => a - b);
}

/** The chosen states are one chain: each is what the one before it was changed to. */
function withChosen(all: readonly Chosen[], { ballot, content }: Chosen): readonly Chosen[] {
  const at = all.findIndex((one) => compareBallots(one.ballot, ballot) >= 0);
  const known = all[at];
  const isKnown = known !== undefined && compareBallots(known.ballot, ballot) === 0;
  if (isKnown && known.content === content) return all;
  if (isKnown) {
    throw new Violation(`"${content}" and "${known.content}" are chosen at one ballot`);
  }
  const before = at < 0 ? all.at(-1) : all[at - 1];
  for (const [lower, higher] of [[before?.content, content], [content, known?.content]]) {
    if (lower === undefined || higher === undefined || higher.startsWith(lower)) continue;
    throw new Violation(`"${higher}" is chosen above "${lower}", which it was not made of`);
  }
  return at < 0 ? [...all, { ballot, content }] : all.toSpliced(at, 0, { ballot, content });
}
