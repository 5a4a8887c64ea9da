import type { Ballot } from "../../paxos/ballot.ts";
import type { RegisterReply } from "../../paxos/messages.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import { LinkedList } from "../runtime/linked_list.ts";
import { LONGEST_ROUND_TRIP } from "../runtime/pacing.ts";
import type { Proposals } from "./proposals.ts";
import type { Release } from "./released.ts";

/**
 * Time that the slowest members have to accept a tombstone before it is left to the housekeeping, in
 * milliseconds: the minimum, which grows where they take longer, and the maximum.
 */
const SHORTEST_WATCH = 1_000;
const LONGEST_WATCH = 1.25 * LONGEST_ROUND_TRIP;

/** Releases watched for the maximum time, to find out whether the slowest members are slow or gone. */
const MAX_LONG_WATCHES = 100;

/**
 * Time for which forgettable registers are collected before the members are told, in milliseconds: one frame
 * per release would cost the members nearly as much as the release itself.
 */
const BATCH_TIME = 10;

/** Forgettable registers collected; at this number the members are told at once. */
const MAX_BATCH = 1_000;

/** Releases watched at the same time, to bound memory; the housekeeping handles the others. */
const MAX_WATCHES = 10_000;

/**
 * Has released registers forgotten: once every member has accepted the same tombstone, none of them needs it
 * any more. Usually the node that wrote it sees that from the answers to its own `accept`. Tombstones that a
 * member missed, for example while it was away, are left to the members' housekeeping.
 */
export class TombstoneCollector {
  readonly #engine: Engine;
  /** Functions that stop watching a release. */
  readonly #watching = new LinkedList<() => void>();
  #watchTime = SHORTEST_WATCH;
  /** Releases watched longer than `#watchTime`. */
  #longWatches = 0;
  /** What all members may forget and have not yet been told to forget. */
  readonly #forgettable: { readonly register: RegisterId; readonly ballot: Ballot }[] = [];
  #stopped = false;
  #cancelTelling: () => void = () => {};

  /** Takes over the releases of `proposals`. */
  constructor(engine: Engine, proposals: Proposals) {
    this.#engine = engine;
    proposals.onReleased((release) => this.#released(release));
    engine.attempts.bind(() => this.#abandon());
  }

  /** About twice the time that the slowest member takes to accept a release, in milliseconds. */
  get slowestMember(): number {
    return this.#watchTime;
  }

  /** Tells the members what they may forget, and stops watching. */
  stop(): void {
    this.#stopped = true;
    this.#tellToForget();
    for (const stop of this.#watching.values()) stop();
  }

  /** The members have changed: every one of them has to report a release under the configuration of its attempt. */
  #abandon(): void {
    this.#cancelTelling();
    this.#forgettable.length = 0;
    for (const stop of this.#watching.values()) stop();
  }

  /** A tombstone is chosen: waits until all members have accepted it, then has them forget it. */
  #released({ register, ballot, requestId, request, proposer, roundTrip }: Release): void {
    const { pendingReplies, runtime, configuration } = this.#engine;
    if (this.#stopped || !configuration.settled) return pendingReplies.close(requestId);
    this.#watchTime = Math.max(this.#watchTime, Math.min(LONGEST_WATCH, 2 * roundTrip));
    const chosen = runtime.now();
    let isLong = false;
    const stop = () => {
      if (!this.#watching.remove(place)) return;
      cancelTimer();
      pendingReplies.close(requestId);
      if (isLong) this.#longWatches--;
    };
    const late = () => {
      if (this.#longWatches >= MAX_LONG_WATCHES) return stop();
      isLong = true;
      this.#longWatches++;
      const rest = chosen + LONGEST_WATCH - runtime.now();
      cancelTimer = runtime.setTimer(stop, Math.max(0, rest));
    };
    const forget = () => {
      stop();
      this.#waited(runtime.now() - chosen);
      this.#forget(register, ballot);
    };
    let cancelTimer = runtime.setTimer(late, this.#watchTime);
    const place = this.#watching.add(stop);
    if (proposer.acceptedByAll) return forget();
    if (this.#watching.size > MAX_WATCHES) return stop();
    pendingReplies.handOver(requestId, (from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined) return;
      proposer.receive(request, sender, reply as RegisterReply);
      if (proposer.acceptedByAll) forget();
    });
  }

  /** The slowest member took `time`: later releases are watched for twice as long. */
  #waited(time: number): void {
    const watchTime = Math.max(SHORTEST_WATCH, 2 * time, 0.9 * this.#watchTime);
    this.#watchTime = Math.min(LONGEST_WATCH, watchTime);
  }

  /** Every member has accepted this tombstone. */
  #forget(register: RegisterId, ballot: Ballot): void {
    const { runtime } = this.#engine;
    const gathered = this.#forgettable.push({ register, ballot });
    if (gathered === 1) {
      this.#cancelTelling = runtime.setTimer(() => this.#tellToForget(), BATCH_TIME);
    } else if (gathered >= MAX_BATCH) {
      this.#tellToForget();
    }
  }

  #tellToForget(): void {
    const { pendingReplies, members } = this.#engine;
    this.#cancelTelling();
    for (const { register, ballot } of this.#forgettable.splice(0)) {
      this.#engine.ask(members, { id: pendingReplies.next(), type: "forget", register, ballot });
    }
  }
}
