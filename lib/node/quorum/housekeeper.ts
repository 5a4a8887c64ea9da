import type { MakingRoom } from "../../paxos/capacity.ts";
import { lifeOf } from "../../paxos/ended_lives.ts";
import { type Cause, type Ending, UNTIL_GRAIN } from "../../paxos/endings.ts";
import { identity, sealEndedChange } from "../../paxos/kv_register.ts";
import { kindOf, REGISTER_KINDS, type RegisterId, type SessionId } from "../../paxos/register.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import { type RegisterTask, RegisterTasks } from "./register_tasks.ts";
import type { Proposals } from "./proposals.ts";
import type { QuorumQueries } from "./queries.ts";
import type { Reads } from "./reads.ts";
import { Scan } from "./scan.ts";

/** Longest time between two looks of a member that holds any register, in milliseconds. */
const LONGEST_WAIT = 5_000;

/** Wait before the next look while the members' clocks are unknown, in milliseconds. */
const CLOCKS_WAIT = 500;

/** Time that a value gets to arrive before values bound to it are examined, in milliseconds. */
const KEY_WAIT = 100;

/**
 * Time that all members get to accept a release before the sweep handles it: the minimum in milliseconds, and a
 * multiple of the time that the slowest member takes.
 */
const RELEASE_WAIT = 5_000;
const RELEASE_WAIT_SLOWEST = 3;

/** Sessions and keys examined in one turn, and those asked about at the same time. */
const LOOKED_AT_ONCE = 2_000;
const ASKED_AT_ONCE = 16;

/**
 * Share of the slowest member's time to answer that nodes which wait for an end get to act on it first: 100 ms,
 * and more on slow networks. At the same moment their proposals would compete for the same registers.
 */
const HEAD_START = 0.05;

/**
 * Wait before a session is asked about again whose life is proved to be over here, but not yet at a quorum, in
 * milliseconds; it doubles.
 */
const PROOF_WAIT = 10;

/** Longest wait before a cause that has not ended is asked about again, in milliseconds. */
const LONGEST_QUESTION_WAIT = 60_000;

/** Time for which an answer of `#makeRoom` holds, in milliseconds. */
const ROOM_WAIT = 100;

/** What housekeeping works with. */
export interface HousekeeperParts {
  readonly engine: Engine;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly queries: QuorumQueries;
  /** About how long the slowest member takes to answer, in milliseconds. */
  readonly slowestMember: () => number;
  /** The session of this node. */
  readonly ownSession: () => SessionId;
  /** Drops the entries of an ended session from a lock. */
  readonly tidyLock: (register: RegisterId, session: SessionId, limits: Limits) => Promise<unknown>;
}

/** The state of the questions about a cause that may have ended. */
interface CauseQuestion {
  /** Whether this member has proof that the life of the session is over. */
  readonly isOver: boolean;
  isOpen: boolean;
  /** When to ask again, and the wait after that, in milliseconds. */
  again: number;
  wait: number;
}

/**
 * A member's housekeeping (section 8): finds values that have ended, by the registers of its own acceptor, and
 * has them sealed and forgotten without a request for them. The acceptor only says where to look: a quorum
 * confirms that a session or a key has ended, and each seal is a change that is chosen like any other.
 */
export class Housekeeper {
  readonly #parts: HousekeeperParts;
  readonly #tasks: RegisterTasks;
  #voter: Voter | null = null;
  #sessions: Scan<Ending>;
  #keys: Scan<Ending>;
  /** When sessions and keys are looked at again. */
  #sessionsAt = Infinity;
  #keysAt = Infinity;
  #questions = new WeakMap<Ending, CauseQuestion>();
  /** The task of each ending that was sealed, or is being sealed, so that no ending gets two tasks. */
  readonly #seals = new WeakMap<Ending, RegisterTask>();
  #sweep: RegisterTask | null = null;
  #asking = 0;
  /** The endings that are confirmed, while waiting nodes get their head start. */
  readonly #ended = new Set<Ending>();
  /** When the next look is due, and the function that cancels it. */
  #lookAt = Infinity;
  #cancelLook: () => void = () => {};
  #room: MakingRoom = { tidying: false, missing: [] };
  #roomUntil = -Infinity;

  /** Does nothing before `begin`. */
  constructor(parts: HousekeeperParts) {
    this.#parts = parts;
    this.#tasks = new RegisterTasks(parts.engine, parts.slowestMember);
    this.#sessions = this.#scan(() => this.#voter!.acceptor.endings.sessions.values());
    this.#keys = this.#scan(() => this.#voter!.acceptor.endings.valueMissing);
  }

  /** The member votes, with a new memory. */
  begin(): void {
    this.stop();
    const { voter } = this.#parts.engine;
    if (voter === null) return;
    this.#voter = voter;
    const { acceptor } = voter;
    acceptor.onFull(() => this.#makeRoom(voter));
    acceptor.onNews((isKey) => {
      if (this.#voter !== voter) return;
      if (isKey) this.#keysAt = Math.min(this.#keysAt, this.#now + KEY_WAIT);
      this.#arm();
    });
    voter.onLifeOver(() => {
      if (this.#voter !== voter) return;
      // Nodes that wait for the end hear of the proof now: already the questions would be in their way.
      this.#sessionsAt = Math.min(this.#sessionsAt, this.#now + this.#headStart);
      this.#arm();
    });
    this.#sweep = {
      registers: () => acceptor.tombstones(this.#releaseWait, this.#now),
      act: (register) => this.#write(register),
      possible: () => this.#mayForget && voter.clocks.missing(this.#now).length === 0,
    };
    this.#sessionsAt = this.#now;
    this.#keysAt = this.#now + KEY_WAIT;
    this.#arm();
  }

  /** Stops the housekeeping, and leaves every register as it is. */
  stop(): void {
    this.#voter = null;
    this.#tasks.clear();
    this.#cancelLook();
    this.#lookAt = Infinity;
    this.#questions = new WeakMap();
    this.#ended.clear();
    this.#sessions = this.#scan(() => this.#voter!.acceptor.endings.sessions.values());
    this.#keys = this.#scan(() => this.#voter!.acceptor.endings.valueMissing);
  }

  /** Whether registers may be forgotten: not while the members change (section 11). */
  get #mayForget(): boolean {
    return this.#parts.engine.configuration.settled;
  }

  get #now(): number {
    return this.#parts.engine.runtime.now();
  }

  /** What this node's clock and a majority of the members' clocks have passed. */
  get #passed(): number {
    return Math.min(
      this.#parts.engine.runtime.wallNow(),
      this.#voter?.clocks.passed(this.#now) ?? -Infinity,
    );
  }

  #scan(source: () => Iterable<Ending>): Scan<Ending> {
    return new Scan(source, (ending) => this.#examine(ending));
  }

  /** Schedules the next look for when there is something to see. */
  #arm(): void {
    const voter = this.#voter;
    if (voter === null) return;
    const { endings, size } = voter.acceptor;
    const now = this.#now;
    let at = size > 0 ? now + LONGEST_WAIT : Infinity;
    // At the limit of questions under way, the next answer continues.
    const mayAsk = this.#asking < ASKED_AT_ONCE;
    if (mayAsk && endings.sessions.size > 0) at = Math.min(at, Math.max(now, this.#sessionsAt));
    if (mayAsk && endings.valueMissing.size > 0) at = Math.min(at, Math.max(now, this.#keysAt));
    if (endings.next < Infinity) {
      const passed = this.#passed;
      const wait = passed > -Infinity ? Math.max(1, endings.next - passed) : CLOCKS_WAIT;
      at = Math.min(at, now + wait);
    }
    if (at >= this.#lookAt) return;
    this.#lookAt = at;
    this.#cancelLook();
    this.#cancelLook = this.#parts.engine.runtime.setTimer(() => {
      this.#lookAt = Infinity;
      this.#look();
    }, at - now);
  }

  /** Finds causes that have ended, or may have, a bounded number at a time. */
  #look(): void {
    const voter = this.#voter;
    // The member was replaced, or is about to begin again.
    if (voter === null || voter !== this.#parts.engine.voter) return;
    const { acceptor } = voter;
    const now = this.#now;
    acceptor.tidy(now);
    const passed = this.#passed;
    for (let i = 0; i < LOOKED_AT_ONCE; i++) {
      const ending = acceptor.endings.takeUntil(passed);
      if (ending === undefined) break;
      this.#seal(ending);
    }
    if (now >= this.#sessionsAt && this.#sessions.go(LOOKED_AT_ONCE)) {
      this.#sessionsAt = this.#nextPass(this.#sessionsWait);
    }
    if (now >= this.#keysAt && this.#keys.go(LOOKED_AT_ONCE)) {
      this.#keysAt = this.#nextPass(LONGEST_WAIT);
    }
    const oldest = acceptor.tombstones(this.#releaseWait, now).next();
    if (!oldest.done && this.#mayForget) this.#tasks.add(this.#sweep!);
    this.#arm();
  }

  get #releaseWait(): number {
    return Math.max(RELEASE_WAIT, RELEASE_WAIT_SLOWEST * this.#parts.slowestMember());
  }

  /** When to examine all again: soon, if a cause has ended and its registers are to be sealed by then. */
  #nextPass(wait: number): number {
    // Other nodes were faster: nothing depends on the cause any more.
    for (const ending of this.#ended) if (ending.registers.size === 0) this.#ended.delete(ending);
    return this.#now + (this.#ended.size > 0 ? Math.min(wait, this.#headStart) : wait);
  }

  get #headStart(): number {
    return HEAD_START * this.#parts.slowestMember();
  }

  /** Half of the longest time to live, in milliseconds, so that a dead node is noticed soon. */
  get #sessionsWait(): number {
    return Math.min(LONGEST_WAIT, this.#parts.engine.record!.maxTtl / 2);
  }

  /** Asks whether a cause has ended, if that is likely; returns `false` if too many questions are under way. */
  #examine(ending: Ending): boolean {
    const { cause } = ending;
    let isOver = false;
    if (cause.kind === "session") {
      const { sessions } = this.#voter!;
      if (cause.session === this.#parts.ownSession()) return true;
      if (!sessions.isStale(cause.session, this.#now)) {
        this.#questions.delete(ending);
        return true;
      }
      isOver = sessions.isLifeOver(lifeOf(cause.session));
    }
    let question = this.#questions.get(ending);
    // An earlier doubt, which waits for long, knew of no proof.
    const isNews = isOver && question?.isOver === false && !this.#ended.has(ending);
    if (isNews && !question!.isOpen) question = undefined;
    if (question !== undefined && (question.isOpen || this.#now < question.again)) return true;
    if (question !== undefined && this.#ended.delete(ending)) {
      question.again = this.#now + LONGEST_QUESTION_WAIT;
      this.#seal(ending);
      return true;
    }
    if (this.#asking >= ASKED_AT_ONCE) return false;
    const wait = isOver ? PROOF_WAIT : LONGEST_WAIT;
    void this.#ask(ending, question ?? { isOver, isOpen: false, again: 0, wait });
    return true;
  }

  async #ask(ending: Ending, question: CauseQuestion): Promise<void> {
    const voter = this.#voter;
    this.#questions.set(ending, question);
    question.isOpen = true;
    this.#asking++;
    // Without a quorum the end cannot be confirmed.
    const hasEnded = await this.#hasEnded(ending.cause).catch(() => false);
    this.#asking--;
    question.isOpen = false;
    if (this.#voter !== voter || voter === null) return;
    // With a proof, the head start was before the question.
    const headStart = question.isOver ? 0 : this.#headStart;
    question.again = this.#now + (hasEnded ? headStart : question.wait);
    question.wait = Math.min(LONGEST_QUESTION_WAIT, question.wait * 2);
    if (hasEnded) this.#ended.add(ending);
    if (hasEnded || question.isOver) {
      if (ending.cause.kind === "session") {
        this.#sessionsAt = Math.min(this.#sessionsAt, question.again);
      } else {
        this.#keysAt = Math.min(this.#keysAt, question.again);
      }
    }
    this.#arm();
  }

  async #hasEnded(cause: Cause): Promise<boolean> {
    const { queries, reads } = this.#parts;
    // This member alone may have missed renewals, so a quorum decides.
    if (cause.kind === "session") return await queries.hasEnded(cause.session, this.#limits());
    if (cause.kind === "until") return true;
    const { register, token } = cause;
    const { state } = await reads.read(register, this.#limits());
    if (!state?.present || state.token !== token) return true;
    // The value is present, and this member missed it.
    await this.#write(register);
    return false;
  }

  /** Has every register released whose cause has ended. */
  #seal(ending: Ending): void {
    let task = this.#seals.get(ending);
    if (task === undefined) this.#seals.set(ending, task = this.#sealing(ending));
    this.#tasks.add(task);
  }

  #sealing({ cause, registers }: Ending): RegisterTask {
    return {
      registers: () => registers,
      act: async (register) => {
        const limits = this.#limits();
        if (cause.kind === "session" && kindOf(register) === REGISTER_KINDS.lock) {
          await this.#parts.tidyLock(register, cause.session, limits);
        } else if (cause.kind !== "until" || cause.time <= this.#passed) {
          const options = { ...limits, sweep: true };
          await this.#parts.proposals.change(register, sealEndedChange(cause), options);
        }
      },
    };
  }

  /**
   * Has all members accept what is chosen for `register`, by a proposal, which never overwrites a newer state.
   */
  async #write(register: RegisterId): Promise<void> {
    const options = { ...this.#limits(), mustWrite: true, sweep: true };
    await this.#parts.proposals.change(register, identity, options);
  }

  #limits(): Limits {
    const { engine, slowestMember } = this.#parts;
    return {
      deadline: engine.runtime.now() + Math.max(engine.settings.timeout, 4 * slowestMember()),
    };
  }

  /** There is no room for a new register: looks at once whether there will be room. */
  #makeRoom(voter: Voter): MakingRoom {
    const now = this.#now;
    if (voter !== this.#voter || now < this.#roomUntil) return this.#room;
    this.#roomUntil = now + ROOM_WAIT;
    this.#sessionsAt = now;
    this.#keysAt = now;
    this.#look();
    const { acceptor, clocks } = voter;
    const missing = acceptor.released > 0 ? clocks.missing(now) : [];
    const isForgetting = acceptor.released > 0 && missing.length === 0 && this.#mayForget;
    // Times are rounded up: what they end may have ended before.
    const isDue = acceptor.endings.next - UNTIL_GRAIN < this.#parts.engine.runtime.wallNow();
    const tidying = isForgetting || isDue || this.#asking > 0 || this.#ended.size > 0 ||
      this.#tasks.isBusy;
    return this.#room = { tidying, missing };
  }
}
