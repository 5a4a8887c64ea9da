import { readConfiguration } from "../../codec.ts";
import { isNewer, votersOf } from "../../paxos/configuration.ts";
import { OWNER_SHARE } from "../../paxos/lease.ts";
import type { MemberChangeOptions } from "../../paxos/member_change.ts";
import { CONFIGURATION, type State } from "../../paxos/register.ts";
import { RunningChange, type RunningChangeParts, type RunOutcome } from "./running_change.ts";

/**
 * Time that a change has at least before members finish it for the node that has begun it, in milliseconds, in addition
 * to the wait of every change; and time that each member leaves to those before it in the list.
 */
const FINISH_WAIT = 2_000;
const FINISH_TURN = 1_000;

/** Time that each member leaves to those before it in the list when it looks for such a configuration, in milliseconds. */
const LOOK_TURN = 100;

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
  /** The token of a configuration that this member has accepted, and has not learned of. */
  #unlearned: number | null = null;
  #isLearning = false;
  #isStopped = false;
  #cancelTimer: () => void = () => {};
  #cancelLook: () => void = () => {};

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
    this.#lookLater();
  }

  /** The node has given its genesis up, or lives under another one: what was under way ends with that. */
  restarted(): void {
    for (const running of [...this.#running]) running.stop();
    this.#unlearned = null;
    this.#watch();
  }

  /** Runs nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#cancelLook();
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

  #lookLater(): void {
    this.#cancelLook();
    const { runtime, voter, configuration, self } = this.#parts.engine;
    if (voter === null || this.#isStopped) return;
    // One after the other, so that they do not all ask at once.
    const wait = FINISH_WAIT + votersOf(configuration).indexOf(self) * LOOK_TURN;
    this.#cancelLook = runtime.setTimer(() => this.#look(), wait);
  }

  /**
   * A configuration that this member has accepted may be chosen although no node knows it: its proposer was lost before
   * it had the answers. If that lasts, the member finds out.
   */
  #look(): void {
    const { voter, configuration } = this.#parts.engine;
    const accepted = voter?.acceptor.stored(CONFIGURATION)?.accepted?.state;
    const next = accepted && readConfiguration(accepted);
    const unlearned = next && isNewer(next, configuration) ? accepted!.token : null;
    const lasts = unlearned !== null && unlearned === this.#unlearned;
    if (lasts && !this.#isLearning) void this.#learn();
    this.#unlearned = unlearned;
    this.#lookLater();
  }

  async #learn(): Promise<void> {
    const { engine, proposals } = this.#parts;
    const id = engine.record?.id;
    const deadline = engine.runtime.now() + engine.settings.timeout;
    const read = ({ state }: { readonly state: State | null }) => ({ draft: null, result: state });
    this.#isLearning = true;
    try {
      const { result } = await proposals.change(CONFIGURATION, read, { deadline, reserve: true });
      const chosen = result && readConfiguration(result);
      if (chosen) engine.learnOf(id, chosen);
    } catch (error) {
      // Without a quorum it is tried again, and another change has learned of it.
      engine.contain(error);
    } finally {
      this.#isLearning = false;
    }
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
