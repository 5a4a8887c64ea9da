import type { Ballot } from "../../paxos/ballot.ts";
import type { Proposer } from "../../paxos/proposer.ts";
import { isConfiguration, type RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { RecentMap } from "../runtime/recent_map.ts";
import type { ChosenHints } from "./chosen_hints.ts";
import { FastPause } from "./fast_pause.ts";

/** Registers remembered in which a fast round has met something, to bound memory. */
const MAX_OCCUPIED = 10_000;

/** Time for which changes of such a register begin classically, in milliseconds. */
const OCCUPIED_TIME = 10_000;

/**
 * Time for which all changes begin classically after a member had no room for a register, in milliseconds: only what was
 * not sent in a fast round can end as `full`.
 */
const FULL_TIME = 60_000;

/**
 * Most changes under way in this node with which a round begins: at least, and for each millisecond of a round trip. With
 * more of them the processor is the limit, not the network, and a fast round costs it more: it needs fewer frames, but more
 * memory, and what is sent in large batches costs little (64 puts at a time over memory: 66 µs each, and 46 without).
 */
const MOST_UNDER_WAY = 16;
const UNDER_WAY_PER_MS = 3;

/**
 * Time without rounds after that many changes were under way, in milliseconds. Where many callers each begin their next
 * change as the last one ends, the first of them would find few under way: their rounds would be over sooner than those of the
 * rest, and what was sent in one frame would go in two.
 */
const BUSY_TIME = 50;

/** Shortest wait for the rest of the members, in milliseconds: timers are no more exact. */
const LEAST_WAIT = 1;

/**
 * Time after a late answer within which others tell of the same delay, in milliseconds: a process that collects garbage, or
 * waits for a processor, is late for several rounds, one after the other.
 */
const SAME_DELAY = 5;

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
 * slowest member is about as quick as a quorum would be twice, and most rounds meet nothing. A member that does not answer
 * delays the rounds that are under way, once; no further one begins before it is heard again.
 */
export class FastRounds {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #underWay: () => number;
  readonly #occupied = new RecentMap<RegisterId, number>(MAX_OCCUPIED);
  /** The members that have not answered rounds in time, and that were not heard since. */
  readonly #silent = new Set<string>();
  readonly #waiting = new Set<WaitingRound>();
  #due = Infinity;
  /** When the timer fired last. */
  #looked = -Infinity;
  #cancelTimer: () => void = () => {};
  /** After rounds in which a member was too slow. */
  readonly #slowPause = new FastPause();
  /** After rounds that have met something, which costs more than to look first. */
  readonly #metPause = new FastPause();
  #fullUntil = -Infinity;
  #busyUntil = -Infinity;
  /** Rounds sent before this time tell nothing more of slow members. */
  #counted = -Infinity;

  /** Nothing is known of the members yet; `underWay`: the number of registers with changes under way in this node. */
  constructor(engine: Engine, pacing: Pacing, underWay: () => number) {
    this.#engine = engine;
    this.#pacing = pacing;
    this.#underWay = underWay;
  }

  /** Whether a change of `register` that has seen nothing of it may begin with a fast round now. */
  mayBegin(register: RegisterId): boolean {
    const { runtime, members, voter, configuration, place } = this.#engine;
    // Members take nothing in a fast round while they change, nor of a node that does not know their floor yet.
    if (isConfiguration(register) || !configuration.settled || place === null) return false;
    const most = Math.max(MOST_UNDER_WAY, UNDER_WAY_PER_MS * this.#pacing.shortestRoundTrip);
    const now = runtime.now();
    if (this.#underWay() > most) this.#busyUntil = now + BUSY_TIME;
    if (now < this.#busyUntil) return false;
    if (!this.#slowPause.isOver(now) || !this.#metPause.isOver(now)) return false;
    if (now < this.#fullUntil) return false;
    const occupied = this.#occupied.get(register);
    if (occupied !== undefined && now < occupied + OCCUPIED_TIME) return false;
    // The error `full` is for those that have sent nothing that may take effect.
    if (voter !== null) {
      // Its own vote would be missing.
      if (voter.acceptor.stored(register)?.accepted) return false;
      if (voter.acceptor.isFull(register, null)) return false;
    }
    return this.expects(members);
  }

  /** An estimate of the counters that others have used unheard: the clock of a client is often behind. */
  get unheard(): number {
    return this.#engine.voter === null ? this.#engine.unheard.highest : 0;
  }

  /** Whether answers of all these members are likely to come soon. */
  expects(members: readonly string[]): boolean {
    for (const member of members) if (!this.#isExpected(member)) return false;
    return true;
  }

  /**
   * A quorum has answered at the time `now` the round that was sent at `asked`: `goOn` is called once these members have
   * had as much time again, or at once if they will not answer. Returns a function that prevents it.
   */
  awaitRest(
    missing: () => readonly string[],
    asked: number,
    now: number,
    goOn: () => void,
  ): () => void {
    if (!this.expects(missing())) {
      goOn();
      return () => {};
    }
    const due = now + Math.max(LEAST_WAIT, now - asked);
    const round: WaitingRound = { asked, due, missing, goOn };
    this.#waiting.add(round);
    this.#arm(due);
    // The timer stays: the next rounds would set it again, and it has nothing to do if there are none.
    return () => void this.#waiting.delete(round);
  }

  /** All members have taken the state of a round in time. */
  completed(): void {
    this.#slowPause.won();
    this.#metPause.won();
  }

  /** A round has met something in `register`, or a rival. */
  met(register: RegisterId): void {
    const now = this.#engine.runtime.now();
    this.#occupied.set(register, now);
    this.#metPause.lost(now);
  }

  /** Members have no room for a new register. */
  noRoom(): void {
    this.#fullUntil = this.#engine.runtime.now() + FULL_TIME;
  }

  /** These members have not answered a round in time: none begins before all of them were heard again. */
  silent(members: readonly string[]): void {
    for (const member of members) if (member !== this.#engine.self) this.#silent.add(member);
  }

  /** A frame of a member has arrived. */
  heard(member: string): void {
    if (this.#silent.size > 0) this.#silent.delete(member);
  }

  /** Whether an answer of `member` is likely to come. */
  #isExpected(member: string): boolean {
    const { self, routes, voter } = this.#engine;
    if (member === self) return voter !== null;
    return routes.reaches(member) && !this.#silent.has(member);
  }

  #arm(due: number): void {
    if (due >= this.#due) return;
    this.stop();
    this.#due = due;
    const { runtime } = this.#engine;
    this.#cancelTimer = runtime.setTimer(() => this.#elapsed(), due - runtime.now());
  }

  /** Sets no timer, until another round waits. */
  stop(): void {
    this.#cancelTimer();
    this.#due = Infinity;
  }

  /**
   * The rounds go on that were due when the timer fired last, and those that would wait for the same members. What has come
   * until a round is due is read first: runtimes fire timers before that, and this process may be late, not a member.
   */
  #elapsed(): void {
    const now = this.#engine.runtime.now();
    const looked = this.#looked;
    this.#looked = now;
    this.#due = Infinity;
    const due = [...this.#waiting].filter((round) => round.due <= looked);
    for (const round of due) this.#slow(round, now);
    for (const round of [...this.#waiting]) {
      if (round.due > looked && this.expects(round.missing())) continue;
      if (this.#waiting.delete(round)) round.goOn();
    }
    this.#arm(Math.min(...[...this.#waiting].map((round) => round.due)));
  }

  /** Members were too slow for a round. */
  #slow({ asked, missing }: WaitingRound, now: number): void {
    this.silent(missing());
    if (asked <= this.#counted) return;
    this.#counted = now + SAME_DELAY;
    this.#slowPause.lost(now);
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
