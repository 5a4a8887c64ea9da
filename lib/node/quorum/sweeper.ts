import { identity } from "../../paxos/kv_register.ts";
import type { Ballot } from "../../paxos/ballot.ts";
import type { RegisterReply } from "../../paxos/messages.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import { LONGEST_ROUND_TRIP } from "../runtime/pacing.ts";
import type { Proposals, Release } from "./proposals.ts";
import type { Reads } from "./reads.ts";

/**
 * Time that the last members have to accept a tombstone before the slow sweep sees to it, in milliseconds: the
 * least, longer where they have taken longer, and the most.
 */
const PATIENCE = 1_000;
const LONGEST_PATIENCE = 1.25 * LONGEST_ROUND_TRIP;

/** Releases that are watched for the longest time, to find out whether the last members are slow or gone. */
const MAX_PATIENT = 100;

/** A tombstone that is this old was not forgotten by who wrote it. */
const OLD = 5_000;

/** Waits between two slow sweeps, in milliseconds: longer while they are in vain. */
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;

/** So many tombstones at most in one slow sweep, so many of them at the same time. */
const SWEPT_AT_ONCE = 1_024;
const PROPOSED_AT_ONCE = 32;

/**
 * Registers that all members may forget are named to them together, after so many milliseconds: a frame for
 * each release would cost the members nearly as much as the release itself.
 */
const GATHERING = 10;

/** So many of them at most. */
const MOST_GATHERED = 1_000;

/** So many releases are watched at the same time; the slow sweep sees to the others. */
const MAX_RELEASES = 10_000;

/**
 * Has released registers forgotten: once every member has accepted the same tombstone, none of them
 * needs it any more. Usually the node that wrote it sees that at once, by the answers to its own
 * `accept`; what is left, since a member was away, each member tries again slowly.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #proposals: Proposals;
  readonly #reads: Reads;
  /** What stops watching a release. */
  readonly #watching = new Set<() => void>();
  #patience = PATIENCE;
  /** How many releases are watched longer than that. */
  #patient = 0;
  /** The registers whose latest release was accepted by all; only during a slow sweep. */
  #forgotten: Set<RegisterId> | null = null;
  /** What all members may forget, and have not been told to. */
  readonly #forgettable: { readonly register: RegisterId; readonly ballot: Ballot }[] = [];
  #stopped = false;
  #cancelTimer: () => void = () => {};
  #cancelTelling: () => void = () => {};

  /** Takes over what `proposals` release. */
  constructor(engine: Engine, proposals: Proposals, reads: Reads) {
    this.#engine = engine;
    this.#proposals = proposals;
    this.#reads = reads;
    proposals.onReleased((release) => this.#released(release));
  }

  /** Begins the slow sweeps of a member. */
  start(wait: number = FIRST_WAIT): void {
    if (this.#stopped) return;
    const { runtime } = this.#engine;
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(() => {
      this.#sweep().then(
        (complete) => this.start(complete ? FIRST_WAIT : Math.min(LONGEST_WAIT, wait * 2)),
        () => this.start(Math.min(LONGEST_WAIT, wait * 2)),
      );
      // Where answers take long the members must not get into each other's way all the more.
    }, (wait + 4 * (this.#patience - PATIENCE)) * (0.5 + runtime.random()));
  }

  /** Leaves everything as it is. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
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
      this.#forgotten?.add(register);
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

  /** The last member took so long: the others are waited for as long, and as much again. */
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

  /** Tries old tombstones again; says whether all of them could be forgotten. */
  async #sweep(): Promise<boolean> {
    const { voter, runtime } = this.#engine;
    const old = voter?.acceptor.tombstones(OLD, SWEPT_AT_ONCE, runtime.now()) ?? [];
    this.#forgotten = new Set();
    const limits = () => ({ deadline: runtime.now() + this.#engine.settings.timeout });
    while (old.length > 0) {
      const some = old.splice(0, PROPOSED_AT_ONCE);
      await Promise.all(some.map((register) => this.#again(register, limits())));
      // The last answers come after the quorum.
      await this.#pause(this.#patience);
      // As long as a member is away, trying the others is in vain, too.
      if (!some.every((register) => this.#forgotten!.has(register))) return false;
    }
    return true;
  }

  /** Makes all members accept a tombstone: by a proposal, which never writes over anything newer. */
  async #again(register: RegisterId, limits: Limits): Promise<void> {
    const { state } = await this.#reads.read(register, limits);
    if (state?.present === true) {
      this.#forgotten?.add(register);
      return;
    }
    await this.#proposals.change(register, identity, { ...limits, mustWrite: true });
  }

  #pause(time: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve();
      const cancel = this.#engine.runtime.setTimer(() => {
        this.#watching.delete(stop);
        resolve();
      }, time);
      const stop = () => {
        cancel();
        this.#watching.delete(stop);
        resolve();
      };
      this.#watching.add(stop);
    });
  }
}
