import { Acceptor } from "../../../lib/paxos/acceptor.ts";
import { type Ballot, compareBallots } from "../../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../../lib/paxos/messages.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import type { State } from "../../../lib/paxos/register.ts";
import { REGISTER, textOf } from "./changes.ts";
import { type Duelist, type Input, type Local, run } from "./duelist.ts";
import { showBallot, showReply, showRequest, showState } from "./notation.ts";

/** The result of a search. */
export interface Findings {
  /** The number of different states. */
  readonly states: number;
  /** The states that the finished duelists reported, for each state in which no step is left. */
  readonly endings: ReadonlySet<string>;
}

/** A sent reply; it is kept, so that it can arrive late, twice or never. */
interface Sent {
  readonly to: number;
  readonly input: Exclude<Input, "start">;
  /** The index of the member. */
  readonly from: number;
  /** The reply without the member. */
  readonly text: string;
  /** The state that it is a vote for. */
  readonly vote: { readonly member: string; readonly ballot: Ballot } | null;
}

/** The effect of a request on an acceptor: its next state, and the reply, or a nack. */
interface Answer {
  readonly next: number;
  readonly sent: number | null;
  readonly nack: Exclude<Input, "start"> | null;
}

/** One state of the whole duel. All numbers are indexes into a pool. */
interface World {
  readonly acceptors: readonly number[];
  readonly locals: readonly number[];
  /** For each duelist, the duelists that were done when it began: one bit for each. */
  readonly doneBefore: readonly number[];
  readonly sent: readonly number[];
}

/** Numbers for objects, by their text. */
class Pool<T> {
  readonly items: T[] = [];
  readonly #numbers = new Map<string, number>();

  number(text: string, make: () => T): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.items.length;
      this.items.push(make());
      this.#numbers.set(text, number);
    }
    return number;
  }
}

interface AcceptorState {
  readonly promised: Ballot;
  readonly accepted: { readonly ballot: Ballot; readonly state: State } | null;
}

/**
 * Every state that a duel can reach with any behaviour of the network: a sent message may arrive at any time,
 * any number of times, or never. Each step checks that acceptors never go back, that each ballot has one state,
 * that chosen states form one chain with growing tokens, that reported states are chosen, and that a duelist
 * that began after another one was done knows its state. Values are texts that only grow.
 */
export class Duel {
  readonly #members: readonly string[];
  readonly #duelists: readonly Duelist[];
  readonly #acceptors = new Pool<AcceptorState>();
  readonly #locals = new Pool<Local>();
  readonly #sent = new Pool<Sent>();
  readonly #answers = new Map<string, Answer>();
  readonly #inputs = new Map<string, number>();

  constructor(members: readonly string[], duelists: readonly Duelist[]) {
    this.#members = members;
    this.#duelists = duelists;
  }

  /** Throws an error with the fault and the state. */
  explore(): Findings {
    const blank = this.#acceptorNumber({ promised: { counter: 0, life: "~" }, accepted: null });
    const first: World = {
      acceptors: this.#members.map(() => blank),
      locals: this.#duelists.map((_, index) => this.#localNumber(index, [])),
      doneBefore: this.#duelists.map(() => 0),
      sent: [],
    };
    const seen = new Set([this.#keyOf(first)]);
    const endings = new Set<string>();
    const waiting = [first];
    for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
      let ended = true;
      for (const next of this.#successors(world)) {
        ended = false;
        const key = this.#keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        this.#check(next);
        waiting.push(next);
      }
      if (ended) endings.add(this.#ending(world));
    }
    return { states: seen.size, endings };
  }

  /**
   * The same for states that differ only by a permutation of the members: all members act alike, so a state
   * stands for its mirror images.
   */
  #keyOf({ acceptors, locals, doneBefore, sent }: World): string {
    const columns = acceptors.map((acceptor, index) => {
      const heard = locals.map((number) => this.#locals.items[number].heard[index]);
      return [acceptor, ...heard];
    });
    for (const number of sent) {
      const { from, text } = this.#sent.items[number];
      columns[from].push(text);
    }
    const bases = locals.map((number) => this.#locals.items[number].visible);
    return [...bases, ...doneBefore, ...columns.map(String).sort()].join("|");
  }

  *#successors(world: World): Generator<World> {
    for (const [index, number] of world.locals.entries()) {
      const local = this.#locals.items[number];
      if (local.mayStart) {
        yield this.#step(world, index, this.#input(index, number, "start"));
      }
      for (const [request, asked] of local.requests.entries()) {
        for (const member of this.#members.keys()) {
          const next = this.#deliver(world, index, request, asked, member);
          if (next !== undefined) yield next;
        }
      }
    }
    for (const number of world.sent) {
      const { to, input } = this.#sent.items[number];
      const next = this.#input(to, world.locals[to], input, number);
      if (next !== world.locals[to]) yield this.#step(world, to, next);
    }
  }

  /** Duelist `index` takes a step to another state. */
  #step(world: World, index: number, next: number): World {
    const doneBefore = [...world.doneBefore];
    if (this.#locals.items[world.locals[index]].attempts === 0) {
      for (const [other, local] of world.locals.entries()) {
        if (this.#locals.items[local].done !== undefined) doneBefore[index] |= 1 << other;
      }
    }
    // Promises for a phase that is over are left out: they would be ignored, now and later.
    const latest = this.#locals.items[next].requests.length - 1;
    const sent = world.sent.filter((number) => {
      const { to, input, vote } = this.#sent.items[number];
      if (to !== index || vote !== null || input.request === latest) return true;
      return this.#input(to, next, input, number) !== next;
    });
    return { ...world, locals: world.locals.with(index, next), doneBefore, sent };
  }

  /** A request reaches a member; `undefined` if it changes nothing. */
  #deliver(
    world: World,
    from: number,
    request: number,
    asked: RegisterRequest,
    index: number,
  ): World | undefined {
    const before = world.acceptors[index];
    // A member answers a read at one moment of its choice: a second answer would be another read.
    if (asked.type === "read" && this.#hasAnswered(world, from, index)) return undefined;
    const key = `${before} ${from} ${request} ${showRequest(asked)} ${index}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = this.#answer(before, from, request, asked, index);
      this.#answers.set(key, answer);
    }
    const { next, sent, nack } = answer;
    if (nack !== null) {
      const local = this.#input(from, world.locals[from], nack, key);
      return local === world.locals[from] ? undefined : this.#step(world, from, local);
    }
    const isNew = sent !== null && !world.sent.includes(sent);
    if (next === before && !isNew) return undefined;
    return {
      ...world,
      acceptors: world.acceptors.with(index, next),
      sent: isNew ? [...world.sent, sent].sort((a, b) => a - b) : world.sent,
    };
  }

  #hasAnswered(world: World, from: number, index: number): boolean {
    return world.sent.some((number) => {
      const { to, input } = this.#sent.items[number];
      return to === from && input.member === this.#members[index];
    });
  }

  #answer(
    before: number,
    from: number,
    request: number,
    asked: RegisterRequest,
    index: number,
  ): Answer {
    const state = this.#acceptors.items[before];
    const acceptor = restore(state);
    const { life } = this.#duelists[from];
    const member = this.#members[index];
    const { reply } = acceptor.handle(asked, { node: life, life }, 0);
    const after = snapshot(acceptor);
    const lowered = compareBallots(after.promised, state.promised) < 0 ||
      (state.accepted !== null && (after.accepted === null ||
        compareBallots(after.accepted.ballot, state.accepted.ballot) < 0));
    if (lowered) throw new Error(`${showRequest(asked)} made ${member} go back on ${before}`);
    const next = this.#acceptorNumber(after);
    if (reply === undefined) return { next, sent: null, nack: null };
    const input = { request, member, reply };
    // A nack changes nothing at the acceptor, so a late nack is like one to a late request.
    if (reply.type === "nack") return { next, sent: null, nack: input };
    const vote = asked.type === "accept" && reply.type === "accepted"
      ? { member, ballot: asked.ballot }
      : null;
    const text = `${life} ${request} ${showReply(reply)}`;
    const sent = this.#sent.number(
      `${text} ${member}`,
      () => ({ to: from, input, from: index, text, vote }),
    );
    return { next, sent, nack: null };
  }

  #acceptorNumber(state: AcceptorState): number {
    const { promised, accepted } = state;
    const held = accepted ? `${showState(accepted.state)} ${showBallot(accepted.ballot)}` : "";
    return this.#acceptors.number(`${showBallot(promised)} ${held}`, () => state);
  }

  /** The state of duelist `index` after one more input; the same state if no difference is visible. */
  #input(index: number, before: number, input: Input, name: number | string = "start"): number {
    const key = `${before} ${name}`;
    let next = this.#inputs.get(key);
    if (next === undefined) {
      const local = this.#locals.items[before];
      next = this.#localNumber(index, [...local.inputs, input]);
      this.#inputs.set(key, next);
    }
    return next;
  }

  #localNumber(index: number, inputs: readonly Input[]): number {
    const local = run(this.#members, this.#duelists[index], inputs);
    return this.#locals.number(`${index} ${local.visible} ${local.heard}`, () => local);
  }

  #check(world: World): void {
    const problem = this.#problem(world);
    if (problem === undefined) return;
    const held = world.acceptors.map((number, index) => {
      const { promised, accepted } = this.#acceptors.items[number];
      const has = accepted ? `${showState(accepted.state)} at ${showBallot(accepted.ballot)}` : "-";
      return `${this.#members[index]} promised ${showBallot(promised)}, has ${has}`;
    });
    const told = world.locals.map((number) => this.#locals.items[number].visible);
    throw new Error([problem, ...held, ...told].join("\n"));
  }

  #problem(world: World): string | undefined {
    const locals = world.locals.map((number) => this.#locals.items[number]);
    const states = new Map<string, State>();
    for (const { requests } of locals) {
      for (const request of requests) {
        if (request.type !== "accept") continue;
        const ballot = showBallot(request.ballot);
        const other = states.get(ballot);
        if (other !== undefined && showState(other) !== showState(request.state)) {
          return `two states at ${ballot}: ${showState(other)} and ${showState(request.state)}`;
        }
        states.set(ballot, request.state);
      }
    }
    const votes = new Map<string, { ballot: Ballot; members: Set<string> }>();
    for (const number of world.sent) {
      const { vote } = this.#sent.items[number];
      if (vote === null) continue;
      const ballot = showBallot(vote.ballot);
      const entry = votes.get(ballot) ?? { ballot: vote.ballot, members: new Set() };
      votes.set(ballot, entry);
      entry.members.add(vote.member);
    }
    const chosen = [...votes.values()]
      .filter(({ members }) => members.size >= majority(this.#members.length))
      .sort((a, b) => compareBallots(a.ballot, b.ballot))
      .map(({ ballot }) => ({
        ballot: showBallot(ballot),
        state: states.get(showBallot(ballot))!,
      }));
    for (const [index, { state }] of chosen.entries()) {
      const before = index === 0 ? null : chosen[index - 1].state;
      if (!follows(before, state)) return `${showState(state)} chosen after ${showState(before)}`;
    }
    for (const [index, { done }] of locals.entries()) {
      if (done === undefined) continue;
      const { life } = this.#duelists[index];
      const text = textOf(done.state);
      const at = chosen.find(({ ballot }) => ballot === showBallot(done.ballot));
      if (done.state !== null && (!at || showState(at.state) !== showState(done.state))) {
        return `${life} reports ${showState(done.state)}, which is not chosen`;
      }
      for (const [other, { done: earlier }] of locals.entries()) {
        if ((world.doneBefore[index] >> other) % 2 === 0) continue;
        if (!text.startsWith(textOf(earlier!.state))) {
          return `${life} began after ${this.#duelists[other].life} was done, and misses it`;
        }
      }
    }
    return undefined;
  }

  #ending(world: World): string {
    return world.locals.map((number, index) => {
      const { done } = this.#locals.items[number];
      return `${this.#duelists[index].life} ${done ? textOf(done.state) || "-" : "?"}`;
    }).join(", ");
  }
}

/** Whether `after` can result from `before` by changes that only append to a text. */
function follows(before: State | null, after: State): boolean {
  if (before === null || showState(before) === showState(after)) return true;
  return after.token > before.token && textOf(after).startsWith(textOf(before)) &&
    textOf(after) !== textOf(before);
}

/** An acceptor in that state. */
function restore({ promised, accepted }: AcceptorState): Acceptor {
  const acceptor = new Acceptor({
    maxKeys: 10,
    maxBytes: Infinity,
    floor: 0,
    isStale: () => false,
  });
  const asker = { node: "", life: "" };
  const register = REGISTER;
  if (accepted !== null) {
    acceptor.handle(
      { type: "accept", register, ...accepted, next: false, fallback: null },
      asker,
      0,
    );
  }
  if (promised.counter > 0) {
    acceptor.handle({ type: "prepare", register, ballot: promised }, asker, 0);
  }
  return acceptor;
}

function snapshot(acceptor: Acceptor): AcceptorState {
  const { reply } = acceptor.handle(
    { type: "read", register: REGISTER },
    { node: "", life: "" },
    0,
  );
  if (reply?.type !== "current") throw new Error("no answer to a read");
  return { promised: reply.promised, accepted: reply.accepted };
}
