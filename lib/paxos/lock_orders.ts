import type { LeftRequest, LockValue } from "./lock_register.ts";
import type { Route } from "./lock_route.ts";

/** Requests in one order, to bound a message. */
export const MAX_ORDERED = 256;

/** Orders sent in a row for the same request, before its node proposes it: the lock may have a new holder each time. */
const MAX_TRIES = 3;

/** Requests of this node for one lock, to be handed to the node of its holder. */
export interface Order {
  /** The node of the lock's first holder. */
  readonly to: string;
  /** The term of the lock that this node has seen. */
  readonly term: number;
  /** In the order of the calls. */
  readonly requests: readonly LeftRequest[];
}

/** What is to be done next. */
export interface OrderStep {
  /** To be sent; `null`: nothing. */
  readonly send: Order | null;
  /** The requests that this node proposes itself, in this order. */
  readonly propose: readonly LeftRequest[];
  /** The requests of the order under way that are in the lock. */
  readonly found?: readonly LeftRequest[];
}

const NONE: readonly never[] = [];
const NOTHING: OrderStep = { send: null, propose: NONE };

/**
 * The requests of one node for one lock that are not known to be in it: they are handed to the node of the holder, or
 * proposed, always in the order of the calls. One order is under way at a time. That a request is in a chosen
 * state is the only answer that counts; anything else, and silence, makes this node propose.
 */
export class LockOrders {
  readonly #reaches: (node: string) => boolean;
  readonly #route: (lock: LockValue) => Route;
  #waiting: readonly LeftRequest[] = NONE;
  /** How many of them, the first ones, are in the order under way. */
  #sent = 0;
  /** The node that has the order under way. */
  #to = "";
  /**
   * The token of the first holder that is known, after an order was refused because the lock has another one; `null`
   * otherwise.
   */
  #parkedAt: number | null = null;
  /** Whether what waits is to be proposed with this node's next write. */
  #awaitsTurn = false;
  /** Orders sent since a request was found or proposed. */
  #tries = 0;
  /** The requests that this node proposes at present. */
  #own: readonly LeftRequest[] = NONE;

  /** `reaches`: whether an order may be sent to a node, over a link to it. `route`: where a request goes. */
  constructor(
    reaches: (node: string) => boolean,
    route: (lock: LockValue) => Route = toHolder,
  ) {
    this.#reaches = reaches;
    this.#route = route;
  }

  /** The node that got the last order. */
  get to(): string {
    return this.#to;
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#own.length === 0;
  }

  /** Whether an answer, or the next state of the lock, is awaited: not for ever, so that nothing hangs. */
  get isWaiting(): boolean {
    return this.#sent > 0 || this.#parkedAt !== null || this.#awaitsTurn;
  }

  /** Whether what waits is to be proposed with this node's next write, if that comes soon. */
  get awaitsTurn(): boolean {
    return this.#awaitsTurn;
  }

  /** Takes a request that would wait in the queue. `lock`: the lock as last learned; `null`: unknown. */
  add(request: LeftRequest, lock: LockValue | null): OrderStep {
    this.#waiting = [...this.#waiting, request];
    return this.isWaiting ? NOTHING : this.#next(lock);
  }

  /** Takes a request that must not wait: this node proposes it, behind those that were made before. */
  addAtOnce(request: LeftRequest): OrderStep {
    this.#waiting = [...this.#waiting, request];
    return this.proposeAll();
  }

  /** A chosen state was learned. */
  learned(lock: LockValue): OrderStep {
    if (this.#awaitsTurn) return this.#next(lock);
    const isNews = this.#parkedAt !== null &&
      (!this.#leadsBack(lock) || lock.holders[0]?.token !== this.#parkedAt);
    if (isNews) return this.#next(lock);
    if (this.#sent === 0) return NOTHING;
    const there = new Set<string>();
    for (const { pid, request } of lock.holders) there.add(`${pid.session}/${request}`);
    for (const { pid, request } of lock.queue) there.add(`${pid.session}/${request}`);
    const isFound = ({ session, request }: LeftRequest) => there.has(`${session}/${request}`);
    const found = this.#waiting.slice(0, this.#sent).filter(isFound);
    return found.length === 0 ? NOTHING : { ...this.#drop(isFound, lock), found };
  }

  /** The order under way was not taken. `moved`: since the lock has another holder by now. */
  refused(lock: LockValue | null, moved: boolean): OrderStep {
    if (this.#sent === 0) return NOTHING;
    if (!moved) return this.proposeAll();
    this.#sent = 0;
    if (lock === null || !this.#leadsBack(lock)) return this.#next(lock);
    this.#parkedAt = lock.holders[0].token;
    return NOTHING;
  }

  /** This node proposes all that waits; after silence, for example. */
  proposeAll(): OrderStep {
    const propose = this.#waiting;
    this.#own = this.#own.length === 0 ? propose : [...this.#own, ...propose];
    this.#waiting = NONE;
    this.#sent = this.#tries = 0;
    this.#endWait();
    return propose.length === 0 ? NOTHING : { send: null, propose };
  }

  /** Looks again where to what waits for this node's turn goes. */
  lookAgain(lock: LockValue | null): OrderStep {
    return this.#awaitsTurn ? this.#next(lock) : NOTHING;
  }

  /** A request has ended, or what this node proposed for it. */
  remove({ session, request }: LeftRequest, lock: LockValue | null): OrderStep {
    const is = (one: LeftRequest) => one.request === request && one.session === session;
    if (this.#own.length > 0) this.#own = this.#own.filter((one) => !is(one));
    return this.#drop(is, lock);
  }

  #endWait(): void {
    this.#parkedAt = null;
    this.#awaitsTurn = false;
  }

  /** Whether the way to the lock is still the one of the last order. */
  #leadsBack(lock: LockValue): boolean {
    const route = this.#route(lock);
    return route !== undefined && route !== "turn" && route.to === this.#to;
  }

  #drop(isOver: (request: LeftRequest) => boolean, lock: LockValue | null): OrderStep {
    // Nearly always: this node has proposed it at once.
    if (this.#waiting.length === 0) {
      this.#endWait();
      return NOTHING;
    }
    const sent = this.#waiting.slice(0, this.#sent).filter((one) => !isOver(one));
    const rest = this.#waiting.slice(this.#sent).filter((one) => !isOver(one));
    const wasSent = this.#sent > 0;
    if (wasSent && sent.length < this.#sent) this.#tries = 0;
    this.#waiting = [...sent, ...rest];
    this.#sent = sent.length;
    if (this.#waiting.length === 0) this.#endWait();
    return wasSent && sent.length === 0 ? this.#next(lock) : NOTHING;
  }

  #next(lock: LockValue | null): OrderStep {
    this.#endWait();
    if (this.#waiting.length === 0) return NOTHING;
    const route = lock === null ? undefined : this.#route(lock);
    if (route === "turn") {
      this.#awaitsTurn = true;
      return NOTHING;
    }
    const to = route?.to;
    const mayHand = to !== undefined && this.#own.length === 0 && this.#tries < MAX_TRIES;
    if (!mayHand || !this.#reaches(to)) return this.proposeAll();
    this.#tries++;
    this.#to = to;
    const [{ session }] = this.#waiting;
    const other = this.#waiting.findIndex((one) => one.session !== session);
    const requests = this.#waiting.slice(0, other < 0 ? MAX_ORDERED : Math.min(other, MAX_ORDERED));
    this.#sent = requests.length;
    return { send: { to, term: lock!.term, requests }, propose: [] };
  }
}

function toHolder({ holders: [first] }: LockValue): Route {
  return first && { to: first.pid.node };
}
