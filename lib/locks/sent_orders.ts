import type { Core } from "../node/core.ts";
import { type Limits, type Operation, PassingMap, RecentMap } from "../node/shell.ts";
import type { Ballot } from "../paxos/ballot.ts";
import { LockOrders, type Order, type OrderStep } from "../paxos/lock_orders.ts";
import type { Route } from "../paxos/lock_route.ts";
import type { LeftRequest, LockResult, LockValue } from "../paxos/lock_register.ts";
import type { RegisterId, SessionId } from "../paxos/register.ts";
import type { LockRequest } from "./lock_request.ts";
import { longestOrder } from "./taken_orders.ts";

/** What became of a request, and the ballot at which it was chosen. */
export interface Placed {
  readonly result: LockResult;
  readonly ballot: Ballot;
}

/** What the orders of a node need of its locks. */
export interface SentOrdersParts {
  readonly core: Core;
  /** The lock as last learned, while this node watches it; else `null`. */
  readonly latest: (register: RegisterId) => LockValue | null;
  /** Where a request for the lock goes. */
  readonly route: (register: RegisterId, lock: LockValue) => Route;
  /** Watches the lock until the function that it returns is called. */
  readonly keep: (register: RegisterId) => () => void;
}

/** A request that waits to be in the lock. */
interface Waiting {
  readonly request: LockRequest;
  readonly operation: Operation<Placed>;
  readonly propose: () => Promise<Placed>;
}

/** The requests of this node for one lock that are not in it yet. */
interface Desk {
  readonly register: RegisterId;
  readonly orders: LockOrders;
  /** Made for the first that waits for an answer: most are proposed at once. */
  waiting: Map<number, Waiting> | undefined;
  /** Whether the requests wait for this node's turn, with a watch and a timer. */
  isAwaiting: boolean;
  /** Ends the order under way, or that wait: its watch, its question and its timer. */
  stop: () => void;
}

const nothing = (): void => {};

/** Nodes whose silence is remembered, to bound memory. */
const MAX_SILENT = 1_000;

/** Time for which a node that did not answer gets no other order, in milliseconds; it doubles, up to the longest. */
const FIRST_SILENCE = 1_000;
const LONGEST_SILENCE = 16_000;

/**
 * Hands requests for locks to the nodes that hold them, so that one node proposes them together with its own. With
 * silence or a refusal this node proposes them itself.
 */
export class SentOrders {
  readonly #parts: SentOrdersParts;
  readonly #desks = new PassingMap<RegisterId, Desk>();
  /** The requests that were handed over: their removal has to leave a trace. */
  readonly #handedOver = new WeakSet<LockRequest>();
  /** Nodes that did not answer the last orders: for how long they get no other one, and until when. */
  readonly #silent = new RecentMap<string, { time: number; until: number }>(MAX_SILENT);

  /** Has sent nothing. */
  constructor(parts: SentOrdersParts) {
    this.#parts = parts;
  }

  /** Whether a request was ever handed over, and so may come into the lock late. */
  wasHandedOver(request: LockRequest): boolean {
    return this.#handedOver.has(request);
  }

  /**
   * Brings a request into the lock that waits there if it must: by an order, or by `propose`. `mayWait`: whether it
   * does; others are proposed at once, behind the requests that were made before.
   */
  place(
    request: LockRequest,
    mayWait: boolean,
    limits: Limits,
    propose: () => Promise<Placed>,
  ): Promise<Placed> {
    const { register } = request;
    const desk = this.#deskOf(register);
    const id = idOf(request);
    const { orders } = desk;
    const { latest } = this.#parts;
    const step = mayWait ? orders.add(id, latest(register)) : orders.addAtOnce(id);
    const over = () => this.#do(desk, orders.remove(id, latest(register)));
    if (step.propose.at(-1) === id) {
      // Most requests: they need no operation besides that of the proposal.
      this.#do(desk, { send: null, propose: step.propose.slice(0, -1) });
      const placed = propose();
      placed.then(over, over);
      return placed;
    }
    const operation = this.#parts.core.operation<Placed>(limits);
    if (!operation.ended) {
      (desk.waiting ??= new Map()).set(request.number, { request, operation, propose });
      this.#do(desk, step);
    }
    operation.onEnd(() => {
      desk.waiting?.delete(request.number);
      over();
    });
    return operation.promise;
  }

  /** A state of a lock was chosen. */
  learned(register: RegisterId, value: LockValue, ballot: Ballot): void {
    const desk = this.#desks.get(register);
    if (desk === undefined || !desk.orders.isWaiting) return;
    const { to } = desk.orders;
    const step = desk.orders.learned(value);
    if (step.found !== undefined) this.#silent.delete(to);
    for (const { request } of step.found ?? []) {
      // If it is granted already, it finds that where it waits.
      desk.waiting?.get(request)?.operation.resolve({ result: { kind: "queued" }, ballot });
    }
    this.#do(desk, step);
  }

  /** Whether requests of this node are on their way into the lock. */
  isAsking(register: RegisterId): boolean {
    return this.#desks.has(register);
  }

  /** This node is about to write the lock: what waits is proposed with that. */
  turn(register: RegisterId): void {
    const desk = this.#desks.get(register);
    if (desk?.orders.isWaiting === true) this.#do(desk, desk.orders.proposeAll());
  }

  /** Ends a request that is not in the lock yet. */
  fail({ register, number }: LockRequest, error: unknown): void {
    this.#desks.get(register)?.waiting?.get(number)?.operation.reject(error);
  }

  #deskOf(register: RegisterId): Desk {
    let desk = this.#desks.get(register);
    if (desk === undefined) {
      const route = (lock: LockValue) => this.#parts.route(register, lock);
      const orders = new LockOrders(this.#reaches, route);
      desk = { register, orders, waiting: undefined, isAwaiting: false, stop: nothing };
      this.#desks.set(register, desk);
    }
    return desk;
  }

  readonly #reaches = (node: string): boolean => {
    const { core } = this.#parts;
    return core.reaches(node) && (this.#silent.get(node)?.until ?? 0) <= core.runtime.now();
  };

  #do(desk: Desk, { send, propose }: OrderStep): void {
    if (!desk.orders.isWaiting) {
      desk.stop();
      desk.stop = nothing;
    }
    if (!desk.orders.awaitsTurn) desk.isAwaiting = false;
    else if (!desk.isAwaiting) this.#await(desk);
    for (const { session, request } of propose) {
      if (this.#isOver(session)) continue;
      const waiting = desk.waiting?.get(request);
      waiting?.propose().then(
        (placed) => waiting.operation.resolve(placed),
        (error) => waiting.operation.reject(error),
      );
    }
    if (send !== null && !this.#isOver(send.requests[0].session)) this.#send(desk, send);
    if (desk.orders.isIdle && this.#desks.get(desk.register) === desk) {
      this.#desks.delete(desk.register);
    }
  }

  /** What waits ends one request after the other with its session or node: nothing is done in their name any more. */
  #isOver(session: SessionId): boolean {
    const { core } = this.#parts;
    return core.closed !== undefined || !core.session.isPossible(session);
  }

  /** A node has not answered an order: it may have stopped, or be cut off from this node alone. */
  #notHeard(node: string): void {
    const time = Math.min(LONGEST_SILENCE, 2 * (this.#silent.get(node)?.time ?? FIRST_SILENCE / 2));
    this.#silent.set(node, { time, until: this.#parts.core.runtime.now() + time });
  }

  /** Requests wait for this node's turn: at most as long as an order may take, and only as long as that seems to come soon. */
  #await(desk: Desk): void {
    const { core, keep, latest } = this.#parts;
    const { runtime, pacing } = core;
    const before = desk.stop;
    const leave = keep(desk.register);
    before();
    const until = runtime.now() + longestOrder(pacing);
    let cancel = nothing;
    const look = () => {
      cancel = runtime.setTimer(() => {
        const isLate = runtime.now() >= until;
        look();
        const { orders, register } = desk;
        this.#do(desk, isLate ? orders.proposeAll() : orders.lookAgain(latest(register)));
      }, Math.max(1, 2 * pacing.roundTrip));
    };
    look();
    desk.isAwaiting = true;
    desk.stop = () => {
      cancel();
      leave();
    };
  }

  #send(desk: Desk, { to, term, requests }: Order): void {
    const { core, keep, latest } = this.#parts;
    const { register } = desk;
    const entries = requests.map(({ request }) => {
      const { request: ordered } = desk.waiting!.get(request)!;
      this.#handedOver.add(ordered);
      // It counts as sent. Steals, which compare the counter, are never ordered.
      ordered.firstAccept ??= core.clock.counter;
      const { mode, permits = 0, since = 0, label = "" } = ordered.entry;
      return { seq: ordered.owner.pid.seq, request, mode, permits, since, label };
    });
    const [{ session }] = requests;
    const before = desk.stop;
    // First the watch: that the requests are in a chosen state is the answer.
    const leave = keep(register);
    before();
    let isAnswered = false;
    const end = core.order(
      to,
      { type: "order", register, term, session, requests: entries },
      (moved) => {
        end();
        isAnswered = true;
        this.#silent.delete(to);
        this.#do(desk, desk.orders.refused(latest(register), moved));
      },
    );
    const cancel = core.runtime.setTimer(() => {
      // The next requests need not find that out again.
      if (!isAnswered) this.#notHeard(to);
      this.#do(desk, desk.orders.proposeAll());
    }, longestOrder(core.pacing));
    desk.stop = () => {
      cancel();
      end();
      leave();
    };
  }
}

function idOf({ owner, number }: LockRequest): LeftRequest {
  return { session: owner.pid.session, request: number };
}
