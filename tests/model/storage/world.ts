import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Configuration } from "../../../lib/paxos/configuration.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import type {
  RegisterReply,
  RegisterRequest,
  StoredRegister,
} from "../../../lib/paxos/messages.ts";
import { Automaton } from "../automaton.ts";
import { Breadth, findStuck, type Found, scripted, type Step } from "../breadth.ts";
import {
  isChosenState,
  judge,
  type Proposal,
  proposalOf,
  show,
  type Vote,
  votedIn,
} from "../choices.ts";
import {
  Client,
  type ClientAttributes,
  type ClientInput,
  type ClientOptions,
  type ClientOutput,
  REGISTER,
} from "../client.ts";
import { textOfData } from "../messages.ts";
import type { Machines } from "../paxos.ts";
import { Pool } from "../pool.ts";
import { Violation } from "../past.ts";
import {
  type BrokenShell,
  type Question,
  type StorageAttributes,
  type StorageInput,
  StorageMember,
  type StorageOutput,
} from "./member.ts";

/** Members with disks that stop and start while others write. The network loses, doubles, delays and reorders. */
export interface StorageScope {
  readonly name: string;
  /** The ids of the members; all are operational at the beginning. */
  readonly members: readonly string[];
  /** What is chosen for the register at the beginning: an appended letter; `""`: nothing. */
  readonly content: string;
  /** The members that have not adopted the record yet, as if their first start was interrupted; not the first one. */
  readonly blank: readonly number[];
  readonly clients: readonly ClientOptions[];
  /** The members that may stop, and how many times each, the script aside. */
  readonly stopping: readonly number[];
  readonly stops: number;
  /** The members whose disks may be lost or rolled back while they are down. */
  readonly losing: readonly number[];
  readonly rollingBack: readonly number[];
  /** The members that stay down once they have stopped. */
  readonly gone: readonly number[];
  /** Whether a majority can always come to vote without a further fault. */
  readonly goesOn: boolean;
  /** The beginnings of the texts of steps that are done first, in this order; the search begins after them. */
  readonly script: readonly string[];
  readonly broken?: BrokenShell;
}

/** The whole system, as numbers. */
interface State {
  readonly members: readonly number[];
  readonly clients: readonly number[];
  readonly asks: readonly number[];
  readonly votes: readonly number[];
  /** The number of starts of each member. */
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  /** The members with a lost or older disk that have not recovered from the others since. */
  readonly bad: readonly number[];
  /** The highest token of what a client was told, and that at the call of each client's operation. */
  readonly told: number;
  readonly since: readonly number[];
}

/** A request about the register, which members may still get. */
interface Ask {
  readonly client: number;
  readonly request: RegisterRequest;
}

/** The result of a search. */
export interface StorageFound extends Found {
  /** The ways in which members came back in some state. */
  readonly ways: readonly string[];
}

const FIRST_BALLOT = { counter: 1, life: "0" };

/** Searches all states of a scope, breadth first. */
export class StorageWorld {
  readonly #scope: StorageScope;
  readonly #members: readonly Automaton<StorageInput, StorageOutput, StorageAttributes>[];
  readonly #clients: readonly Automaton<ClientInput, ClientOutput, ClientAttributes>[];
  readonly #memberInputs = new Pool<StorageInput>(textOfData);
  readonly #clientInputs = new Pool<ClientInput>(textOfData);
  readonly #asks = new Pool<Ask>(textOfData);
  readonly #votes = new Pool<Vote>(textOfData);
  readonly #verdicts = new Map<string, readonly Proposal[]>();
  readonly #content: Proposal | null;
  readonly #ways = new Set<string>();

  /** The world of a scope, with these machines. */
  constructor(scope: StorageScope, { shipping, opened }: Machines) {
    this.#scope = scope;
    const { members } = scope;
    const configuration: Configuration = {
      epoch: 0,
      members: members.map((id) => ({ id, life: "1", since: 0 })),
      joining: null,
      leaving: null,
      settled: true,
    };
    this.#content = contentOf(scope.content);
    const first: StoredRegister[] = this.#content === null ? [] : [{
      register: REGISTER,
      promised: FIRST_BALLOT,
      accepted: this.#content,
      copied: false,
    }];
    const common = { shipping, opened, constants: new Map([[configuration as unknown, "first"]]) };
    const same = <T>(value: T) => value;
    this.#members = members.map((id) =>
      new Automaton<StorageInput, StorageOutput, StorageAttributes>({
        ...common,
        make: (paxos) => {
          const held = scope.blank.includes(members.indexOf(id)) ? null : first;
          return new StorageMember(paxos, id, configuration, held, scope.broken);
        },
        inputs: this.#memberInputs,
        decode: same,
        encode: same,
        describe: (member) => (member as StorageMember).attributes,
      })
    );
    this.#clients = scope.clients.map((options) =>
      new Automaton<ClientInput, ClientOutput, ClientAttributes>({
        ...common,
        make: (paxos) => {
          const world = { members, longValues: false, clientsTell: false, first: null };
          return new Client(paxos, options, world);
        },
        inputs: this.#clientInputs,
        decode: same,
        encode: same,
        describe: (client) => (client as Client).attributes,
      })
    );
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): StorageFound {
    const { goesOn } = this.#scope;
    const all = new Breadth(this.#initial(), (state) => this.#steps(state), textOf);
    let found = all.search(limit, goesOn);
    const stuck = goesOn && found.violation === null ? this.#stuck(all.states, all.ways) : -1;
    if (stuck >= 0) found = all.found([...all.path(stuck), "VIOLATION: it cannot go on"]);
    return { ...found, ways: [...this.#ways].sort() };
  }

  /** A state from which no majority can come to vote without a further fault; -1: none. */
  #stuck(states: readonly State[], ways: readonly number[]): number {
    const needed = majority(this.#scope.members.length);
    const reached = states.map(({ members }) =>
      members.filter((state, member) => this.#members[member].attributes(state).votes).length >=
        needed
    );
    return findStuck(reached, ways);
  }

  #initial(): State {
    const { members, clients, script } = this.#scope;
    let state: State = {
      members: members.map(() => 0),
      clients: clients.map(() => 0),
      asks: [],
      votes: [],
      starts: members.map(() => 1),
      stops: members.map(() => 0),
      bad: [],
      told: this.#content === null ? 0 : 1,
      since: clients.map(() => 0),
    };
    for (const [member] of members.entries()) {
      state = this.#toMember(state, member, { do: "boot", life: "1" }).after;
    }
    state = scripted(state, script, (state) => this.#steps(state, true));
    return { ...state, stops: members.map(() => 0) };
  }

  /** All possible steps: each as a text, and a function that makes the state after it. */
  *#steps(state: State, isScript = false): Generator<Step<State>> {
    const { members, clients } = this.#scope;
    for (const [client, { name }] of clients.entries()) {
      if (!this.#clients[client].attributes(state.clients[client]).canStart) continue;
      yield [`${name} begins`, () => this.#toClient(state, client, { do: "start" })];
    }
    for (const [client, { name }] of clients.entries()) {
      if (!this.#clients[client].attributes(state.clients[client]).canGoOn) continue;
      yield [`${name} goes on`, () => this.#toClient(state, client, { do: "goOn" })];
    }
    for (const number of state.asks) {
      const { client, request } = this.#asks.value(number);
      const text = `${clients[client].name}'s ${describe(request)}`;
      for (let member = 0; member < members.length; member++) {
        if (!this.#member(state, member).votes) continue;
        yield [`${text} reaches ${members[member]}`, () => this.#deliver(state, number, member)];
      }
    }
    for (const [member, id] of members.entries()) {
      const { isRunning, questions, canTick } = this.#member(state, member);
      yield* this.#faults(state, member, isScript);
      if (!isRunning) continue;
      for (const question of questions) {
        const { of, to, request } = question;
        const text = `${id}'s ${request.type} of its ${of} reaches ${to}`;
        yield [text, () => this.#exchange(state, member, members.indexOf(to), question)];
      }
      if (!canTick) continue;
      yield [`the round of ${id} ends`, () => {
        const { after } = this.#toMember(state, member, { do: "tick" });
        return after === state ? null : after;
      }];
    }
  }

  *#faults(
    state: State,
    member: number,
    isScript: boolean,
  ): Generator<Step<State>> {
    const { members, stopping, stops, losing, rollingBack, gone } = this.#scope;
    const id = members[member];
    const { isRunning } = this.#member(state, member);
    if (isRunning) {
      const mayStop = isScript || (stopping.includes(member) && state.stops[member] < stops);
      if (!mayStop) return;
      yield [`${id} stops`, () => {
        const after = { ...state, stops: state.stops.with(member, state.stops[member] + 1) };
        return this.#toMember(after, member, { do: "crash" }).after;
      }, true];
      return;
    }
    if (!isScript && gone.includes(member)) return;
    yield [`${id} starts`, () => {
      const starts = state.starts.with(member, state.starts[member] + 1);
      const life = String(starts[member]);
      return this.#toMember({ ...state, starts }, member, { do: "boot", life }).after;
    }];
    // No more than a minority may have a bad disk at any one time.
    const others = state.bad.filter((other) => other !== member).length;
    if (others + 1 > members.length - majority(members.length)) return;
    const bad = [...new Set([...state.bad, member])].sort();
    if (isScript || losing.includes(member)) {
      yield [
        `${id}'s disk is lost`,
        () => this.#toMember({ ...state, bad }, member, { do: "lose" }).after,
        true,
      ];
    }
    if (isScript && this.#mayGoBack(state, member, "1")) {
      yield [
        `${id}'s disk is empty again`,
        () => this.#toMember({ ...state, bad }, member, { do: "empty" }).after,
        true,
      ];
    }
    const { backup } = this.#member(state, member);
    const mayRollBack = backup !== null && this.#mayGoBack(state, member, backup.incarnation);
    if ((isScript || rollingBack.includes(member)) && mayRollBack) {
      yield [
        `${id}'s disk is rolled back`,
        () => this.#toMember({ ...state, bad }, member, { do: "rollBack" }).after,
        true,
      ];
    }
  }

  /**
   * Whether a copy of the disk from this life is from before that in which the member last became operational, and a
   * majority of the others has that one on disk.
   */
  #mayGoBack(state: State, member: number, life: Life): boolean {
    const { operationalSince, isKnown } = this.#member(state, member);
    return isKnown && life < operationalSince;
  }

  /** A question of a member reaches another one, and the answer comes back. */
  #exchange(state: State, member: number, to: number, question: Question): State | null {
    const { members } = this.#scope;
    if (!this.#member(state, to).isRunning) return null;
    const { of, request } = question;
    const { header } = this.#member(state, member);
    const asked = { do: "question", from: members[member], header, request } as const;
    const { after, said } = this.#toMember(state, to, asked);
    if (said === null) return after === state ? null : after;
    const reply = said.reply as (StorageInput & { do: "answer" })["reply"];
    const answer = { do: "answer", of, from: members[to], header: said.header, reply } as const;
    const { after: told } = this.#toMember(after, member, answer);
    return told === state ? null : told;
  }

  #member(state: State, member: number): StorageAttributes {
    return this.#members[member].attributes(state.members[member]);
  }

  #deliver(state: State, number: number, member: number): State | null {
    const { client, request } = this.#asks.value(number);
    const from = this.#scope.clients[client].name;
    const { after, said } = this.#toMember(state, member, { do: "vote", request, from });
    if (said === null) return after === state ? null : after;
    const { header, reply } = said;
    let next = after;
    const isProposal = request.type === "accept" || request.type === "fast";
    const voted = isProposal ? votedIn(reply, request.ballot) : null;
    if (voted !== null) {
      const vote = this.#vote(member, header, voted);
      if (!next.votes.includes(vote)) {
        next = { ...next, votes: [...next.votes, vote].sort((a, b) => a - b) };
        this.#chosen(next);
      }
    }
    const { request: open } = this.#clients[client].attributes(next.clients[client]);
    if (open === null || this.#asks.number({ client, request: open }) !== number) {
      return next === state ? null : next;
    }
    const { incarnation, vector } = header;
    const sender = { member: this.#scope.members[member], incarnation: incarnation!, vector };
    next = this.#toClient(next, client, { do: "answer", sender, reply: reply as RegisterReply });
    return next === state ? null : next;
  }

  #vote(
    member: number,
    { incarnation, vector }: StorageAttributes["header"],
    voted: Pick<Vote, "ballot" | "over">,
  ): number {
    return this.#votes.number({ member, ...voted, incarnation: incarnation ?? "", vector });
  }

  #toMember(
    state: State,
    member: number,
    input: StorageInput,
  ): { after: State; said: StorageOutput | null } {
    const before = this.#member(state, member);
    const number = this.#memberInputs.number(input);
    const { next, outputs } = this.#members[member].step(state.members[member], number);
    if (next === state.members[member]) return { after: state, said: outputs[0] ?? null };
    let after: State = { ...state, members: state.members.with(member, next) };
    const { votes, way, putAside } = this.#member(after, member);
    if (putAside && !before.putAside && !after.bad.includes(member)) {
      throw new Violation(`${this.#scope.members[member]} puts aside a disk that is its memory`);
    }
    if (!before.votes && votes) {
      this.#ways.add(way);
      if (way === "adopts the record" && after.bad.includes(member)) {
        throw new Violation(
          `${this.#scope.members[member]} adopts the record, and has voted since`,
        );
      }
      if (way === "recovers") {
        after = {
          ...after,
          bad: after.bad.filter((other) => other !== member),
        };
      }
      if (way === "starts from its disk") after = this.#voted(after, member, before);
    }
    return { after, said: outputs[0] ?? null };
  }

  /** What a member accepted before it stopped is its vote in the incarnation in which it starts from its disk, too. */
  #voted(state: State, member: number, before: StorageAttributes): State {
    const entry = before.disk?.registers.find(({ register }) => register === REGISTER);
    if (entry?.accepted == null || entry.copied) return state;
    const { ballot, state: content, fast } = entry.accepted;
    const over = fast && content.present ? { over: content.over } : {};
    const vote = this.#vote(member, this.#member(state, member).header, { ballot, ...over });
    if (state.votes.includes(vote)) return state;
    return { ...state, votes: [...state.votes, vote].sort((a, b) => a - b) };
  }

  #toClient(state: State, client: number, input: ClientInput): State {
    const automaton = this.#clients[client];
    const { next, outputs } = automaton.step(
      state.clients[client],
      this.#clientInputs.number(input),
    );
    if (next === state.clients[client] && outputs.length === 0) return state;
    const asked = (request: RegisterRequest | null) =>
      request === null ? -1 : this.#asks.number({ client, request });
    const { request: before } = automaton.attributes(state.clients[client]);
    const now = asked(automaton.attributes(next).request);
    let after: State = { ...state, clients: state.clients.with(client, next) };
    const isVote = before?.type === "accept" || before?.type === "fast";
    if (before !== null && !isVote && asked(before) !== now) {
      // A promise that is never counted only refuses lower ballots, which loss or delay may do, too.
      const number = asked(before);
      after = { ...after, asks: after.asks.filter((ask) => ask !== number) };
    }
    for (const output of outputs) {
      if (output.out === "ask") {
        const ask = this.#asks.number({ client, request: output.request });
        if (after.asks.includes(ask)) continue;
        after = { ...after, asks: [...after.asks, ask].sort((a, b) => a - b) };
      } else if (output.out === "called") {
        after = { ...after, since: after.since.with(client, after.told) };
      } else {
        after = this.#returned(after, client, output);
      }
    }
    return after;
  }

  #returned(state: State, client: number, output: ClientOutput & { out: "returned" }): State {
    const { chosen: { state: content, ballot, token } } = output;
    if (token < state.since[client]) {
      throw new Violation(`token ${token} is told after ${state.since[client]} was`);
    }
    if (content !== null) {
      const isChosen = this.#chosen(state).some((other) => isChosenState(other, ballot, content));
      if (!isChosen) throw new Violation(`${show(content)} is taken for chosen, but is not`);
    }
    return { ...state, told: Math.max(state.told, token) };
  }

  /** What is chosen; throws `Violation` if that is inconsistent. */
  #chosen(state: State): readonly Proposal[] {
    const key = `${state.votes.join()} ${state.asks.join()}`;
    let chosen = this.#verdicts.get(key);
    if (chosen !== undefined) return chosen;
    const proposals: Proposal[] = this.#content === null ? [] : [this.#content];
    for (const number of state.asks) {
      const { request } = this.#asks.value(number);
      const proposal = proposalOf(request);
      if (proposal !== null) proposals.push(proposal);
    }
    const votes = state.votes.map((number) => this.#votes.value(number));
    const verdict = judge(proposals, votes, this.#scope.members.length);
    if (!verdict.ok) throw new Violation(verdict.why);
    ({ chosen } = verdict);
    this.#verdicts.set(key, chosen);
    return chosen;
  }
}

/** The state that is chosen at the beginning. */
function contentOf(content: string): Proposal | null {
  if (content === "") return null;
  const value = new TextEncoder().encode(content);
  return {
    ballot: FIRST_BALLOT,
    state: { present: true, token: 1, over: 0, op: "first", value, bindings: [], owners: [] },
  };
}

function describe(request: RegisterRequest): string {
  if (request.type === "prepare") return `prepare ${request.ballot.counter}`;
  if (request.type !== "accept" && request.type !== "fast") return request.type;
  const { state, ballot } = request;
  const content = state.present ? new TextDecoder().decode(state.value) : "nothing";
  return `${request.type} ${ballot.counter} of ${content}`;
}

function textOf(state: State): string {
  const { members, clients, asks, votes, starts, stops, bad, told, since } = state;
  return JSON.stringify([members, clients, asks, votes, starts, stops, bad, told, since]);
}
