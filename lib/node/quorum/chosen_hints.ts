import type { Ballot } from "../../paxos/ballot.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";

/**
 * Time before the members are told what a fast round has chosen, in milliseconds: many values are written over by then,
 * as locks are, and what is left travels in few frames.
 */
const WAIT = 100;

/** Registers that the members are still to be told of; at this number they are told at once. */
const MAX_WAITING = 1_000;

/**
 * Tells the members which ballots of fast rounds are chosen (section 3a): from then on a majority of them can tell. A hint,
 * which may be lost: a reader finds out by the votes of all members, or writes.
 */
export class ChosenHints {
  readonly #engine: Engine;
  readonly #waiting = new Map<RegisterId, Ballot>();
  /** Cancels the timer; `null`: none is set. */
  #cancelTimer: (() => void) | null = null;

  #isStopped = false;

  /** Nothing is chosen yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The votes of all members have chosen this ballot. */
  add(register: RegisterId, ballot: Ballot): void {
    if (this.#isStopped) return;
    this.#waiting.set(register, ballot);
    if (this.#waiting.size >= MAX_WAITING) return this.tell();
    this.#cancelTimer ??= this.#engine.runtime.setTimer(() => this.tell(), WAIT);
  }

  /** The ballot of a fast round that was chosen, if the members are still to be told. */
  of(register: RegisterId): Ballot | undefined {
    return this.#waiting.get(register);
  }

  /** Something else is chosen for the register since. */
  outdated(register: RegisterId): void {
    if (this.#waiting.size === 0 || !this.#waiting.delete(register)) return;
    if (this.#waiting.size === 0) this.#stop();
  }

  /** Tells what is left, now. */
  tell(): void {
    this.#stop();
    const { members, pendingReplies } = this.#engine;
    for (const [register, ballot] of this.#waiting) {
      this.#engine.ask(members, { id: pendingReplies.next(), type: "chosen", register, ballot });
    }
    this.#waiting.clear();
  }

  /** Tells what is left, and nothing after that. */
  stop(): void {
    this.tell();
    this.#isStopped = true;
  }

  /** Forgets what is left: the cluster that chose it is gone. */
  clear(): void {
    this.#stop();
    this.#waiting.clear();
  }

  #stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}
