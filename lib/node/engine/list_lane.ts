import type { Runtime } from "../runtime/runtime.ts";

/** Lists of one peer that may wait; an honest node asks for few at a time, and asks again. */
export const MAX_LISTS = 16;

/**
 * The pause after an answer, as a multiple of the time that it took, and its bounds in milliseconds: a process that was
 * suspended meanwhile has not worked all that time.
 */
const PAUSE_SHARE = 3;
const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 100;

/**
 * Answers `list` requests one after the other, with pauses in which other messages are handled: each answer takes as long
 * as hundreds of others. Peers take turns.
 */
export class ListLane {
  readonly #runtime: Runtime;
  readonly #guard: (answer: () => void) => void;
  /** By peer, in the order of their turns; none is empty. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** The time at which the present pause ends; `null`: there is none. */
  #until: number | null = null;
  #isClosed = false;
  #cancel: () => void = () => {};

  /** Nothing waits. `guard` runs an answer, and contains its error. */
  constructor(runtime: Runtime, guard: (answer: () => void) => void) {
    this.#runtime = runtime;
    this.#guard = guard;
  }

  /** Calls `answer` now or later; never, if too many of that peer wait. */
  take(from: string, answer: () => void): void {
    if (this.#until === null) return this.#run(answer);
    const queue = this.#waiting.get(from);
    if (queue === undefined) this.#waiting.set(from, [answer]);
    else if (queue.length < MAX_LISTS) queue.push(answer);
    // The timers of a hidden page are late.
    if (this.#runtime.now() >= this.#until) this.#next();
  }

  /** Answers nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#waiting.clear();
  }

  #run(answer: () => void): void {
    if (this.#isClosed) return;
    const begun = this.#runtime.now();
    try {
      this.#guard(answer);
    } finally {
      const now = this.#runtime.now();
      const pause = Math.max(SHORTEST_PAUSE, PAUSE_SHARE * (now - begun));
      this.#pause(now, Math.min(LONGEST_PAUSE, pause));
    }
  }

  #pause(now: number, time: number): void {
    if (this.#isClosed) return;
    this.#until = now + time;
    this.#cancel = this.#runtime.setTimer(() => this.#next(), time);
  }

  /** The pause is over. */
  #next(): void {
    this.#cancel();
    this.#until = null;
    for (const [from, queue] of this.#waiting) {
      const answer = queue.shift();
      this.#waiting.delete(from);
      if (queue.length > 0) this.#waiting.set(from, queue);
      if (answer !== undefined) return this.#run(answer);
    }
  }
}
