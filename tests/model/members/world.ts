import { type Configuration, listsIn } from "../../../lib/paxos/configuration.ts";
import type { ConfigurationNews } from "../../../lib/paxos/incarnations.ts";
import { OWNER_SHARE } from "../../../lib/paxos/lease.ts";
import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import { Automaton } from "../automaton.ts";
import { Breadth, findStuck, type Found, scripted, type Step } from "../breadth.ts";
import {
  Client,
  type ClientAttributes,
  type ClientInput,
  type ClientOptions,
  type ClientOutput,
  REGISTER,
} from "../client.ts";
import { proposalOf, votedIn } from "../choices.ts";
import { textOfData } from "../messages.ts";
import type { Machines, Paxos } from "../paxos.ts";
import { Pool } from "../pool.ts";
import { Violation } from "../past.ts";
import {
  Changer,
  type ChangerAttributes,
  type ChangerInput,
  type ChangerOptions,
  CONFIGURATION,
} from "./changer.ts";
import { type BrokenDisk, DiskMember } from "./disk_member.ts";
import { Judge, type MemberVote } from "./judge.ts";
import {
  type AnyReply,
  type DiskAttributes,
  Member,
  type MemberAttributes,
  type MemberInput,
  type MemberOutput,
  TTL,
} from "./member.ts";

/** What happens while the members change. The network loses, doubles, delays and reorders. */
export interface MembersScope {
  readonly name: string;
  /** The ids of all nodes that are members at some time. */
  readonly nodes: readonly string[];
  /** How many of them, the first ones, are members at the beginning; the others are blank. */
  readonly members: number;
  /** What is chosen for the register at the beginning: an appended letter; `""`: nothing. */
  readonly content: string;
  readonly clients: readonly ClientOptions[];
  readonly changers: readonly ChangerOptions[];
  /** The nodes that may start again without their memory, and how many times in all. */
  readonly restarting: readonly number[];
  readonly restarts: number;
  /** The one of them whose earlier process goes on, once. */
  readonly beside?: number;
  /** Whether a reply may be lost, though its request has arrived. */
  readonly loses: boolean;
  /**
   * The last moment, if time passes: then an owner asks once for its session, under the first configuration, and another
   * node fences it, under one that no quorum of the first need to know of. 0: time does not count.
   */
  readonly end: number;
  /**
   * The beginnings of the texts of steps that are done first, in this order; the search begins after them. Behind `…` is
   * the end of such a text.
   */
  readonly script: readonly string[];
  /** Whether nodes that change the members stop after the script. */
  readonly stops?: boolean;
  /** The list that all nodes with disks were given; not given: that of the beginning. */
  readonly given?: readonly string[];
  /** All nodes may have disks, and this is what happens to them; without it none has one. */
  readonly disks?: DiskFaults;
  /** What broken clients do, or members with their disks. */
  readonly broken?: "they forget while the members change" | BrokenDisk;
}

/** What happens to members with disks. One that has stopped may start again. */
export interface DiskFaults {
  /** The nodes that may stop, and how many times each, the script aside. */
  readonly stopping: readonly number[];
  readonly stops: number;
  /** The nodes whose disks may be lost or rolled back while they are down. */
  readonly losing: readonly number[];
  readonly rollingBack: readonly number[];
  /** The nodes that stay down once they have stopped. */
  readonly gone: readonly number[];
  /** Whether a majority of the newest list can always come to vote without a further fault. */
  readonly goesOn: boolean;
}

/** The whole system, as numbers. */
interface State {
  /** The processes: one of each node, and then the earlier one that goes on. */
  readonly members: readonly number[];
  readonly clients: readonly number[];
  /** The configuration that each client knows, with the incarnations that it was told. */
  readonly known: readonly number[];
  readonly changers: readonly number[];
  readonly asks: readonly number[];
  readonly votes: readonly number[];
  /** The number of starts of each node. */
  readonly starts: readonly number[];
  /** The highest token of what a client was told, and that at the call of each client's operation. */
  readonly told: number;
  readonly since: readonly number[];
  /** The same at all nodes. */
  readonly time: number;
  /** When the owner of a session asked for its renewal, and the nodes that granted it; `null`: not yet. */
  readonly owner: { readonly asked: number; readonly by: readonly number[] } | null;
  /** The configuration under which a node fences the session, and the nodes that have fenced it. */
  readonly fencer: { readonly known: number; readonly by: readonly number[] };
  /** How many times each node with a disk has stopped since the script. */
  readonly stops: readonly number[];
  /** The nodes with a lost or older disk that have not recovered from the others since. */
  readonly bad: readonly number[];
}

/** A request about a register, which members may still get. */
interface Ask {
  /** The name of the client or changer. */
  readonly from: string;
  readonly epoch: number;
  readonly request: RegisterRequest;
}

/** The result of a search. */
export interface MembersFound extends Found {
  /** The configurations that some node knew in some state. */
  readonly configurations: readonly string[];
  /** The ways in which members with disks came back in some state. */
  readonly ways: readonly string[];
}

/** The state that is chosen at the beginning. */
const FIRST_BALLOT = { counter: 1, life: "0" };

/** Searches all states of a scope, breadth first. */
export class MembersWorld {
  readonly #scope: MembersScope;
  readonly #paxos: Paxos;
  readonly #first: Configuration;
  readonly #members: readonly Automaton<MemberInput, MemberOutput, MemberAttributes>[];
  readonly #clients: readonly Automaton<ClientInput, ClientOutput, ClientAttributes>[];
  readonly #changers: readonly Automaton<ChangerInput, RegisterRequest, ChangerAttributes>[];
  readonly #memberInputs = new Pool<MemberInput>(textOfData);
  readonly #clientInputs = new Pool<ClientInput>(textOfData);
  readonly #changerInputs = new Pool<ChangerInput>(textOfData);
  readonly #asks = new Pool<Ask>(textOfData);
  readonly #askNumbers = new WeakMap<RegisterRequest, number[]>();
  readonly #votes = new Pool<MemberVote>(textOfData);
  readonly #configurations = new Pool<Configuration>(textOfData);
  readonly #allNews = new Pool<ConfigurationNews>(textOfData);
  readonly #judge: Judge;
  readonly #seen = new Set<string>();
  readonly #comebacks = new Set<string>();
  /** Whether the script is over. */
  #isScripted = false;
  /** The numbers of inputs that say again what was said before. */
  readonly #hears: number[] = [];
  readonly #newsNumbers = new WeakMap<ConfigurationNews, number>();
  readonly #deliveries: number[] = [];
  readonly #accepted = new WeakMap<MemberOutput, number>();
  readonly #told = new WeakMap<MemberOutput, { changer: number; client: number }[]>();

  /** The world of a scope, with these machines. */
  constructor(scope: MembersScope, { shipping, opened }: Machines) {
    this.#scope = scope;
    this.#paxos = shipping;
    const { nodes } = scope;
    const first = nodes.slice(0, scope.members).map((id) => ({ id, life: "1", since: 0 }));
    this.#first = { epoch: 0, members: first, joining: null, leaving: null, settled: true };
    this.#judge = new Judge(nodes, this.#content());
    const common = { shipping, opened, constants: new Map([[this.#first as unknown, "first"]]) };
    const same = <T>(value: T) => value;
    this.#members = nodes.map((id) =>
      new Automaton<MemberInput, MemberOutput, MemberAttributes>({
        ...common,
        make: (paxos) => {
          if (scope.disks === undefined) return new Member(paxos, id);
          const broken = scope.broken === "they forget while the members change"
            ? undefined
            : scope.broken;
          return new DiskMember(paxos, id, scope.given ?? nodes.slice(0, scope.members), broken);
        },
        inputs: this.#memberInputs,
        decode: same,
        encode: same,
        describe: (member) => (member as Member).attributes,
      })
    );
    const members = nodes.slice(0, scope.members);
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
    this.#changers = scope.changers.map((options) =>
      new Automaton<ChangerInput, RegisterRequest, ChangerAttributes>({
        ...common,
        make: (paxos) => new Changer(paxos, options, this.#first),
        inputs: this.#changerInputs,
        decode: same,
        encode: same,
        describe: (changer) => (changer as Changer).attributes,
      })
    );
  }

  /** What the incarnations of the first members are goes without saying. */
  #firstNews(): ConfigurationNews {
    return { configuration: this.#first, incarnations: [] };
  }

  #content(): RegisterRequest & { type: "accept" } | null {
    const { content } = this.#scope;
    if (content === "") return null;
    const value = new TextEncoder().encode(content);
    const state = { present: true, token: 1, over: 0, op: "first", value } as const;
    return {
      ...{ type: "accept", register: REGISTER, ballot: FIRST_BALLOT, next: false, fallback: null },
      state: { ...state, bindings: [], owners: [] },
    };
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): MembersFound {
    const all = new Breadth(this.#initial(), (state) => this.#steps(state), textOf);
    const goesOn = this.#scope.disks?.goesOn === true;
    let found = all.search(limit, goesOn);
    const stuck = goesOn && found.violation === null ? this.#stuck(all.states, all.ways) : -1;
    if (stuck >= 0) found = all.found([...all.path(stuck), "VIOLATION: it cannot go on"]);
    const configurations = [...this.#seen].sort();
    return { ...found, configurations, ways: [...this.#comebacks].sort() };
  }

  /** A state from which no majority of the newest list can come to vote without a further fault; -1: none. */
  #stuck(states: readonly State[], ways: readonly number[]): number {
    const reached = states.map((state) => this.#canDecide(state));
    return findStuck(reached, ways);
  }

  #canDecide(state: State): boolean {
    const newest = this.#newest(state);
    const voters = this.#paxos.votersOf(newest);
    const voting = state.members.filter((_, member) => {
      const { configuration, disk } = this.#member(state, member);
      return disk!.votes && configuration?.epoch === newest.epoch;
    });
    return voting.length >= majority(voters.length);
  }

  /** The newest configuration that a node knows, or has on its disk. */
  #newest(state: State): Configuration {
    let newest = this.#first;
    for (const member of state.members.keys()) {
      const { configuration, disk } = this.#member(state, member);
      for (const one of [configuration, disk?.content?.configuration]) {
        if (one != null && this.#paxos.isNewer(one, newest)) newest = one;
      }
    }
    return newest;
  }

  #initial(): State {
    const { nodes, members, clients } = this.#scope;
    const content = this.#content();
    let state: State = {
      members: nodes.map((_, index) => {
        const remembers = index < members;
        const configuration = this.#first;
        const boot = { do: "boot", life: "1", configuration, remembers } as const;
        return this.#members[index].step(0, this.#memberInputs.number(boot)).next;
      }),
      clients: clients.map(() => 0),
      known: clients.map(() => this.#allNews.number(this.#firstNews())),
      changers: this.#changers.map(() => 0),
      asks: [],
      votes: [],
      starts: nodes.map(() => 1),
      told: content === null ? 0 : 1,
      since: clients.map(() => 0),
      time: 0,
      owner: null,
      fencer: { known: this.#configurations.number(this.#first), by: [] },
      stops: nodes.map(() => 0),
      bad: [],
    };
    for (let member = 0; content !== null && member < members; member++) {
      const { after } = this.#toMember(state, member, {
        ...{ do: "vote", epoch: 0, request: content, now: 0, from: "0" },
      });
      state = after;
    }
    state = scripted(state, this.#scope.script, (state) => this.#steps(state));
    this.#isScripted = true;
    return { ...state, stops: nodes.map(() => 0) };
  }

  /** All possible steps: each as a text, and a function that makes the state after it. */
  *#steps(state: State): Generator<Step<State>> {
    const { nodes, clients, changers } = this.#scope;
    for (const [client, { name }] of clients.entries()) {
      if (!this.#clients[client].attributes(state.clients[client]).canStart) continue;
      yield [`${name} begins`, () => this.#toClient(state, client, { do: "start" })];
    }
    for (const [client, { name }] of clients.entries()) {
      if (!this.#clients[client].attributes(state.clients[client]).canGoOn) continue;
      yield [`${name} goes on`, () => this.#toClient(state, client, { do: "goOn" })];
    }
    const working = this.#isScripted && this.#scope.stops ? [] : [...changers.entries()];
    for (const [changer, { name }] of working) {
      const { canStart, canAbandon, questions } = this.#changer(state, changer);
      if (canStart) {
        yield [
          `${name} begins`,
          () => this.#toChanger(state, changer, { do: "start", now: state.time }),
        ];
      }
      if (canAbandon) {
        yield [`${name} waits no more`, () => this.#toChanger(state, changer, { do: "abandon" })];
      }
      for (const { to, request } of questions) {
        for (const member of this.#processes(state, to)) {
          const text = `${name}'s ${request.type} reaches ${this.#nameOf(member)}`;
          yield [text, () => this.#exchange(state, changer, member, request)];
        }
      }
    }
    for (const number of state.asks) {
      const { from, request, epoch } = this.#asks.value(number);
      for (let member = 0; member < state.members.length; member++) {
        const to = this.#nameOf(member);
        const text = () => `${from}'s ${describe(request)} of ${epoch} reaches ${to}`;
        yield [text(), () => this.#deliver(state, number, member, true)];
        if (!this.#scope.loses) continue;
        yield [`${text()}, no answer`, () => this.#deliver(state, number, member, false)];
      }
    }
    yield* this.#news(state);
    yield* this.#sessionSteps(state);
    for (const member of state.members.keys()) {
      for (const { to, request } of this.#member(state, member).asks) {
        for (const helper of this.#processes(state, to)) {
          const name = this.#nameOf(member);
          const text = `${name}'s ${request.type} reaches ${this.#nameOf(helper)}`;
          yield [text, () => this.#recover(state, member, helper, request)];
        }
      }
      if (member < nodes.length) yield* this.#restart(state, member);
      yield* this.#diskSteps(state, member);
    }
  }

  *#diskSteps(state: State, member: number): Generator<Step<State>> {
    const { nodes } = this.#scope;
    const { disk, closed } = this.#member(state, member);
    if (disk === null) return;
    yield* this.#diskFaults(state, member, disk);
    if (closed) return;
    const id = nodes[member];
    for (const { to, request } of disk.questions) {
      const text = `${id}'s ${request.type} of its disk reaches ${to}`;
      yield [text, () => this.#askForDisk(state, member, nodes.indexOf(to), request)];
    }
    if (!disk.canTick) return;
    yield [`the round of ${id} ends`, () => {
      const { after } = this.#toMember(state, member, { do: "tick" });
      return after === state ? null : after;
    }];
  }

  *#diskFaults(state: State, member: number, disk: DiskAttributes): Generator<Step<State>> {
    const { nodes } = this.#scope;
    const { stopping, stops, losing, rollingBack, gone } = this.#scope.disks!;
    const id = nodes[member];
    const isScript = !this.#isScripted;
    if (!this.#member(state, member).closed) {
      const mayStop = isScript || (stopping.includes(member) && state.stops[member] < stops);
      if (!mayStop) return;
      yield [`${id} stops`, () => {
        const after = { ...state, stops: state.stops.with(member, state.stops[member] + 1) };
        return this.#toMember(after, member, { do: "stop" }).after;
      }, true];
      return;
    }
    if (!isScript && gone.includes(member)) return;
    yield [`${id} starts`, () => {
      const starts = state.starts.with(member, state.starts[member] + 1);
      const start = { do: "start", life: String(starts[member]) } as const;
      return this.#toMember({ ...state, starts }, member, start).after;
    }];
    const bad = [...new Set([...state.bad, member])].sort();
    if (disk.content === null || !this.#mayBeBad(state, bad)) return;
    if (isScript || losing.includes(member)) {
      yield [
        `${id}'s disk is lost`,
        () => this.#toMember({ ...state, bad }, member, { do: "lose" }).after,
        true,
      ];
    }
    if ((isScript || rollingBack.includes(member)) && this.#mayRollBack(state, member, disk)) {
      yield [
        `${id}'s disk is rolled back`,
        () => this.#toMember({ ...state, bad }, member, { do: "rollBack" }).after,
        true,
      ];
    }
  }

  /** No more than a minority of a list in use may have a bad disk at any one time. */
  #mayBeBad(state: State, bad: readonly number[]): boolean {
    return listsIn(this.#newest(state)).every((list) =>
      bad.filter((member) => list.includes(this.#scope.nodes[member])).length <=
        list.length - majority(list.length)
    );
  }

  /**
   * Whether the copy is from before the life in which the member last became operational, and a majority of the others has
   * that life on disk. If it is from before a change, it and the disks that do not know of that are no majority either.
   */
  #mayRollBack(
    state: State,
    member: number,
    { backup, operationalSince, isKnown }: DiskAttributes,
  ): boolean {
    if (!isKnown || backup === null || backup.incarnation >= operationalSince) return false;
    const { epoch } = backup.configuration;
    if (epoch === this.#newest(state).epoch) return true;
    const voters = this.#paxos.votersOf(backup.configuration);
    const behind = state.members.filter((_, other) => {
      const { disk } = this.#member(state, other);
      return other !== member && voters.includes(this.#scope.nodes[other]) &&
        disk!.content !== null && disk!.content.configuration.epoch <= epoch;
    });
    return behind.length + 1 < majority(voters.length);
  }

  /** A question of a member that starts from its disk reaches another one, and the answer comes back. */
  #askForDisk(
    state: State,
    member: number,
    to: number,
    request: DiskAttributes["questions"][number]["request"],
  ): State | null {
    const { nodes } = this.#scope;
    const { header } = this.#member(state, member);
    const asked = { do: "asked", from: nodes[member], header, request } as const;
    const { after, said } = this.#toMember(state, to, asked);
    if (said === null) return after === state ? null : after;
    const reply = said.reply as (MemberInput & { do: "told" })["reply"];
    const told = { do: "told", from: nodes[to], header: said.header, reply } as const;
    const { after: heard } = this.#toMember(after, member, told);
    return heard === state ? null : heard;
  }

  /** What a member does that comes to vote, or puts its disk aside. */
  #cameBack(state: State, member: number, before: MemberAttributes): State {
    const now = this.#member(state, member);
    if (now.disk === null || before.disk === null) return state;
    if (now.disk.wasMemory && !before.disk.wasMemory && !state.bad.includes(member)) {
      throw new Violation(`${this.#scope.nodes[member]} puts aside a disk that is its memory`);
    }
    if (!now.disk.votes || before.disk.votes) return state;
    if (!this.#paxos.votersOf(now.configuration!).includes(this.#scope.nodes[member])) {
      throw new Violation(`${this.#scope.nodes[member]} votes under a list without it`);
    }
    if (now.disk.recovered) {
      if (this.#isScripted) this.#comebacks.add("recovers");
      return { ...state, bad: state.bad.filter((other) => other !== member) };
    }
    if (this.#isScripted) this.#comebacks.add("starts from its disk");
    // What it accepted before it stopped is its vote in its present incarnation, too.
    let after = state;
    for (const { register, accepted, copied } of before.disk.content?.registers ?? []) {
      if (accepted === null || copied) continue;
      const { ballot } = accepted;
      const made = this.#judge.vote(member, now.configuration!, now.header, { register, ballot });
      const vote = this.#votes.number(made);
      if (after.votes.includes(vote)) continue;
      after = { ...after, votes: [...after.votes, vote].sort((a, b) => a - b) };
      this.#chosen(after, register);
    }
    return after;
  }

  /** The node of a process. */
  #nodeOf(process: number): number {
    return process < this.#scope.nodes.length ? process : this.#scope.beside!;
  }

  #idOf(process: number): string {
    return this.#scope.nodes[this.#nodeOf(process)];
  }

  #nameOf(process: number): string {
    const id = this.#idOf(process);
    return process < this.#scope.nodes.length ? id : `old ${id}`;
  }

  /** The processes of a node. */
  #processes(state: State, id: string): number[] {
    return [...state.members.keys()].filter((process) => this.#idOf(process) === id);
  }

  /** Everybody may hear of a configuration from everybody who knows it. */
  *#news(state: State): Generator<Step<State>> {
    const { changers, clients } = this.#scope;
    const all = new Set(state.known);
    for (const [changer] of changers.entries()) {
      all.add(this.#newsNumber(this.#changer(state, changer).news));
    }
    for (const member of state.members.keys()) {
      const { news } = this.#member(state, member);
      if (news !== null) all.add(this.#newsNumber(news));
    }
    const epochs = new Map<number, string>();
    for (const number of all) {
      const news = this.#allNews.value(number);
      const { configuration } = news;
      checkEpoch(epochs, configuration);
      this.#seen.add(describeConfiguration(configuration));
      for (const member of state.members.keys()) {
        const { configuration: own, closed } = this.#member(state, member);
        if (closed || (own !== null && !this.#paxos.isNewer(configuration, own))) continue;
        yield [`${this.#nameOf(member)} hears of ${describeConfiguration(configuration)}`, () => {
          const input = this.#hears[number] ??= this.#memberInputs.number({ do: "hear", news });
          return this.#step(state, member, input).after;
        }];
      }
      for (const [changer, { name, changes }] of changers.entries()) {
        const own = this.#changer(state, changer).configuration;
        if (!changes.includes("finish") || !this.#paxos.isNewer(configuration, own)) continue;
        yield [`${name} hears of ${describeConfiguration(configuration)}`, () => {
          return this.#toChanger(state, changer, { do: "hear", news, now: state.time });
        }];
      }
      // Later they are told as they ask.
      for (const [client, { name }] of this.#isScripted ? [] : clients.entries()) {
        const own = this.#allNews.value(state.known[client]).configuration;
        const { request } = this.#clients[client].attributes(state.clients[client]);
        if (request !== null || !this.#paxos.isNewer(configuration, own)) continue;
        yield [
          `${name} hears of ${describeConfiguration(configuration)}`,
          () => this.#follow(state, client, news),
        ];
      }
    }
  }

  #newsNumber(news: ConfigurationNews): number {
    let number = this.#newsNumbers.get(news);
    if (number === undefined) this.#newsNumbers.set(news, number = this.#allNews.number(news));
    return number;
  }

  *#sessionSteps(state: State): Generator<Step<State>> {
    const { end, nodes } = this.#scope;
    const { time, owner, fencer } = state;
    if (time >= end) return;
    yield ["time passes", () => ({ ...state, time: time + 1 })];
    if (owner === null) {
      yield [
        "the owner asks for its session",
        () => ({ ...state, owner: { asked: time, by: [] } }),
      ];
    }
    const session = { from: "o", session: "o/o/1" };
    for (const [member, id] of nodes.entries()) {
      if (owner !== null && !owner.by.includes(member)) {
        const request = {
          type: "renew",
          session: session.session,
          ttl: TTL,
          renewal: 1,
          wall: 0,
        } as const;
        yield [`the renewal reaches ${id}`, () => {
          const input = {
            do: "vote",
            epoch: 0,
            request: { ...request, hosts: [] },
            now: time,
            from: "o",
          } as const;
          const { after, said } = this.#toMember(state, member, input);
          if (said?.reply.type !== "renewed") return after === state ? null : after;
          return this.#owned({ ...after, owner: { ...owner, by: [...owner.by, member].sort() } });
        }];
      }
      const { epoch } = this.#configurations.value(fencer.known);
      if (fencer.by.includes(member) || epoch < 2) continue;
      yield [`the fence of ${epoch} reaches ${id}`, () => {
        const request = { type: "fence", session: session.session } as const;
        const input = { do: "vote", epoch, request, now: time, from: "f" } as const;
        const { after, said } = this.#toMember(state, member, input);
        if (said?.reply.type !== "fenced") return after === state ? null : after;
        return this.#owned({ ...after, fencer: { ...fencer, by: [...fencer.by, member].sort() } });
      }];
    }
    for (const [member] of nodes.entries()) {
      const { configuration } = this.#member(state, member);
      const known = this.#configurations.value(fencer.known);
      if (configuration === null || configuration.epoch <= Math.max(1, known.epoch)) continue;
      yield [`the fencer hears of ${configuration.epoch}`, () => ({
        ...state,
        fencer: { known: this.#configurations.number(configuration), by: [] },
      })];
    }
  }

  /** Checks that the session has not ended while its owner believes in it. */
  #owned(state: State): State {
    const { time, owner, fencer } = state;
    const isQuorum = (known: number, by: readonly number[]) => {
      const voters = this.#paxos.votersOf(this.#configurations.value(known));
      const votes = by.filter((member) => voters.includes(this.#scope.nodes[member]));
      return votes.length >= Math.floor(voters.length / 2) + 1;
    };
    const first = this.#configurations.number(this.#first);
    const isOwned = owner !== null && time < owner.asked + TTL * OWNER_SHARE &&
      isQuorum(first, owner.by);
    if (isOwned && isQuorum(fencer.known, fencer.by)) {
      throw new Violation("a session has ended while its owner believes in it");
    }
    return state;
  }

  *#restart(state: State, member: number): Generator<Step<State>> {
    const { restarting, restarts, nodes, beside } = this.#scope;
    const done = state.starts.reduce((sum, starts) => sum + starts - 1, 0);
    if (!restarting.includes(member) || done >= restarts) return;
    yield [`${nodes[member]} starts again`, () => {
      const starts = state.starts.with(member, state.starts[member] + 1);
      const life = String(starts[member]);
      const boot = { do: "boot", life, configuration: null, remembers: false } as const;
      const goesOn = member === beside && state.members.length === nodes.length;
      const members = goesOn ? [...state.members, state.members[member]] : state.members;
      return this.#toMember({ ...state, starts, members }, member, boot).after;
    }];
  }

  #member(state: State, member: number): MemberAttributes {
    return this.#members[this.#nodeOf(member)].attributes(state.members[member]);
  }

  #changer(state: State, changer: number): ChangerAttributes {
    return this.#changers[changer].attributes(state.changers[changer]);
  }

  #deliver(state: State, number: number, member: number, answers: boolean): State | null {
    const { from, epoch, request } = this.#asks.value(number);
    const input = this.#deliveries[number] ??= this.#memberInputs.number(
      { do: "vote", epoch, request, now: 0, from },
    );
    const { after, said } = this.#step(state, member, input, request);
    const told = said && answers ? this.#answer(after, number, member, said) : after;
    return told === state ? null : told;
  }

  /** Gives the reply to the node that asks, if it still waits for it. */
  #answer(state: State, number: number, member: number, said: MemberOutput): State {
    const { clients, changers } = this.#scope;
    const { from } = this.#asks.value(number);
    const { header, reply } = said;
    const client = clients.findIndex(({ name }) => name === from);
    if (client < 0) {
      const changer = changers.findIndex(({ name }) => name === from);
      const { request, configuration } = this.#changer(state, changer);
      if (request === null || this.#ask(from, configuration, request) !== number) return state;
      const told = this.#numbers(said, member);
      if (told.changer < 0) {
        const voted = { do: "voted", from: this.#idOf(member), header, now: state.time } as const;
        told.changer = this.#changerInputs.number({ ...voted, reply: reply as RegisterReply });
      }
      return this.#numberToChanger(state, changer, told.changer);
    }
    const { request } = this.#clients[client].attributes(state.clients[client]);
    const own = this.#allNews.value(state.known[client]).configuration;
    if (request === null || this.#ask(from, own, request) !== number) return state;
    if (reply.type === "newerConfiguration") return this.#follow(state, client, reply);
    const sender = this.#paxos.countedSender(own, this.#idOf(member), header);
    if (sender === undefined) return state;
    const told = this.#numbers(said, member);
    if (told.client < 0) {
      const answer = { do: "answer", sender, reply: reply as RegisterReply } as const;
      told.client = this.#clientInputs.number(answer);
    }
    return this.#numberToClient(state, client, told.client);
  }

  #numbers(said: MemberOutput, member: number): { changer: number; client: number } {
    let all = this.#told.get(said);
    if (all === undefined) this.#told.set(said, all = []);
    return all[this.#nodeOf(member)] ??= { changer: -1, client: -1 };
  }

  /** A client learns of a configuration. It tells no more than it was told with it: that is the hardest case. */
  #follow(
    state: State,
    client: number,
    { configuration, incarnations }: ConfigurationNews,
  ): State {
    const own = this.#allNews.value(state.known[client]).configuration;
    if (!this.#paxos.isNewer(configuration, own)) return state;
    const number = this.#allNews.number({ configuration, incarnations });
    const after = { ...state, known: state.known.with(client, number) };
    // A configuration that is settled meanwhile has the same members, and the same quorums.
    if (own.epoch === configuration.epoch) return after;
    const { request } = this.#clients[client].attributes(state.clients[client]);
    const { name } = this.#scope.clients[client];
    const pruned = request === null ? after : this.#prune(after, this.#ask(name, own, request), -1);
    const members = this.#paxos.votersOf(configuration);
    const { settled } = configuration;
    return this.#toClient(pruned, client, { do: "follow", members, settled });
  }

  /** A question of a changer reaches a node, and the answer reaches the changer. */
  #exchange(
    state: State,
    changer: number,
    member: number,
    request: ChangerAttributes["questions"][number]["request"],
  ): State | null {
    const { epoch } = this.#changer(state, changer).configuration;
    const { after, said } = this.#toMember(state, member, { do: "change", epoch, request });
    if (said === null) return after === state ? null : after;
    const { header, reply } = said;
    const told = this.#toChanger(after, changer, {
      ...{
        do: "answered",
        kind: request.type,
        from: this.#idOf(member),
        header,
        now: state.time,
      },
      reply: reply as ChangerInput extends infer T
        ? T extends { do: "answered"; reply: infer R } ? R : never
        : never,
    });
    return told === state ? null : told;
  }

  /** A question of a recovery reaches a member, and the answer comes back. */
  #recover(
    state: State,
    member: number,
    helper: number,
    request: MemberAttributes["asks"][number]["request"],
  ): State | null {
    const { header } = this.#member(state, member);
    const help = {
      do: "help",
      from: this.#idOf(member),
      header,
      request,
      now: state.time,
    } as const;
    const { after, said } = this.#toMember(state, helper, help);
    if (said === null) return after === state ? null : after;
    const helped = {
      do: "helped",
      from: this.#idOf(helper),
      header: said.header,
      now: state.time,
    } as const;
    const reply = said.reply as AnyReply & { type: "known" | "piece" };
    const { after: told } = this.#toMember(after, member, { ...helped, reply: reply as never });
    return told === state ? null : told;
  }

  /** Gives an input to a member. */
  #toMember(
    state: State,
    member: number,
    input: MemberInput,
  ): { after: State; said: MemberOutput | null } {
    const request = input.do === "vote" ? input.request as RegisterRequest : undefined;
    return this.#step(state, member, this.#memberInputs.number(input), request);
  }

  #step(
    state: State,
    member: number,
    number: number,
    request?: RegisterRequest,
  ): { after: State; said: MemberOutput | null } {
    const automaton = this.#members[this.#nodeOf(member)];
    const { next, outputs } = automaton.step(state.members[member], number);
    let after = next === state.members[member]
      ? state
      : { ...state, members: state.members.with(member, next) };
    if (next !== state.members[member] && this.#scope.disks !== undefined) {
      after = this.#cameBack(after, member, automaton.attributes(state.members[member]));
    }
    const said = outputs[0] ?? null;
    const isJudged = (request?.type === "accept" || request?.type === "fast") &&
      this.#scope.end === 0;
    const voted = isJudged && said !== null ? votedIn(said.reply, request.ballot) : null;
    if (said !== null && voted !== null && isJudged) {
      let vote = this.#accepted.get(said);
      if (vote === undefined) {
        const { configuration } = automaton.attributes(next);
        const { register } = request;
        const made = this.#judge.vote(this.#nodeOf(member), configuration!, said.header, {
          register,
          ...voted,
        });
        this.#accepted.set(said, vote = this.#votes.number(made));
      }
      if (!after.votes.includes(vote)) {
        after = { ...after, votes: [...after.votes, vote].sort((a, b) => a - b) };
        this.#chosen(after, request.register);
      }
    }
    return { after, said };
  }

  #toClient(state: State, client: number, input: ClientInput): State {
    return this.#numberToClient(state, client, this.#clientInputs.number(input));
  }

  #numberToClient(state: State, client: number, number: number): State {
    const { name } = this.#scope.clients[client];
    const automaton = this.#clients[client];
    const { next, outputs } = automaton.step(state.clients[client], number);
    const { configuration } = this.#allNews.value(state.known[client]);
    if (next === state.clients[client] && outputs.length === 0) return state;
    let after: State = { ...state, clients: state.clients.with(client, next) };
    after = this.#moved(after, name, [configuration, configuration], [
      automaton.attributes(state.clients[client]).request,
      automaton.attributes(next).request,
    ]);
    for (const output of outputs) {
      if (output.out === "ask") {
        // Nothing is forgotten while the members change.
        const isAllowed = configuration.settled || this.#scope.broken !== undefined;
        if (output.request.type === "forget" && !isAllowed) continue;
        after = this.#send(after, name, configuration, output.request);
      } else if (output.out === "called") {
        after = { ...after, since: after.since.with(client, state.told) };
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
      this.#judge.checkChosen(this.#chosen(state, REGISTER), { state: content, ballot });
    }
    return { ...state, told: Math.max(state.told, token) };
  }

  #toChanger(state: State, changer: number, input: ChangerInput): State {
    return this.#numberToChanger(state, changer, this.#changerInputs.number(input));
  }

  #numberToChanger(state: State, changer: number, number: number): State {
    const { name } = this.#scope.changers[changer];
    const automaton = this.#changers[changer];
    const { next, outputs } = automaton.step(state.changers[changer], number);
    if (next === state.changers[changer] && outputs.length === 0) return state;
    const before = this.#changer(state, changer);
    const { configuration, request } = automaton.attributes(next);
    let after: State = { ...state, changers: state.changers.with(changer, next) };
    const known = [before.configuration, configuration] as const;
    after = this.#moved(after, name, known, [before.request, request]);
    for (const output of outputs) after = this.#send(after, name, configuration, output);
    return after;
  }

  /** A node waits for the answers to another request than before. */
  #moved(
    state: State,
    name: string,
    known: readonly [Configuration, Configuration],
    [before, now]: readonly [RegisterRequest | null, RegisterRequest | null],
  ): State {
    if (before === null) return state;
    const next = now === null ? -1 : this.#ask(name, known[1], now);
    return this.#prune(state, this.#ask(name, known[0], before), next);
  }

  /** A promise that is never counted only refuses lower ballots, which loss or delay may do, too. */
  #prune(state: State, before: number, now: number): State {
    const { type } = this.#asks.value(before).request;
    // Where only sessions count, late votes do not.
    const isVote = type === "accept" || type === "fast";
    const isLasting = (isVote && this.#scope.end === 0) || type === "forget" || type === "chosen";
    if (before === now || isLasting) return state;
    return { ...state, asks: state.asks.filter((ask) => ask !== before) };
  }

  #send(state: State, name: string, known: Configuration, request: RegisterRequest): State {
    const ask = this.#ask(name, known, request);
    if (state.asks.includes(ask)) return state;
    return { ...state, asks: [...state.asks, ask].sort((a, b) => a - b) };
  }

  /** The number of a request; each machine says it with one object. */
  #ask(from: string, { epoch }: Configuration, request: RegisterRequest): number {
    let numbers = this.#askNumbers.get(request);
    if (numbers === undefined) this.#askNumbers.set(request, numbers = []);
    return numbers[epoch] ??= this.#asks.number({ from, epoch, request });
  }

  /** What is chosen for a register; throws `Violation` if that is inconsistent. */
  #chosen(state: State, register: string) {
    const accepts = [];
    for (const number of state.asks) {
      const { request } = this.#asks.value(number);
      const proposal = proposalOf(request);
      if (proposal !== null && "register" in request && request.register === register) {
        accepts.push(proposal);
      }
    }
    const votes = state.votes.map((number) => this.#votes.value(number))
      .filter((vote) => vote.register === register);
    const key = `${register} ${state.votes.join()} ${state.asks.join()}`;
    return this.#judge.chosen(key, register === CONFIGURATION, accepts, votes);
  }
}

/** No two configurations of one epoch differ but in being settled. */
function checkEpoch(epochs: Map<number, string>, configuration: Configuration): void {
  const { epoch, members, joining } = configuration;
  const list = JSON.stringify([members, joining]);
  const known = epochs.get(epoch);
  const isOther = known !== undefined && known !== list;
  if (isOther) throw new Violation(`there are two configurations of epoch ${epoch}`);
  epochs.set(epoch, list);
}

function describe(request: RegisterRequest): string {
  if (request.type === "prepare") return `prepare ${request.register} ${request.ballot.counter}`;
  if (request.type !== "accept" && request.type !== "fast") return request.type;
  const { state, ballot } = request;
  const content = state.present ? new TextDecoder().decode(state.value) : "nothing";
  return `${request.type} ${request.register} ${ballot.counter} of ${content}`;
}

/** A configuration as text: its epoch, its members, and who joins or leaves. */
export function describeConfiguration(configuration: Configuration): string {
  const { epoch, members, joining, leaving, settled } = configuration;
  const change = joining ? ` + ${joining.id}` : leaving ? ` - ${leaving.id}` : "";
  return `${epoch} ${members.map(({ id }) => id).join("")}${change}${settled ? "" : " unsettled"}`;
}

function textOf(state: State): string {
  const { members, clients, known, changers, asks, votes, starts, told, since, ...rest } = state;
  const { time, owner, fencer } = rest;
  return JSON.stringify([
    ...[members, clients, known, changers, asks, votes, starts, told, since],
    ...[time, owner, fencer],
  ]);
}
