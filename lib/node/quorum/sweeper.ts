import type { Ballot } from "../../paxos/ballot.ts";
import type { RegisterReply } from "../../paxos/messages.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_ROUND_TRIP } from "../runtime/pacing.ts";
import type { Proposals } from "./proposals.ts";
import type { Release } from "./released.ts";

/**
 * Time that the slowest members have to accept a tombstone before it is left to the housekeeping, in
 * milliseconds: the minimum, which grows where they take longer, and the maximum.
 */
const PATIENCE = 1_000;
const LONGEST_PATIENCE = 1.25 * LONGEST_ROUND_TRIP;

/** Releases watched for the maximum time, to find out whether the slowest members are slow or gone. */
const MAX_PATIENT = 100;

/**
 * Time for which forgettable registers are collected before the members are told, in milliseconds: one frame
 * per release would cost the members nearly as much as the release itself.
 */
const GATHERING = 10;

/** Forgettable registers collected; at this number the members are told at once. */
const MOST_GATHERED = 1_000;

/** Releases watched at the same time, to bound memory; the housekeeping handles the others. */
const MAX_RELEASES = 10_000;

/**
 * Has released registers forgotten: once every member has accepted the same tombstone, none of them needs it
 * any more. Usually the node that wrote it sees that from the answers to its own `accept`. Tombstones that a
 * member missed, for example while it was away, are left to the members' housekeeping.
 */
export class Sweeper {
  readonly #engine: Engine;
  /** Functions that stop watching a release. */
  readonly #watching = new Set<() => void>();
  #patience = PATIENCE;
  /** Releases watched longer than `#patience`. */
  #patient = 0;
  /** What all members may forget and have not yet been told to forget. */
  readonly #forgettable: { readonly register: RegisterId; readonly ballot: Ballot }[] = [];
  #stopped = false;
  #cancelTelling: () => void = () => {};

  /** Takes over the releases of `proposals`. */
  constructor(engine: Engine, proposals: Proposals) {
    this.#engine = engine;
    proposals.onReleased((release) => this.#released(release));
  }

  /** About twice the time that the slowest member takes to accept a release, in milliseconds. */
  get patience(): number {
    return this.#patience;
  }

  /** Tells the members what they may forget, and stops watching. */
  stop(): void {
    this.#stopped = true;
    this.#tellToForget();
    for (const stop of [...this.#watching]) stop();
  }

  /** A tombstone is chosen: waits until all members have accepted it, then has them forget it. */
  #released({ register, ballot, question, request, proposer, roundTrip }: Release): void {
    const { calls, runtime } = this.#engine;
    if (this.#stopped) return calls.close(question);
    this.#patience = Math.max(this.#patience, Math.min(LONGEST_PATIENCE, 2 * roundTrip));
    const chosen = runtime.now();
    let isPatient = false;
    const stop = () => {
      if (!this.#watching.delete(stop)) return;
      cancelTimer();
      calls.close(question);
      if (isPatient) this.#patient--;
    };
    const late = () => {
      if (this.#patient >= MAX_PATIENT) return stop();
      isPatient = true;
      this.#patient++;
      const rest = chosen + LONGEST_PATIENCE - runtime.now();
      cancelTimer = runtime.setTimer(stop, Math.max(0, rest));
    };
    const forget = () => {
      stop();
      this.#waited(runtime.now() - chosen);
      this.#forget(register, ballot);
    };
    let cancelTimer = runtime.setTimer(late, this.#patience);
    this.#watching.add(stop);
    if (proposer.acceptedByAll) return forget();
    if (this.#watching.size > MAX_RELEASES) return stop();
    calls.handOver(question, (from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined) return;
      proposer.receive(request, sender, reply as RegisterReply);
      if (proposer.acceptedByAll) forget();
    });
  }

  /** The slowest member took `time`: later releases are watched for twice as long. */
  #waited(time: number): void {
    const patience = Math.max(PATIENCE, 2 * time, 0.9 * this.#patience);
    this.#patience = Math.min(LONGEST_PATIENCE, patience);
  }

  /** Every member has accepted this tombstone. */
  #forget(register: RegisterId, ballot: Ballot): void {
    const { runtime } = this.#engine;
    const gathered = this.#forgettable.push({ register, ballot });
    if (gathered === 1) {
      this.#cancelTelling = runtime.setTimer(() => this.#tellToForget(), GATHERING);
    } else if (gathered >= MOST_GATHERED) {
      this.#tellToForget();
    }
  }

  #tellToForget(): void {
    const { calls, members } = this.#engine;
    this.#cancelTelling();
    for (const { register, ballot } of this.#forgettable.splice(0)) {
      this.#engine.ask(members, { id: calls.next(), type: "forget", register, ballot });
    }
  }
}
