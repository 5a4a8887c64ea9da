import { votersOf } from "../../paxos/configuration.ts";
import { OWNER_SHARE } from "../../paxos/lease.ts";
import type { MemberChangeOptions } from "../../paxos/member_change.ts";
import { RunningChange, type RunningChangeParts, type RunOutcome } from "./running_change.ts";

/**
 * Time that a change has at least before members finish it for the node that has begun it, in milliseconds, in addition
 * to the wait of every change; and time that each member leaves to those before it in the list.
 */
const FINISH_WAIT = 2_000;
const FINISH_TURN = 1_000;

/**
 * The changes of the members that this node runs: one at a time that a user asked for, and as a member those that others
 * have left half-way.
 */
export class MemberChanges {
  readonly #parts: RunningChangeParts;
  readonly #running = new Set<RunningChange>();
  #finishing: RunningChange | null = null;
  /** The unsettled configuration that this member waits for. */
  #epoch = -1;
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  /** Runs nothing yet. */
  constructor(parts: RunningChangeParts) {
    this.#parts = parts;
  }

  /** Whether this node finishes what another one has begun. */
  get isFinishing(): boolean {
    return this.#finishing !== null;
  }

  /**
   * Runs one change, or `null`: finishes what was begun. `stop` leaves it as it is. See {@linkcode RunningChange}.
   */
  run(
    change: MemberChangeOptions["change"],
    patience: number,
  ): { readonly outcome: Promise<RunOutcome>; readonly stop: () => void } {
    let stop = () => {};
    const outcome = new Promise<RunOutcome>((resolve) => {
      const running = new RunningChange(this.#parts, change, patience, (outcome) => {
        this.#running.delete(running);
        resolve(outcome);
      });
      this.#running.add(running);
      stop = () => running.stop();
    });
    return { outcome, stop };
  }

  /** The node follows a newer configuration, or begins to vote. */
  moved(): void {
    for (const running of [...this.#running]) running.moved();
    this.#watch();
  }

  /** Runs nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
    for (const running of [...this.#running]) running.stop();
  }

  /** A member waits for a while whether an unsettled configuration is settled, and then finishes the change. */
  #watch(): void {
    const { engine } = this.#parts;
    const { configuration, voter, runtime, record, self } = engine;
    if (configuration.settled || voter === null || this.#isStopped) {
      this.#cancelTimer();
      this.#epoch = -1;
      return;
    }
    if (this.#epoch === configuration.epoch || this.#finishing !== null) return;
    this.#epoch = configuration.epoch;
    const turn = votersOf(configuration).indexOf(self);
    const wait = (record?.maxTtl ?? 0) / OWNER_SHARE;
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(
      () => this.#finish(),
      wait + FINISH_WAIT + turn * FINISH_TURN * (0.75 + 0.5 * runtime.random()),
    );
  }

  #finish(): void {
    const { configuration, voter } = this.#parts.engine;
    this.#epoch = -1;
    if (configuration.settled || voter === null || this.#finishing !== null) return;
    const running: RunningChange = new RunningChange(this.#parts, null, Infinity, () => {
      this.#running.delete(running);
      this.#finishing = null;
      this.#watch();
    });
    this.#finishing = running;
    this.#running.add(running);
  }
}
