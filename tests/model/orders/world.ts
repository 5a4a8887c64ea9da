import type { LockOrders, Order, OrderStep } from "../../../lib/paxos/lock_orders.ts";
import type { LeftRequest, LockCommand, LockValue } from "../../../lib/paxos/lock_register.ts";
import type { Machines, Paxos } from "../paxos.ts";
import { Violation } from "../past.ts";

/** What the rival does with the lock, which it holds at first. */
export type RivalAct = "release" | "request" | "steal";

/**
 * A node C hands its requests to the rival R, which holds the lock. The network may lose, delay and double each
 * order and each answer, and C may end each request at any moment. The register is one that always agrees, with
 * writes that fail: each may yet be chosen, until another one is.
 */
export interface OrderScope {
  readonly name: string;
  /** The number of C's requests. */
  readonly requests: number;
  /** What the rival does, one after the other. */
  readonly rival: readonly RivalAct[];
  /** How many writes may fail. */
  readonly failures: number;
  /** Whether another node has a request that was handed over and left, so that `left` can overflow. */
  readonly crowd?: boolean;
  /** Whether C's session may end: another node that knows it drops C's entries; R does not know it. */
  readonly ends?: boolean;
  /** What a broken node C, or R, does. */
  readonly broken?: Broken;
}

/** Faults that are not in the machines that ship. */
export type Broken =
  | "a removal does not write"
  | "a removal leaves no trace"
  | "a removal is traced only if it removes"
  | "a full queue ends the request"
  | "a second order is sent before the first is found"
  | "a steal is handed over"
  | "a pushed vote counts as chosen";

/** A state of the register. */
interface Chosen {
  readonly lock: LockValue;
  readonly token: number;
}

/** A request of C. */
interface Wish {
  readonly step: "new" | "asked" | "told" | "leaving" | "gone";
  /** Whether it was handed over. */
  readonly ordered: boolean;
  /** Whether C has proposed it itself. */
  readonly proposed: boolean;
  /** Whether a chosen state had it. */
  readonly seen: boolean;
  /** The token of its grant; 0: none. */
  readonly token: number;
}

/** What C proposes itself, in order. */
interface Own {
  readonly act: "request" | "remove";
  readonly request: number;
}

interface State {
  readonly chosen: Chosen;
  /** Writes over the chosen state that failed, and may yet be chosen. */
  readonly pending: readonly Chosen[];
  readonly counter: number;
  readonly failures: number;
  /** All orders that were ever sent. */
  readonly orders: readonly Order[];
  readonly desk: LockOrders;
  readonly known: LockValue;
  readonly wishes: readonly Wish[];
  readonly own: readonly Own[];
  /** What the rival has begun. */
  readonly begun: number;
  /** Whether C's session has ended: it does nothing any more. */
  readonly ended: boolean;
}

/** The result of a search. */
export interface OrdersFound {
  readonly states: number;
  readonly transitions: number;
  /** The violation, with a shortest path to it. */
  readonly violation: string | null;
}

type Step = readonly [text: string, make: () => State | null];

const SESSION = "c/life/1";
const RIVAL = "r/life/1";
const CROWD = "d/life/1";

/** Searches all states of a scope, breadth first. */
export class OrdersWorld {
  readonly #scope: OrderScope;
  readonly #paxos: Paxos;

  /** The world of a scope, with these machines. */
  constructor(scope: OrderScope, { opened }: Machines) {
    this.#scope = scope;
    this.#paxos = opened;
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): OrdersFound {
    const first = this.#initial();
    const states: State[] = [first];
    const texts: string[] = [""];
    const origins: number[] = [-1];
    const known = new Set([textOf(first)]);
    let transitions = 0;
    for (let at = 0; at < states.length; at++) {
      if (states.length > limit) throw new RangeError(`more than ${limit} states`);
      let what = "";
      try {
        for (const [text, make] of this.#steps(states[at])) {
          what = text;
          const next = make();
          if (next === null) continue;
          transitions++;
          const key = textOf(next);
          if (known.has(key)) continue;
          known.add(key);
          states.push(next);
          texts.push(text);
          origins.push(at);
        }
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        const path = [what, `VIOLATION: ${error.message}`];
        for (let place = at; place > 0; place = origins[place]) path.unshift(texts[place]);
        return { states: states.length, transitions, violation: path.join("\n") };
      }
    }
    return { states: states.length, transitions, violation: null };
  }

  #initial(): State {
    const { value } = this.#apply({ lock: this.#paxos.FREE, token: 0 }, request(RIVAL, 0), 1);
    const wish: Wish = {
      ...{ step: "new", ordered: false, proposed: false, seen: false, token: 0 },
    };
    return {
      chosen: { lock: value, token: 1 },
      ...{ pending: [], counter: 1, failures: 0, orders: [], known: value, own: [], begun: 0 },
      ended: false,
      desk: new this.#paxos.LockOrders((node) => node !== "c"),
      wishes: Array.from({ length: this.#scope.requests }, () => wish),
    };
  }

  /** All possible steps: each as a text, and a function that makes the state after it. */
  *#steps(state: State): Generator<Step> {
    const { orders, pending, own, begun, chosen, known, ended } = state;
    if (!ended) yield* this.#callerSteps(state);
    for (const order of orders) {
      const text = `R proposes ${show(order)}`;
      yield* this.#proposals(state, text, this.#commandOf(order), false, (after) => after);
    }
    for (const one of pending) {
      yield [`a failed write is chosen: ${showLock(one.lock)}`, () => this.#choose(state, one)];
    }
    const { rival, crowd, ends } = this.#scope;
    if (ends === true && !ended) yield ["C's session ends", () => ({ ...state, ended: true })];
    if (ended) {
      const drop = { type: "tidy" } as const;
      const text = "D drops what C has in the lock";
      yield* this.#proposals(state, text, drop, false, (after) => after);
    }
    if (own.length > 0 && !ended) {
      const [{ act, request: number }, ...rest] = own;
      yield* this.#ownProposal({ ...state, own: rest }, state, act, number);
    }
    if (begun < rival.length) {
      const act = rival[begun];
      const command: LockCommand = act === "release"
        ? { type: "release", session: RIVAL, request: rival.lastIndexOf("request", begun) + 1 }
        : request(RIVAL, begun + 1, act === "steal");
      const after = { ...state, begun: begun + 1 };
      yield* this.#proposals(after, `R proposes its ${act}`, command, true, (done) => done, state);
    }
    if (crowd === true && chosen.lock.left.every(({ session }) => session !== CROWD)) {
      const command = { type: "release", session: CROWD, request: 1, ordered: true } as const;
      const isNew = chosen.lock.holders.length > 0 && chosen.lock.term === 1;
      if (isNew) yield ["a request of D has left", () => this.#write(state, command)];
    }
    if (!ended && JSON.stringify(known) !== JSON.stringify(chosen.lock)) {
      yield ["C learns what is chosen", () => this.#learn(state, chosen.lock)];
    }
    if (this.#scope.broken === "a pushed vote counts as chosen") {
      for (const { lock } of pending) yield ["C gets a push", () => this.#learn(state, lock)];
    }
  }

  *#callerSteps(state: State): Generator<Step> {
    const { wishes, known, orders } = state;
    const next = wishes.findIndex(({ step }) => step === "new");
    if (next >= 0) {
      yield [`C asks for the lock: request ${next + 1}`, () => {
        const asked = wish(state, next + 1, { step: "asked" });
        return this.#do(asked, (desk) => desk.add(id(next + 1), known));
      }];
    }
    if (orders.length > 0) {
      yield ["C is refused", () => this.#refuse(state, false)];
      yield ["C is told that the lock has another holder", () => this.#refuse(state, true)];
      yield ["C hears nothing", () => this.#do(state, (desk) => desk.proposeAll())];
    }
    for (let number = 1; number <= wishes.length; number++) {
      const { step } = wishes[number - 1];
      if (step !== "asked" && step !== "told") continue;
      yield [`C's request ${number} ends`, () => this.#end(state, number)];
    }
  }

  #refuse(state: State, moved: boolean): State | null {
    const { broken } = this.#scope;
    if (broken === "a full queue ends the request" && !moved) {
      const number = state.wishes.findIndex(({ step, ordered }) => step === "asked" && ordered) + 1;
      return number > 0 ? wish(state, number, { step: "gone" }) : null;
    }
    return this.#do(state, (desk) => desk.refused(state.known, moved));
  }

  /** C gives a request up, or releases the lock. */
  #end(state: State, number: number): State {
    const own = state.own.filter((one) => one.request !== number);
    const after = this.#do({ ...state, own }, (desk) => desk.remove(id(number), state.known))!;
    const { ordered, proposed } = after.wishes[number - 1];
    if (!ordered && !proposed) return wish(after, number, { step: "gone" });
    const leaving = wish(after, number, { step: "leaving" });
    return { ...leaving, own: [...leaving.own, { act: "remove", request: number }] };
  }

  *#ownProposal(
    after: State,
    failed: State,
    act: Own["act"],
    number: number,
  ): Generator<Step> {
    if (act === "request") {
      const proposed = wish(after, number, { proposed: true });
      const again = wish(failed, number, { proposed: true });
      const done = (state: State) => {
        const told = wish(state, number, { step: "told" });
        return this.#do(told, (desk) => desk.remove(id(number), state.known))!;
      };
      const command = request(SESSION, number);
      yield* this.#proposals(proposed, `C proposes request ${number}`, command, false, done, again);
      return;
    }
    const { broken } = this.#scope;
    const isThere = [...after.chosen.lock.holders, ...after.chosen.lock.queue]
      .some(({ pid, request }) => pid.session === SESSION && request === number);
    const ordered = after.wishes[number - 1].ordered && broken !== "a removal leaves no trace" &&
      (isThere || broken !== "a removal is traced only if it removes");
    const command = { type: "release", session: SESSION, request: number, ordered } as const;
    const mustWrite = broken !== "a removal does not write";
    const done = (state: State) => this.#checked(wish(state, number, { step: "gone" }));
    const text = `C removes request ${number}`;
    yield* this.#proposals(after, text, command, mustWrite, done, failed);
  }

  /** A change that succeeds, and one that fails and may yet be chosen. */
  *#proposals(
    state: State,
    text: string,
    command: LockCommand,
    mustWrite: boolean,
    done: (state: State) => State,
    failed: State = state,
  ): Generator<Step> {
    yield [text, () => {
      const written = this.#write(state, command, mustWrite);
      const after = done(written ?? state);
      return after === state ? null : after;
    }];
    const { failures, counter, chosen } = state;
    if (failures >= this.#scope.failures) return;
    yield [`${text}, and that fails`, () => {
      const one = this.#written(chosen, command, counter + 1);
      if (one === null) return null;
      const pending = [...failed.pending, one];
      return { ...failed, pending, counter: counter + 1, failures: failures + 1 };
    }];
  }

  #commandOf({ term, requests }: Order): LockCommand {
    if (this.#scope.broken === "a steal is handed over") {
      return request(SESSION, requests[0].request, true);
    }
    const entries = requests.map(({ session, request }) => entryOf(session, request));
    return { type: "order", term, entries };
  }

  /** Writes what a change makes of the chosen state; `null`: nothing, and nothing has to be written. */
  #write(state: State, command: LockCommand, mustWrite = false): State | null {
    const { chosen, counter } = state;
    const one = this.#written(chosen, command, counter + 1);
    if (one === null && !mustWrite) return null;
    return this.#choose({ ...state, counter: counter + 1 }, one ?? chosen);
  }

  #written(before: Chosen, command: LockCommand, token: number): Chosen | null {
    const { value } = this.#apply(before, command, token);
    return this.#paxos.sameLock(before.lock, value) ? null : { lock: value, token };
  }

  #apply({ lock }: Chosen, command: LockCommand, token: number) {
    // Only D, which drops C's entries, knows that its session has ended.
    const hasEnded = (session: string) => command.type === "tidy" && session === SESSION;
    return this.#paxos.applyCommand(lock, command, token, hasEnded);
  }

  #choose(state: State, chosen: Chosen): State {
    const { lock } = chosen;
    const wishes = state.wishes.map((wish, index): Wish => {
      const is = ({ pid, request }: LockValue["holders"][number]) =>
        pid.session === SESSION && request === index + 1;
      const held = lock.holders.find(is);
      if (held === undefined && !lock.queue.some(is)) {
        // What was in the lock has left it for ever, with or without C.
        return state.ended && wish.seen ? { ...wish, step: "gone" } : wish;
      }
      if (held !== undefined && wish.token > 0 && wish.token !== held.token) {
        throw new Violation(`request ${index + 1} took effect twice`);
      }
      return { ...wish, seen: true, token: held?.token ?? wish.token };
    });
    return this.#checked({ ...state, chosen, pending: [], wishes });
  }

  #learn(state: State, lock: LockValue): State {
    const wishes = state.wishes.map((wish, index): Wish => {
      const is = (one: LockValue["holders"][number]) =>
        one.pid.session === SESSION && one.request === index + 1;
      const isFound = lock.holders.some(is) || lock.queue.some(is);
      return isFound && wish.step === "asked" && wish.ordered ? { ...wish, step: "told" } : wish;
    });
    const own = state.own.filter(({ act, request }) =>
      act !== "request" || wishes[request - 1].step === "asked" || !wishes[request - 1].ordered
    );
    const told = { ...state, known: lock, wishes, own };
    return this.#checked(this.#do(told, (desk) => desk.learned(lock)) ?? told);
  }

  /** Has the machine of C take a step, and does what it says. */
  #do(state: State, act: (desk: LockOrders) => OrderStep): State {
    const desk = copy(state.desk);
    if (this.#scope.broken === "a second order is sent before the first is found") {
      (desk as unknown as { _sent: number; _waiting: unknown[] })._sent = 0;
      (desk as unknown as { _sent: number; _waiting: unknown[] })._waiting = [];
    }
    const { send, propose } = act(desk);
    let after: State = { ...state, desk };
    if (send !== null) {
      const isNew = !after.orders.some((one) => JSON.stringify(one) === JSON.stringify(send));
      if (isNew) after = { ...after, orders: [...after.orders, send] };
      for (const one of send.requests) after = wish(after, one.request, { ordered: true });
    }
    const own = propose.map(({ request }): Own => ({ act: "request", request }));
    return { ...after, own: [...after.own, ...own] };
  }

  /** Checks the chosen state. */
  #checked(state: State): State {
    const { chosen: { lock }, wishes } = state;
    const entries = [...lock.holders, ...lock.queue];
    if (lock.holders.length > 1) throw new Violation(`${showLock(lock)}: two owners`);
    if (new Set(entries.map(nameOf)).size < entries.length) {
      throw new Violation(`${showLock(lock)}: a request is in it twice`);
    }
    const there = entries.filter(({ pid }) => pid.session === SESSION).map(({ request }) =>
      request
    );
    const alive = there.filter((request) => wishes[request - 1].step !== "leaving");
    if (alive.some((request, index) => index > 0 && request < alive[index - 1])) {
      throw new Violation(`${showLock(lock)}: the order of the calls changed`);
    }
    wishes.forEach(({ step, seen }, index) => {
      const isThere = there.includes(index + 1);
      if (step === "gone" && isThere) {
        throw new Violation(`${showLock(lock)}: request ${index + 1} is a ghost`);
      }
      if (step === "told" && !seen) {
        throw new Violation(
          `request ${index + 1} was told that it is in the lock, and it never was`,
        );
      }
      if (step === "told" && !isThere && !this.#scope.rival.includes("steal")) {
        throw new Violation(`${showLock(lock)}: request ${index + 1} is lost`);
      }
    });
    return state;
  }
}

function copy(desk: LockOrders): LockOrders {
  return Object.assign(Object.create(Object.getPrototypeOf(desk)), desk);
}

const id = (request: number): LeftRequest => ({ session: SESSION, request });

function entryOf(session: string, request: number) {
  const pid = { node: session[0], session, seq: 1 };
  return { pid, request, mode: "exclusive", token: 0 } as const;
}

function request(session: string, number: number, steal = false): LockCommand {
  const entry = entryOf(session, number);
  return { type: "request", entry, ifAvailable: false, steal, sent: false };
}

function wish(state: State, number: number, more: Partial<Wish>): State {
  const wishes = state.wishes.with(number - 1, { ...state.wishes[number - 1], ...more });
  return { ...state, wishes };
}

function nameOf({ pid, request }: LockValue["holders"][number]): string {
  return `${pid.node}${request}`;
}

function show({ term, requests }: Order): string {
  return `the order of ${requests.map(({ request }) => request).join(" and ")} in term ${term}`;
}

function showLock({ holders, queue }: LockValue): string {
  return `[${holders.map(nameOf)} | ${queue.map(nameOf)}]`;
}

function textOf(state: State): string {
  return JSON.stringify(state);
}
