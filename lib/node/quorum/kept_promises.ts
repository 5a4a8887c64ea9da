import { type Ballot, compareBallots, type LamportClock, type Life } from "../../paxos/ballot.ts";
import { Inheritance } from "../../paxos/inheritance.ts";
import type { Learned } from "../../paxos/learner.ts";
import type { RegisterRequest, StoredRegister } from "../../paxos/messages.ts";
import type { KeptPromise } from "../../paxos/proposer.ts";
import type { RegisterId } from "../../paxos/register.ts";
import { PassingMap } from "../runtime/passing_map.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** Promises kept, to bound memory; the oldest are dropped first. */
const MAX_KEPT = 10_000;

/** Registers with rivals that are remembered, to bound memory. */
const MAX_CONTENDED = 1_000;

/** Promises for the next change of a register, each to be used once. */
export class KeptPromises {
  readonly #kept = new RecentMap<RegisterId, KeptPromise>(MAX_KEPT);

  /** When a kept promise for a register was refused last because of a rival. */
  readonly #refused = new RecentMap<RegisterId, number>(MAX_CONTENDED);

  /** What this node may inherit, and for how many callers. */
  readonly #inheritances = new PassingMap<RegisterId, { of: Inheritance; callers: number }>();

  /** Keeps the promise for `register`, in place of an older one. */
  put(register: RegisterId, kept: KeptPromise): void {
    this.#kept.set(register, kept);
  }

  /** Takes what other nodes hand on to this one from now on, until the functions that all callers got are called, once each. */
  inherit(register: RegisterId, clock: LamportClock): () => void {
    const known = this.#inheritances.get(register);
    const inheritance = known ?? { of: new Inheritance(clock), callers: 0 };
    this.#inheritances.set(register, inheritance);
    inheritance.callers++;
    return () => {
      if (--inheritance.callers === 0) this.#inheritances.delete(register);
    };
  }

  /** Whether other nodes have handed on promises for `register` since this node watches it. */
  hasInherited(register: RegisterId): boolean {
    return this.#inheritances.get(register)?.of.hasTaken === true;
  }

  /** This node sends a request about `register`. */
  sends(register: RegisterId, request: RegisterRequest): void {
    this.#inheritances.get(register)?.of.sends(request);
  }

  /** A quorum told what it accepted for `register`: keeps what it promised to `life` with that. */
  learned(register: RegisterId, learned: Learned, life: Life): void {
    this.outdated(register, learned.ballot);
    const kept = this.#inheritances.get(register)?.of.take(learned, life);
    const known = this.#kept.get(register);
    const isHigher = known === undefined || kept === undefined ||
      compareBallots(kept.ballot, known.ballot) > 0;
    if (kept !== undefined && isHigher) this.put(register, kept);
  }

  /** Returns the promise for `register` and no longer keeps it. */
  take(register: RegisterId): KeptPromise | undefined {
    const kept = this.#kept.get(register);
    if (kept !== undefined) this.#kept.delete(register);
    return kept;
  }

  /** A state was chosen for `register` at `ballot`, or a member promised that to a rival: no kept promise up to it is used. */
  outdated(register: RegisterId, ballot: Ballot): void {
    const kept = this.#kept.get(register);
    if (kept !== undefined && compareBallots(ballot, kept.ballot) >= 0) this.#kept.delete(register);
  }

  /** A kept promise for `register` was refused at the time `now`: another node writes it too. */
  refused(register: RegisterId, now: number): void {
    this.#refused.set(register, now);
  }

  /** Whether a promise was ever refused: without one there is no need to read a clock. */
  get hasRefused(): boolean {
    return this.#refused.size > 0;
  }

  /** The time since a kept promise for `register` was refused, in milliseconds. */
  sinceRefused(register: RegisterId, now: number): number {
    return now - (this.#refused.get(register) ?? -Infinity);
  }

  /** Forgets all promises. */
  clear(): void {
    this.#kept.clear();
  }
}

/**
 * A kept promise, unless it is of another life, which does not write in this one's name, or a member has promised a
 * higher ballot since, so that it would probably be refused. `held`: what the member holds about the register.
 */
export function usable(
  kept: KeptPromise | undefined,
  life: Life,
  held: StoredRegister | undefined,
): KeptPromise | undefined {
  if (kept === undefined || kept.ballot.life !== life) return undefined;
  const isOld = held !== undefined && compareBallots(held.promised, kept.ballot) > 0;
  return isOld ? undefined : kept;
}
