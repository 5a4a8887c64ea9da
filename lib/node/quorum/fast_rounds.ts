import type { Ballot } from "../../paxos/ballot.ts";
import { hasRoom } from "../../paxos/capacity.ts";
import type { Proposer } from "../../paxos/proposer.ts";
import { isConfiguration, type RegisterId } from "../../paxos/register.ts";
import { sizeOf } from "../../paxos/size.ts";
import type { Engine } from "../engine/engine.ts";
import { RecentMap } from "../runtime/recent_map.ts";
import type { ChosenHints } from "./chosen_hints.ts";

/** Registers remembered in which a fast round has met something, to bound memory. */
const MAX_OCCUPIED = 10_000;

/** Time for which changes of such a register begin classically, in milliseconds. */
const OCCUPIED_TIME = 10_000;

/** Time for which all changes begin classically after a member had no room for a register, in milliseconds. */
const FULL_TIME = 5_000;

/**
 * What a round counts in which a member was too slow, and one in which all were quick enough: a round that is lost costs
 * about as much as a good one saves. From this many points on, no round begins for a while.
 */
const SLOW_POINTS = 1;
const QUICK_POINTS = 0.5;
const MOST_POINTS = 3;

/** The shortest and the longest time without fast rounds after that, in milliseconds; it doubles. */
const SHORTEST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** Shortest wait for the rest of the members, in milliseconds: timers are no more exact. */
const LEAST_WAIT = 1;

/** What fast rounds of all registers share. */
export interface FastParts {
  readonly rounds: FastRounds;
  readonly hints: ChosenHints;
}

/** A fast round that a quorum has answered, and that waits for the rest. */
interface WaitingRound {
  /** When it was sent. */
  readonly asked: number;
  /** When it goes on without the rest. */
  readonly due: number;
  /** The members that have not answered. */
  readonly missing: () => readonly string[];
  readonly goOn: () => void;
}

/**
 * When changes begin with a fast round (section 3a), which saves a round trip if all members answer it soon: as long as the
 * slowest member is about as quick as a quorum would be twice. A member that does not answer delays the rounds that are
 * under way, once; no further one begins before it is heard again.
 */
export class FastRounds {
  readonly #engine: Engine;
  readonly #occupied = new RecentMap<RegisterId, number>(MAX_OCCUPIED);
  /** The members that rounds have waited for in vain, and since when. */
  readonly #silent = new Map<string, number>();
  readonly #waiting = new Set<WaitingRound>();
  #due = Infinity;
  #cancelTimer: () => void = () => {};
  #points = 0;
  #pause = SHORTEST_PAUSE;
  #pausedUntil = -Infinity;
  /** Rounds sent before this time have told all that they can tell of slow members. */
  #counted = -Infinity;

  /** Nothing is known of the members yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Whether a change of `register` that has seen nothing of it may begin with a fast round now. */
  mayBegin(register: RegisterId): boolean {
    const { runtime, members, voter, settings, configuration } = this.#engine;
    // Members take nothing in a fast round while they change.
    if (isConfiguration(register) || !configuration.settled) return false;
    const now = runtime.now();
    if (now < this.#pausedUntil) return false;
    const occupied = this.#occupied.get(register);
    if (occupied !== undefined && now < occupied + OCCUPIED_TIME) return false;
    // The error `full` is for those that have sent nothing that may take effect.
    if (voter !== null) {
      const { size, bytes } = voter.acceptor;
      if (!hasRoom(settings, size, bytes, sizeOf(register, null), false)) return false;
    }
    return this.expects(members);
  }

  /** Whether answers of all these members are likely to come soon. */
  expects(members: readonly string[]): boolean {
    for (const member of members) if (!this.#isExpected(member)) return false;
    return true;
  }

  /**
   * A quorum has answered the round that was sent at `asked`: `goOn` is called once these members have had as much time
   * again, or at once if they will not answer. Returns a function that prevents it.
   */
  awaitRest(
    missing: () => readonly string[],
    asked: number,
    goOn: () => void,
  ): () => void {
    const now = this.#engine.runtime.now();
    if (!this.expects(missing())) {
      goOn();
      return () => {};
    }
    const due = now + Math.max(LEAST_WAIT, now - asked);
    const round: WaitingRound = { asked, due, missing, goOn };
    this.#waiting.add(round);
    this.#arm();
    return () => {
      this.#waiting.delete(round);
      if (this.#waiting.size === 0) this.#disarm();
    };
  }

  /** All members have taken the state of a round in time. */
  completed(): void {
    if (this.#points > 0) this.#points -= QUICK_POINTS;
    else this.#pause = SHORTEST_PAUSE;
  }

  /** A round has met something in `register`, or a rival. */
  met(register: RegisterId): void {
    this.#occupied.set(register, this.#engine.runtime.now());
  }

  /** Members have no room for a new register. */
  noRoom(): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#engine.runtime.now() + FULL_TIME);
  }

  /** Whether an answer of `member` is likely to come. */
  #isExpected(member: string): boolean {
    const { self } = this.#engine;
    if (member === self) return true;
    if (this.#engine.network.reachability(member) === "none") return false;
    const since = this.#silent.get(member);
    if (since === undefined) return true;
    if ((this.#engine.heard.get(member) ?? since) <= since) return false;
    this.#silent.delete(member);
    return true;
  }

  #arm(): void {
    const due = Math.min(...[...this.#waiting].map((round) => round.due));
    if (due >= this.#due) return;
    this.#disarm();
    this.#due = due;
    const { runtime } = this.#engine;
    this.#cancelTimer = runtime.setTimer(() => this.#elapsed(), due - runtime.now());
  }

  #disarm(): void {
    this.#cancelTimer();
    this.#due = Infinity;
  }

  /** The rounds that are due go on, and those that would wait for the same members. */
  #elapsed(): void {
    const now = this.#engine.runtime.now();
    this.#due = Infinity;
    const due = [...this.#waiting].filter((round) => round.due <= now);
    for (const round of due) this.#slow(round, now);
    for (const round of [...this.#waiting]) {
      if (round.due > now && this.expects(round.missing())) continue;
      if (this.#waiting.delete(round)) round.goOn();
    }
    if (this.#waiting.size > 0) this.#arm();
  }

  /** Members were too slow for a round. */
  #slow({ asked, missing }: WaitingRound, now: number): void {
    for (const member of missing()) if (member !== this.#engine.self) this.#silent.set(member, now);
    // Rounds that were under way at the same time tell of the same delay.
    if (asked <= this.#counted) return;
    this.#counted = now;
    this.#points += SLOW_POINTS;
    if (this.#points < MOST_POINTS) return;
    this.#points = MOST_POINTS - SLOW_POINTS;
    this.#pausedUntil = now + this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
  }
}

/** Notes what became of the fast round that a proposal began with, if it did; `ballot` is chosen. */
export function noteOutcome(
  { rounds, hints }: FastParts,
  register: RegisterId,
  { request, met }: Proposer<unknown>,
  ballot: Ballot,
): void {
  if (request?.type === "fast") {
    rounds.completed();
    hints.add(register, ballot);
    return;
  }
  if (met) rounds.met(register);
  hints.outdated(register);
}
