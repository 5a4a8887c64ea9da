import type { Outgoing } from "../../paxos/genesis.ts";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_WAIT, QuestionWaits } from "./question_waits.ts";

/** The wait before questions are asked again for the first time, in milliseconds. */
const FIRST_WAIT = 20;

/** The longest wait for the turn of another member that comes back, in milliseconds. */
const WAIT_FOR_TURN = 50;

/** When a node asks again for what it has to know: after waits that double, and that are longer than a round trip. */
export class QuestionTimer {
  readonly #engine: Engine;
  readonly #ask: (wait: number) => void;
  readonly #waits = new QuestionWaits();
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  /** Calls `ask` when it is time to ask, with the wait before the next time, for `again`. */
  constructor(engine: Engine, ask: (wait: number) => void) {
    this.#engine = engine;
    this.#ask = ask;
  }

  /** Whether round trips are so long that the answer to an earlier question may be on its way. */
  get isSlow(): boolean {
    return this.#waits.longest > LONGEST_WAIT;
  }

  /** Asks at once, and soon again. */
  now(): void {
    this.#ask(FIRST_WAIT);
  }

  /** Asks soon. */
  soon(): void {
    this.again(FIRST_WAIT);
  }

  /** Asks again after `wait` milliseconds or, if it waits for the turn of another member, sooner. */
  again(wait: number, waitsForTurn = false): void {
    if (this.#isStopped) return;
    const { runtime } = this.#engine;
    const time = waitsForTurn ? Math.min(wait, WAIT_FOR_TURN) : wait;
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(
      () => this.#ask(Math.min(this.#waits.longest, time * 2)),
      time * (0.75 + 0.5 * runtime.random()),
    );
  }

  /** Asks nothing before it is told to. */
  cancel(): void {
    this.#cancelTimer();
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** Notes the questions that are asked now. */
  asked(questions: readonly Outgoing[]): void {
    this.#waits.asked(questions, this.#engine.runtime.now());
  }

  /** Notes an answer to question `id` that came at `now`. */
  answered(id: number, now: number): void {
    this.#waits.answered(id, now);
  }
}
