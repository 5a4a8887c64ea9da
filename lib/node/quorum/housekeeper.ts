import type { MakingRoom } from "../../paxos/acceptor.ts";
import type { Cause, Ending } from "../../paxos/endings.ts";
import { identity, sealEndedChange } from "../../paxos/kv_register.ts";
import type { RegisterId, SessionId } from "../../paxos/register.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import { type Chore, Chores } from "./chores.ts";
import type { Proposals } from "./proposals.ts";
import type { Questions } from "./queries.ts";
import type { Reads } from "./reads.ts";
import { Scan } from "./scan.ts";

/** The longest time between two looks of a member that holds anything, in milliseconds. */
const LONGEST_WAIT = 5_000;

/** The wait until clocks are told of which none is known, in milliseconds. */
const CLOCKS_WAIT = 500;

/** The time that a value gets to arrive before what is bound to it is looked into, in milliseconds. */
const KEY_WAIT = 100;

/**
 * The time that a release gets to be accepted by all before the sweep sees to it, in milliseconds: the least, and
 * as a multiple of what the last member takes.
 */
const RELEASE_WAIT = 5_000;
const RELEASE_PATIENCE = 3;

/** Sessions and keys that are looked at in one turn, and asked about at the same time. */
const LOOKED_AT_ONCE = 2_000;
const ASKED_AT_ONCE = 16;

/**
 * The time that nodes which wait for an end get to act on it first, as a share of the time that the last member
 * gets to answer: 100 ms, and more on slow networks. At the same moment both would duel for the same registers.
 */
const HEAD_START = 0.1;

/** The longest wait before something that has not ended is asked about again, in milliseconds. */
const LONGEST_DOUBT = 60_000;

/** The time for which an answer to "is anything done for room?" holds, in milliseconds. */
const ROOM_WAIT = 100;

/** What the ids of the registers of locks begin with. */
const LOCK = "l";

/** What housekeeping works with. */
export interface HousekeeperParts {
  readonly engine: Engine;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly questions: Questions;
  /** About how long the last member takes to answer, in milliseconds. */
  readonly patience: () => number;
  /** The session of this node. */
  readonly ownSession: () => SessionId;
  /** Drops what belongs to a session that has ended from a lock. */
  readonly tidyLock: (register: RegisterId, session: SessionId, limits: Limits) => Promise<unknown>;
}

/** What is known of something that may have ended. */
interface Doubt {
  asking: boolean;
  /** When to ask again, and the wait after that. */
  again: number;
  wait: number;
}

/**
 * A member's housekeeping (section 8): finds what has ended, by what its own acceptor holds, and has it
 * sealed and forgotten, though nobody asks for it. The acceptor only says where to look: that a session or
 * a key has ended is confirmed by a quorum, and each seal is a change that is chosen like any other.
 */
export class Housekeeper {
  readonly #parts: HousekeeperParts;
  readonly #chores: Chores;
  #voter: Voter | null = null;
  #sessions: Scan<Ending>;
  #keys: Scan<Ending>;
  /** When sessions and keys are looked at again. */
  #sessionsAt = Infinity;
  #keysAt = Infinity;
  #doubts = new WeakMap<Ending, Doubt>();
  #sweep: Chore | null = null;
  #asking = 0;
  /** Those that have ended, while others get their head start. */
  readonly #ended = new Set<Ending>();
  /** When the next look is due, and what cancels it. */
  #lookAt = Infinity;
  #cancelLook: () => void = () => {};
  #room: MakingRoom = { tidying: false, missing: [] };
  #roomUntil = -Infinity;

  /** Does nothing before `begin`. */
  constructor(parts: HousekeeperParts) {
    this.#parts = parts;
    this.#chores = new Chores(parts.engine, parts.patience);
    this.#sessions = this.#scan(() => this.#voter!.acceptor.endings.sessions.values());
    this.#keys = this.#scan(() => this.#voter!.acceptor.endings.unfounded);
  }

  /** The member votes, and has a memory that it had not before. */
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
    this.#sweep = {
      registers: () => acceptor.tombstones(this.#releaseWait, this.#now),
      act: (register) => this.#write(register),
      possible: () => voter.clocks.missing(this.#now).length === 0,
    };
    this.#sessionsAt = this.#now;
    this.#keysAt = this.#now + KEY_WAIT;
    this.#arm();
  }

  /** Leaves everything as it is. */
  stop(): void {
    this.#voter = null;
    this.#chores.clear();
    this.#cancelLook();
    this.#lookAt = Infinity;
    this.#doubts = new WeakMap();
    this.#ended.clear();
    this.#sessions = this.#scan(() => this.#voter!.acceptor.endings.sessions.values());
    this.#keys = this.#scan(() => this.#voter!.acceptor.endings.unfounded);
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

  /** Has the next look happen when there is something to see. */
  #arm(): void {
    const voter = this.#voter;
    if (voter === null) return;
    const { endings, size } = voter.acceptor;
    const now = this.#now;
    let at = size > 0 ? now + LONGEST_WAIT : Infinity;
    // With as many questions as may be under way, the next answer goes on.
    const mayAsk = this.#asking < ASKED_AT_ONCE;
    if (mayAsk && endings.sessions.size > 0) at = Math.min(at, Math.max(now, this.#sessionsAt));
    if (mayAsk && endings.unfounded.size > 0) at = Math.min(at, Math.max(now, this.#keysAt));
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

  /** Finds what has ended, or may have; a bounded number at a time. */
  #look(): void {
    const voter = this.#voter;
    // Replaced, or about to begin anew.
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
    if (!oldest.done) this.#chores.add(this.#sweep!);
    this.#arm();
  }

  get #releaseWait(): number {
    return Math.max(RELEASE_WAIT, RELEASE_PATIENCE * this.#parts.patience());
  }

  /** When to look at all again: soon, if something has ended and is to be sealed by then. */
  #nextPass(wait: number): number {
    // Others were faster: nothing depends on it any more.
    for (const ending of this.#ended) if (ending.registers.size === 0) this.#ended.delete(ending);
    return this.#now + (this.#ended.size > 0 ? Math.min(wait, this.#headStart) : wait);
  }

  get #headStart(): number {
    return HEAD_START * this.#parts.patience();
  }

  /** Half of the longest time to live: whoever dies is noticed soon after. */
  get #sessionsWait(): number {
    return Math.min(LONGEST_WAIT, this.#parts.engine.record!.maxTtl / 2);
  }

  /** Asks whether something has ended, if that is likely; `false`: too much is being asked already. */
  #examine(ending: Ending): boolean {
    const { cause } = ending;
    if (cause.kind === "session") {
      if (cause.session === this.#parts.ownSession()) return true;
      if (!this.#voter!.sessions.isStale(cause.session, this.#now)) return true;
    }
    const doubt = this.#doubts.get(ending);
    if (doubt !== undefined && (doubt.asking || this.#now < doubt.again)) return true;
    if (doubt !== undefined && this.#ended.delete(ending)) {
      doubt.again = this.#now + LONGEST_DOUBT;
      this.#seal(ending);
      return true;
    }
    if (this.#asking >= ASKED_AT_ONCE) return false;
    void this.#ask(ending, doubt ?? { asking: false, again: 0, wait: LONGEST_WAIT });
    return true;
  }

  async #ask(ending: Ending, doubt: Doubt): Promise<void> {
    const voter = this.#voter;
    this.#doubts.set(ending, doubt);
    doubt.asking = true;
    this.#asking++;
    // Without a quorum nobody can tell.
    const hasEnded = await this.#hasEnded(ending.cause).catch(() => false);
    this.#asking--;
    doubt.asking = false;
    if (this.#voter !== voter || voter === null) return;
    doubt.again = this.#now + (hasEnded ? this.#headStart : doubt.wait);
    doubt.wait = Math.min(LONGEST_DOUBT, doubt.wait * 2);
    if (hasEnded) {
      this.#ended.add(ending);
      if (ending.cause.kind === "session") {
        this.#sessionsAt = Math.min(this.#sessionsAt, doubt.again);
      } else {
        this.#keysAt = Math.min(this.#keysAt, doubt.again);
      }
    }
    this.#arm();
  }

  async #hasEnded(cause: Cause): Promise<boolean> {
    const { questions, reads } = this.#parts;
    // This member alone may have lost sight of it.
    if (cause.kind === "session") return await questions.hasEnded(cause.session, this.#limits());
    if (cause.kind === "until") return true;
    const { register, token } = cause;
    const { state } = await reads.read(register, this.#limits());
    if (!state?.present || state.token !== token) return true;
    // It is there, and this member missed it.
    await this.#write(register);
    return false;
  }

  /** Has everything released that ends with what has ended. */
  #seal(ending: Ending): void {
    const { cause, registers } = ending;
    this.#chores.add({
      registers: () => registers,
      act: async (register) => {
        const limits = this.#limits();
        if (cause.kind === "session" && register.startsWith(LOCK)) {
          await this.#parts.tidyLock(register, cause.session, limits);
        } else if (cause.kind !== "until" || cause.time <= this.#passed) {
          const options = { ...limits, sweep: true };
          await this.#parts.proposals.change(register, sealEndedChange(cause), options);
        }
      },
    });
  }

  /** Has all members accept what is chosen for `register`: by a proposal, which never writes over anything newer. */
  async #write(register: RegisterId): Promise<void> {
    const options = { ...this.#limits(), mustWrite: true, sweep: true };
    await this.#parts.proposals.change(register, identity, options);
  }

  #limits(): Limits {
    const { engine, patience } = this.#parts;
    return { deadline: engine.runtime.now() + Math.max(engine.settings.timeout, 4 * patience()) };
  }

  /** There is no room for a new register: looks at once whether there will be. */
  #makeRoom(voter: Voter): MakingRoom {
    const now = this.#now;
    if (voter !== this.#voter || now < this.#roomUntil) return this.#room;
    this.#roomUntil = now + ROOM_WAIT;
    this.#sessionsAt = now;
    this.#keysAt = now;
    this.#look();
    const { acceptor, clocks } = voter;
    const missing = acceptor.released > 0 ? clocks.missing(now) : [];
    const isForgetting = acceptor.released > 0 && missing.length === 0;
    const isDue = acceptor.endings.next <= this.#parts.engine.runtime.wallNow();
    const tidying = isForgetting || isDue || this.#asking > 0 || this.#ended.size > 0 ||
      this.#chores.isBusy;
    return this.#room = { tidying, missing };
  }
}
