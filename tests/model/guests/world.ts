import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import { Automaton } from "../automaton.ts";
import { Breadth, type Found, type Step } from "../breadth.ts";
import { judge, type Proposal, show, type Vote } from "../choices.ts";
import { contentOf, REGISTER, valueOf } from "../client.ts";
import { textOfData } from "../messages.ts";
import type { Machines, Paxos } from "../paxos.ts";
import { Pool } from "../pool.ts";
import { Violation } from "../past.ts";
import { type Act, type Bound, GatewayNode, lockIn, type NodeAttributes } from "./gateway.ts";
import { type NodeInput, type NodeOutput, type Run, SESSIONS, TTL } from "./gateway.ts";

/**
 * What one guest does, and what may go wrong. The guest sends an operation to its first gateway, may turn away
 * from it at any moment, sends it again to the second one, and undoes it in the end. The network may lose and
 * delay: a gateway gets the operation late or not at all, and the guest gets no result. A rival uses the same
 * register meanwhile.
 */
export interface GuestScope {
  readonly name: string;
  /** What the guest does, and what its put is bound to. */
  readonly act: "put" | "set" | "lock" | "steal";
  readonly bound: Bound;
  /** Whether it is sent to the second gateway, or only undone there. */
  readonly resends: boolean;
  /** Whether the guest undoes it in the end. */
  readonly undoes: boolean;
  /** What the rival does, one after the other. */
  readonly rival: readonly Act[];
  /** The number of ballots for each operation of the two gateways, and of the rival. */
  readonly attempts: readonly [number, number, number];
  /** The clocks of the two gateways and of the rival. */
  readonly clocks: readonly [number, number, number];
  /** The counter at which the guest made its operation. */
  readonly since: number;
  /**
   * Whether it begins when the guest turns away: the rival's value is chosen, and one member has accepted its release, and
   * then the guest's put from the first gateway, which has found that.
   */
  readonly isLate?: boolean;
  /** Whether the first gateway gives a second ticket, two units of time after the first. */
  readonly renews: boolean;
  /** What a broken guest or gateway does. */
  readonly broken?: Broken;
}

/** Faults that are not in the machines that ship. */
export type Broken =
  | "the guest does not wait"
  | "the guest does not say that it sends again"
  | "an undo does not write"
  | "a gateway looks at the ticket before an attempt only"
  | "a gateway answers what was sent again without a write";

/** What the guest knows and wants. */
interface Guest {
  readonly step:
    | "sent"
    | "answered"
    | "turned"
    | "sent again"
    | "answered again"
    | "undoing"
    | "undone";
  /** Whether the operation is on its way to the first gateway. */
  readonly isUnderWay: boolean;
  /** The result that it counts on. */
  readonly result: string | null;
  /** The number of the ticket that it got last, and when; and the one that it showed. */
  readonly got: readonly [number, number];
  readonly shown: readonly [number, number];
  /** A second ticket is on its way to the guest, or from it. */
  readonly ticket: "none" | "given" | "got" | "shown";
}

/** A request of a node that members may still get. */
interface Ask {
  readonly node: number;
  readonly request: RegisterRequest;
}

/** The whole system, as numbers and small objects. */
interface State {
  readonly acceptors: readonly number[];
  readonly nodes: readonly number[];
  readonly asks: readonly number[];
  readonly time: number;
  readonly guest: Guest;
  /** The acts that the rival has begun. */
  readonly begun: number;
  readonly rivalHas: boolean;
  readonly votes: readonly (readonly number[])[];
}

const MEMBERS = ["a", "b", "c"];
const LIVES = ["A", "B", "R"];
const [FIRST, SECOND, RIVAL] = [0, 1, 2];

/** The last moment of the model: a ticket of the beginning is over, and so is the wait of the guest. */
const END = 3;

const at = (counter: number, node: number) => ({
  ...{ register: REGISTER, ballot: { counter, life: LIVES[node] } },
});

const write = (counter: number, node: number, state: Proposal["state"]): RegisterRequest => ({
  ...{ type: "accept", ...at(counter, node), state, next: false, fallback: null },
});

const value = (who: "g" | "r", token: number, over: number): Proposal["state"] => ({
  ...{ present: true, token, over, op: `${SESSIONS[who]}/1`, value: valueOf(who, false) },
  ...{ bindings: [], owners: [] },
});

/** What has reached members when a late scope begins, in order. */
const BEFORE: readonly (Ask & { readonly members: readonly string[] })[] = [
  { node: RIVAL, request: write(1, RIVAL, value("r", 1, 0)), members: MEMBERS },
  { node: RIVAL, request: write(3, RIVAL, { present: false, token: 3 }), members: ["a"] },
  { node: FIRST, request: { type: "prepare", ...at(6, FIRST) }, members: ["a", "b"] },
  { node: FIRST, request: write(6, FIRST, value("g", 6, 3)), members: ["a"] },
];

type AcceptorInput = { readonly from: string; readonly request: RegisterRequest };

class AcceptorActor {
  readonly acceptor: InstanceType<Paxos["Acceptor"]>;

  constructor(paxos: Paxos) {
    const options = { maxKeys: 9, maxBytes: 1e6, floor: 0, isStale: () => false };
    this.acceptor = new paxos.Acceptor(options);
  }

  handle({ from, request }: AcceptorInput): RegisterReply[] {
    const { reply } = this.acceptor.handle(request, { node: from, life: from }, 0);
    return reply === undefined ? [] : [reply];
  }
}

/** Searches all states of a scope, breadth first. */
export class GuestWorld {
  readonly #scope: GuestScope;
  readonly #acceptor: Automaton<AcceptorInput, RegisterReply, null>;
  readonly #nodes: readonly Automaton<NodeInput, NodeOutput, NodeAttributes>[];
  readonly #acceptorInputs = new Pool<AcceptorInput>(textOfData);
  readonly #nodeInputs = new Pool<NodeInput>(textOfData);
  readonly #asks = new Pool<Ask>(textOfData);
  readonly #askNumbers = new WeakMap<RegisterRequest, number>();
  readonly #deliveries: number[] = [];
  readonly #answers = new WeakMap<RegisterReply, number[]>();
  readonly #machines: Paxos;
  readonly #verdicts = new Map<string, readonly Proposal[]>();

  /** The world of a scope, with these machines. */
  constructor(scope: GuestScope, { shipping, opened }: Machines) {
    this.#scope = scope;
    const common = {
      ...{ shipping, opened, constants: new Map([[MEMBERS, "members"]]) },
    };
    this.#machines = shipping;
    this.#acceptor = new Automaton<AcceptorInput, RegisterReply, null>({
      ...common,
      encode: (output) => output,
      make: (paxos) => new AcceptorActor(paxos),
      inputs: this.#acceptorInputs,
      decode: (input) => input,
      describe: () => null,
    });
    this.#nodes = LIVES.map((life, index) =>
      new Automaton<NodeInput, NodeOutput, NodeAttributes>({
        ...common,
        encode: (output) => output,
        make: (paxos) => {
          const [clock, attempts] = [scope.clocks[index], scope.attempts[index]];
          const looksInTime = !scope.broken?.startsWith("a gateway looks");
          const writesAgain = !scope.broken?.startsWith("a gateway answers");
          const options = { clock, attempts, looksInTime, writesAgain };
          return new GatewayNode(paxos, MEMBERS, life, options);
        },
        inputs: this.#nodeInputs,
        decode: (input) => input,
        describe: (node) => (node as GatewayNode).attributes,
      })
    );
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): Found {
    return new Breadth(this.#initial(), (state) => this.#steps(state), textOf).search(limit);
  }

  #initial(): State {
    const ticket = this.#nodeInputs.number({ do: "ticket", time: 0 });
    const sent = this.#scope.isLate === true ? BEFORE : [];
    const asked = (member: string) =>
      sent.filter(({ members }) => members.includes(member))
        .map(({ node, request }) => this.#ask(node, request));
    const accepted = sent.filter(({ request }) => request.type === "accept");
    const asks = accepted.map(({ node, request }) => this.#ask(node, request));
    const acceptors = MEMBERS.map((member) =>
      asked(member).reduce((state, ask) => this.#acceptor.step(state, this.#delivery(ask)).next, 0)
    );
    const votes = MEMBERS.map((member) => asked(member).filter((ask) => asks.includes(ask)));
    return {
      acceptors,
      nodes: [this.#nodes[FIRST].step(0, ticket).next, 0, 0],
      asks,
      time: 0,
      guest: {
        ...{ step: sent.length > 0 ? "turned" : "sent", isUnderWay: sent.length === 0 },
        result: null,
        ...{ got: [1, 0], shown: [1, 0], ticket: "none" },
      },
      begun: 0,
      rivalHas: false,
      votes,
    };
  }

  /** All possible steps: each as a text, and a function that makes the state after it. */
  *#steps(state: State): Generator<Step<State>> {
    const { guest, time } = state;
    // Nothing that depends on time changes at 1.
    if (time < END) yield ["time passes", () => ({ ...state, time: Math.max(2, time + 1) })];
    yield* this.#guestSteps(state);
    for (const number of state.asks) {
      const { node, request } = this.#asks.value(number);
      for (let member = 0; member < MEMBERS.length; member++) {
        // The members are alike: they are named in the order in which messages first reach them.
        if (member > 0 && state.acceptors[member - 1] === 0) break;
        const text = `${LIVES[node]}'s ${describe(request)} reaches ${MEMBERS[member]}`;
        yield [text, () => this.#deliver(state, number, member)];
      }
    }
    for (let node = 0; node < LIVES.length; node++) {
      if (!this.#nodes[node].attributes(state.nodes[node]).canStart) continue;
      yield [`${LIVES[node]} tries again`, () => this.#input(state, node, { do: "start", time })];
    }
    const { rival } = this.#scope;
    const isIdle = !this.#isBusy(state, RIVAL);
    if (isIdle && state.begun < rival.length) {
      const act = rival[state.begun];
      const request = act === "unlock" ? state.begun - 1 : state.begun;
      const run = { ...this.#run(act, "r"), request, ticket: null };
      const begun = { ...state, begun: state.begun + 1 };
      yield [`R begins to ${act}`, () => this.#input(begun, RIVAL, { do: "run", run, time })];
    }
    if (guest.ticket === "none" && this.#scope.renews && time === 2) {
      yield ["A gives a second ticket", () => {
        const after = this.#input(state, FIRST, { do: "ticket", time });
        return after && { ...after, guest: { ...guest, ticket: "given" } };
      }];
    }
  }

  *#guestSteps(state: State): Generator<Step<State>> {
    const { guest, time } = state;
    const { act, resends, undoes, broken } = this.#scope;
    const undo: Act = act === "put" ? "release" : "unlock";
    const hasTurned = !["sent", "answered"].includes(guest.step);
    if (guest.isUnderWay) {
      yield [`A gets the ${act} with ticket ${guest.shown[0]}`, () => {
        const run = { ...this.#run(act, "g"), ticket: guest.shown[0] };
        const arrived = { ...state, guest: { ...guest, isUnderWay: false } };
        return this.#input(arrived, FIRST, { do: "run", run, time });
      }];
      // Nothing depends on when it is lost, so it is lost when the guest is done.
    }
    if (guest.ticket === "given" && !hasTurned) {
      yield ["the guest gets the second ticket", () => ({
        ...state,
        guest: { ...guest, got: [2, time], ticket: "got" },
      })];
    }
    if (guest.step === "sent" && guest.ticket === "got" && guest.isUnderWay) {
      yield ["the guest sends its operation once more, with the second ticket", () => ({
        ...state,
        guest: { ...guest, shown: guest.got, ticket: "shown" },
      })];
    }
    if (!hasTurned) {
      yield [
        "the guest turns away from A",
        () => ({ ...state, guest: { ...guest, step: "turned" } }),
      ];
    }
    const unsure = broken !== "an undo does not write";
    const begin = (node: number, act: Act, step: Guest["step"], more: Partial<Run>) => {
      const run = { ...this.#run(act, "g"), ticket: 1, ...more };
      const sent = { ...state, guest: { ...guest, step } };
      // The second gateway gives its ticket when the guest comes.
      const given = node === SECOND && !this.#hasTicket(state, SECOND)
        ? this.#input(sent, SECOND, { do: "ticket", time })!
        : sent;
      return this.#input(given, node, { do: "run", run, time });
    };
    if (guest.step === "answered" && undoes && !this.#isBusy(state, FIRST)) {
      yield [
        `the guest has A ${undo}`,
        () => begin(FIRST, undo, "undoing", { unsure: false, ticket: guest.got[0] }),
      ];
    }
    const isFree = broken === "the guest does not wait" || this.#isFree(guest, time);
    if (guest.step === "turned" && isFree) {
      if (resends && guest.result === null) {
        const again = broken !== "the guest does not say that it sends again";
        yield [`the guest has B ${act}`, () => begin(SECOND, act, "sent again", { again })];
      } else if (undoes) {
        const isSure = guest.result !== null;
        yield [
          `the guest has B ${undo}`,
          () => begin(SECOND, undo, "undoing", { unsure: !isSure && unsure }),
        ];
      }
    }
    if (guest.step === "answered again" && undoes && !this.#isBusy(state, SECOND)) {
      yield [`the guest has B ${undo}`, () => begin(SECOND, undo, "undoing", { unsure })];
    }
  }

  /** Whether the first gateway does nothing more, as the guest knows. */
  #isFree({ shown: [ticket, got] }: Guest, time: number): boolean {
    const tickets = new this.#machines.ShownTickets(TTL);
    tickets.got(ticket, { now: got, wall: got });
    tickets.show();
    return tickets.remaining({ now: time, wall: time }) === 0;
  }

  #run(act: Act, who: "g" | "r"): Omit<Run, "ticket"> {
    const { bound, since } = this.#scope;
    return {
      act,
      who,
      request: 1,
      bound,
      again: false,
      since: who === "g" ? since : 0,
      unsure: false,
    };
  }

  #isBusy(state: State, node: number): boolean {
    const { request, canStart } = this.#nodes[node].attributes(state.nodes[node]);
    return request !== null || canStart;
  }

  #hasTicket(state: State, node: number): boolean {
    return state.nodes[node] !== 0;
  }

  #deliver(state: State, number: number, member: number): State | null {
    const { node } = this.#asks.value(number);
    const input = this.#delivery(number);
    const { next, outputs } = this.#acceptor.step(state.acceptors[member], input);
    let after: State = { ...state, acceptors: state.acceptors.with(member, next) };
    const [reply] = outputs;
    if (reply?.type === "accepted" && !state.votes[member].includes(number)) {
      const own = [...state.votes[member], number].sort((a, b) => a - b);
      after = { ...after, votes: state.votes.with(member, own) };
      this.#check(after);
    }
    const current = this.#nodes[node].attributes(state.nodes[node]).request;
    if (reply !== undefined && current !== null && this.#ask(node, current) === number) {
      const told = this.#number(after, node, this.#answer(reply, member, state.time));
      if (told !== null) return told;
    }
    return next === state.acceptors[member] && after.votes === state.votes ? null : after;
  }

  /** The number of a request; each machine says it with one object. */
  #ask(node: number, request: RegisterRequest): number {
    let number = this.#askNumbers.get(request);
    if (number === undefined) {
      number = this.#asks.number({ node, request });
      this.#askNumbers.set(request, number);
    }
    return number;
  }

  #delivery(ask: number): number {
    const { node, request } = this.#asks.value(ask);
    return this.#deliveries[ask] ??= this.#acceptorInputs.number({ from: LIVES[node], request });
  }

  #answer(reply: RegisterReply, member: number, time: number): number {
    let numbers = this.#answers.get(reply);
    if (numbers === undefined) this.#answers.set(reply, numbers = []);
    return numbers[member * (END + 1) + time] ??= this.#nodeInputs.number({
      do: "answer",
      sender: { member: MEMBERS[member], incarnation: "0", vector: ["0", "0", "0"] },
      reply,
      time,
    });
  }

  /** Gives an input to a node; `null`: nothing changes. */
  #input(state: State, node: number, input: NodeInput): State | null {
    return this.#number(state, node, this.#nodeInputs.number(input));
  }

  #number(state: State, node: number, input: number): State | null {
    const automaton = this.#nodes[node];
    const { next, outputs } = automaton.step(state.nodes[node], input);
    let after: State = { ...state, nodes: state.nodes.with(node, next) };
    const now = automaton.attributes(next).request;
    const before = automaton.attributes(state.nodes[node]).request;
    if (before?.type === "prepare") {
      const old = this.#ask(node, before);
      // A promise that is never counted only refuses lower ballots, which loss or delay may do, too.
      if (now === null || this.#ask(node, now) !== old) {
        after = { ...after, asks: after.asks.filter((ask) => ask !== old) };
      }
    }
    for (const output of outputs) {
      if (output.out === "ask") {
        const ask = this.#ask(node, output.request);
        if (!after.asks.includes(ask)) {
          after = { ...after, asks: [...after.asks, ask].sort((a, b) => a - b) };
        }
      } else {
        after = this.#result(after, node, output);
      }
    }
    return next === state.nodes[node] && outputs.length === 0 && after.guest === state.guest &&
        after.begun === state.begun
      ? null
      : after;
  }

  #result(state: State, node: number, { act, result }: NodeOutput & { out: "result" }): State {
    if (node === RIVAL) {
      return state;
    }
    const { guest } = state;
    const isUndo = act === "release" || act === "unlock";
    const takes = (step: Guest["step"]) => {
      const after = { ...state, guest: { ...guest, step, result: isUndo ? guest.result : result } };
      this.#check(after);
      return after;
    };
    if (isUndo && guest.step === "undoing") return takes("undone");
    if (node === FIRST && guest.step === "sent") return takes("answered");
    if (node === SECOND && guest.step === "sent again") return takes("answered again");
    return state;
  }

  /** Checks all that was chosen so far. */
  #check(state: State): void {
    const chosen = this.#chosen(state);
    const { act } = this.#scope;
    const { step, result } = state.guest;
    const tokens = new Set<number>();
    for (const { state: one } of chosen) for (const token of tokensOf(one, act)) tokens.add(token);
    if (tokens.size > 1) throw new Violation("the guest's operation took effect twice");
    const last = chosen.at(-1)?.state ?? null;
    if (step === "undone" && isIn(last, act)) {
      throw new Violation(`${show(last)} is chosen, after the guest has undone it`);
    }
    if ((result === "found" || result === "stolen") && act === "put" && tokens.size > 0) {
      throw new Violation(`the guest was told "${result}", and its put took effect`);
    }
    if (result === "written" && tokens.size === 0) {
      throw new Violation("the guest was told that its put took effect, and it did not");
    }
    if (result === "granted" && tokens.size === 0) {
      throw new Violation("the guest was told that it has the lock, and it does not");
    }
  }

  #chosen(state: State): readonly Proposal[] {
    const key = state.votes.map((votes) => votes.join()).join(";") + "|" + state.asks.join();
    let chosen = this.#verdicts.get(key);
    if (chosen === undefined) {
      const proposals: Proposal[] = [];
      for (const number of state.asks) {
        const { request } = this.#asks.value(number);
        if (request.type === "accept") proposals.push(request);
      }
      const votes: Vote[] = state.votes.flatMap((numbers, member) =>
        numbers.map((number) => {
          const { ballot } = this.#asks.value(number).request as { ballot: Vote["ballot"] };
          return { member, ballot, incarnation: "0", vector: ["0", "0", "0"] };
        })
      );
      const verdict = judge(proposals, votes, MEMBERS.length);
      if (!verdict.ok) throw new Violation(verdict.why);
      this.#verdicts.set(key, chosen = verdict.chosen);
    }
    return chosen;
  }
}

/** The tokens with which the guest's operation took effect in a state: of its value, or of its grant. */
function tokensOf(state: Proposal["state"], act: GuestScope["act"]): number[] {
  if (act === "put" || act === "set") return isIn(state, act) ? [state.token] : [];
  return lockIn(state).holders.filter(({ pid }) => pid.node === "~g").map(({ token }) => token);
}

/** Whether the guest's operation is in a state. */
function isIn(state: Proposal["state"] | null, act: GuestScope["act"]): boolean {
  if (act === "put" || act === "set") return contentOf(state) === "g";
  const { holders, queue } = lockIn(state);
  return [...holders, ...queue].some(({ pid }) => pid.node === "~g");
}

function describe(request: RegisterRequest): string {
  if (request.type === "prepare") return `prepare ${request.ballot.counter}`;
  if (request.type !== "accept") return request.type;
  return `accept ${request.ballot.counter} of ${show(request.state)}`;
}

function textOf(state: State): string {
  const { acceptors, nodes, asks, time, guest, begun, votes } = state;
  return JSON.stringify([acceptors, nodes, asks, time, guest, begun, votes]);
}
