import type { Core } from "../node/core.ts";
import type { Life } from "../paxos/ballot.ts";
import type { RegisterChange } from "../paxos/change.ts";
import type { LockCommand, LockResult, LockValue } from "../paxos/lock_register.ts";
import { isCrowded, isSoon } from "../paxos/lock_route.ts";
import type { OrderRequest } from "../paxos/messages.ts";
import { kindOf, REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { isGuest, parseSession } from "../paxos/sessions.ts";
import { labeled, permitted } from "./options.ts";

/** Orders that are proposed at the same time, to bound memory; others are refused. */
const MAX_TAKEN = 1_000;

/** How long an order waits for this node's next write of the lock, in round trips; its sender waits longer. */
const KEPT_ROUND_TRIPS = 2.5;

/** What the order, the round that proposes it and the news of that take besides, in round trips, with a margin. */
const WAY_ROUND_TRIPS = 2;

/**
 * How long the sender of an order waits for an answer, in milliseconds: a node that keeps the order is not silent. Where
 * round trips are short, much longer than that.
 */
export function longestOrder(pacing: Core["pacing"]): number {
  return Math.max(pacing.resend(0), (KEPT_ROUND_TRIPS + WAY_ROUND_TRIPS) * pacing.roundTrip);
}

/** What the orders of other nodes need of the locks of this one. */
export interface TakenOrdersParts {
  readonly core: Core;
  /** The change that applies a command to a lock. */
  readonly change: (register: RegisterId, command: LockCommand) => RegisterChange<LockResult>;
  /** The lock as last learned, while this node watches it; else `null`. */
  readonly latest: (register: RegisterId) => LockValue | null;
  /** Whether requests of this node are on their way into the lock. */
  readonly isAsking: (register: RegisterId) => boolean;
  /** How many round trips pass from one holder of the lock to the next. */
  readonly pace: (register: RegisterId) => number;
}

/** How many of this node's requests hold a lock, and how many are being released. */
interface Holding {
  held: number;
  leaving: number;
}

/** Proposes the requests of other nodes for the locks that this node holds. */
export class TakenOrders {
  readonly #parts: TakenOrdersParts;
  /** The orders that wait for this node's next write of a lock. */
  readonly #kept = new Map<RegisterId, Set<() => void>>();
  readonly #holding = new Map<RegisterId, Holding>();
  #taken = 0;

  /** Holds nothing. */
  constructor(parts: TakenOrdersParts) {
    this.#parts = parts;
  }

  /** Adds to the numbers of requests that hold a lock, and that are being released. */
  count(register: RegisterId, held: number, leaving: number): void {
    let holding = this.#holding.get(register);
    if (holding === undefined) this.#holding.set(register, holding = { held: 0, leaving: 0 });
    holding.held += held;
    holding.leaving += leaving;
    if (holding.held + holding.leaving === 0) this.#holding.delete(register);
  }

  /** Proposes an order that `life` of `from` has sent over its own link, or calls `refuse`. */
  take(from: string, life: Life, order: OrderRequest, refuse: (moved: boolean) => void): void {
    const { register, term, session, requests } = order;
    const owner = parseSession(session);
    // A node orders for itself alone, in its present life.
    if (owner.node !== from || owner.life !== life || isGuest(from)) return;
    if (kindOf(register) !== REGISTER_KINDS.lock) return;
    if (this.#taken >= MAX_TAKEN) return refuse(false);
    const { core } = this.#parts;
    const keeps = this.#keeps(register);
    // The next holder is a better proposer than this node, which would be its rival.
    if (!keeps && !this.#proposesFor(register)) return refuse(true);
    const entries = requests.map(({ seq, request, mode, permits, since, label }) => ({
      ...{ pid: { node: from, session, seq }, request, mode, token: 0, since },
      ...permitted(permits),
      ...labeled(label),
    }));
    const { proposals, pacing, runtime } = core;
    const change = this.#parts.change(register, { type: "order", term, entries });
    this.#taken++;
    // Behind this time its sender proposes the same.
    const limits = core.limits(longestOrder(pacing));
    const propose = () =>
      void proposals.change(register, change, { ...limits, keepPromise: true, joins: true }).then(
        ({ result }) => {
          this.#taken--;
          if (result.kind !== "queued") refuse(false);
        },
        () => {
          this.#taken--;
          refuse(false);
        },
      );
    if (!keeps) return propose();
    let kept = this.#kept.get(register);
    if (kept === undefined) this.#kept.set(register, kept = new Set());
    const all = kept;
    const leave = () => {
      cancel();
      all.delete(turn);
      if (all.size === 0 && this.#kept.get(register) === all) this.#kept.delete(register);
    };
    const turn = () => {
      leave();
      propose();
    };
    const cancel = runtime.setTimer(() => {
      if (this.#proposesFor(register)) return turn();
      leave();
      this.#taken--;
      refuse(true);
    }, KEPT_ROUND_TRIPS * pacing.roundTrip);
    all.add(turn);
  }

  /** This node is about to write the lock: what waits for that is proposed with it. */
  turn(register: RegisterId): void {
    for (const turn of [...this.#kept.get(register) ?? []]) turn();
  }

  /** Whether this node is likely to write the lock very soon, so that an order waits for that. */
  #keeps(register: RegisterId): boolean {
    const { core, latest, isAsking } = this.#parts;
    const lock = latest(register);
    if (lock === null || !isCrowded(lock)) return false;
    const pace = this.#parts.pace(register);
    if ((this.#holding.get(register)?.held ?? 0) > 0) return isSoon(0, pace);
    const place = lock.queue.findIndex(({ pid }) => pid.node === core.self);
    if (isAsking(register) && isSoon(0, pace)) return true;
    return place === 0 || (place > 0 && isSoon(place + 1, pace));
  }

  /** Whether this node holds the lock, or releases it in a round that the order can join. */
  #proposesFor(register: RegisterId): boolean {
    const holding = this.#holding.get(register);
    if (holding === undefined) return false;
    return holding.held > 0 || this.#parts.core.proposals.canJoin(register);
  }
}
