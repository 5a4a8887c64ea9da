import type { Life } from "../lib/paxos/ballot.ts";
import type { ClockReading } from "../lib/paxos/lease.ts";
import { ShownTickets } from "../lib/paxos/tickets.ts";

/** One life of a member that serves, or served, this guest. */
export class Gateway {
  readonly life: Life;
  /** The tickets that came from it. */
  readonly tickets: ShownTickets;

  /** `ttl`: the time to live that the guest told it, in milliseconds. */
  constructor(life: Life, ttl: number, clockError: () => number) {
    this.life = life;
    this.tickets = new ShownTickets(ttl, clockError);
  }
}

/** Former gateways that are remembered; one that is forgotten counts as another life when it comes back. */
const MAX_GATEWAYS = 16;

/** The gateways of a guest: of one life there is one object. */
export class Gateways {
  readonly #known = new Map<Life, Gateway>();

  /** The gateway of this life. */
  get(life: Life, make: () => Gateway): Gateway {
    let gateway = this.#known.get(life);
    if (gateway === undefined) gateway = make();
    else this.#known.delete(life);
    this.#known.set(life, gateway);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_GATEWAYS) break;
      this.#known.delete(oldest);
    }
    return gateway;
  }
}

/**
 * Milliseconds from `at` until `gateway` may get what each of `others` may have got: until then another one of
 * them may still work on it.
 */
export function remaining(
  gateway: Gateway,
  others: Iterable<Gateway>,
  at: ClockReading,
): number {
  let most = 0;
  for (const other of others) {
    if (other !== gateway) most = Math.max(most, other.tickets.remaining(at));
  }
  return most;
}
