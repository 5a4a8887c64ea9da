import { type Ballot, compareBallots, NO_BALLOT } from "../../paxos/ballot.ts";
import type { Chosen } from "../../paxos/change.ts";
import { Learner } from "../../paxos/learner.ts";
import type { RegisterId, State } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Listed } from "./queries.ts";
import { LONGEST_RENEWAL } from "./watches.ts";

/** Registers read at the same time; reading all at once would block the node's other work. */
const READS_AT_ONCE = 64;

/** Released registers of a bucket whose tokens are kept, to bound memory; a late push about others is checked. */
const MAX_GONE = 10_000;

/** How much longer than a list took it is until the next one, so that lists of a large bucket are no burden. */
const LIST_PAUSE = 20;

/** Time after which a list that failed is tried again, in milliseconds. */
const LIST_RETRY = 250;

/** Receives what is chosen for the registers of a bucket. */
export interface BucketListener {
  /** A state of a register; never an older one than before, and possibly the same again. */
  readonly learned: (register: RegisterId, state: State) => void;
  /** All that was there when the watch began has been told. */
  readonly listed: () => void;
}

/** What the watches of buckets need of the node. */
export interface BucketWatchesParts {
  readonly list: (prefix: string, limits: Limits) => Promise<Map<RegisterId, Listed>>;
  /** What is chosen for a register, whether or not it has ended. */
  readonly read: (register: RegisterId, limits: Limits) => Promise<Chosen<unknown>>;
  /** Whether a chosen state is known to have ended. */
  readonly hasEnded: (chosen: Chosen<unknown>, limits: Limits) => Promise<boolean>;
}

/** The reason with which what a watch has under way ends. */
const OVER = new Error("The watch of the bucket is over");

/**
 * Follows the registers of buckets: learns what is chosen from the pushes of the acceptors, and lists each bucket now
 * and then, since a push may be lost. States are told as they are chosen: a value that has ended is there until its
 * seal, which the members' housekeeping writes.
 */
export class BucketWatches {
  readonly #engine: Engine;
  readonly #parts: BucketWatchesParts;
  readonly #watched = new Map<string, WatchedBucket>();

  /** Watches nothing yet. */
  constructor(engine: Engine, parts: BucketWatchesParts) {
    this.#engine = engine;
    this.#parts = parts;
    engine.attempts.bind(() => {
      for (const watched of this.#watched.values()) watched.follow();
    });
  }

  /** Tells `listener` of the registers whose ids begin with `prefix`; returns the function that stops it. */
  watch(prefix: string, listener: BucketListener): () => void {
    const known = this.#watched.get(prefix);
    const bucket = known ?? new WatchedBucket(prefix, this.#engine, this.#parts);
    this.#watched.set(prefix, bucket);
    bucket.add(listener);
    if (known === undefined) bucket.follow();
    else void bucket.list();
    return () => {
      if (!bucket.remove(listener)) return;
      if (this.#watched.get(prefix) === bucket) this.#watched.delete(prefix);
      bucket.stop();
    };
  }

  /** A member votes that has forgotten who watches. */
  memberVotes(member: string): void {
    for (const watched of this.#watched.values()) watched.renew([member]);
  }

  /** The cluster lives under another genesis: states learned before say nothing about it. */
  restart(): void {
    for (const watched of this.#watched.values()) watched.restart();
  }

  /** Stops all watches. */
  close(): void {
    for (const watched of this.#watched.values()) watched.stop();
    this.#watched.clear();
  }
}

/**
 * What is known of one register. States are ordered by their ballots, which only grow: the token of a register that was
 * forgotten is a floor, which stands for all registers, and may be above the token of what is written next.
 */
interface Known {
  /** The token of the newest state that is known to be chosen; -1: none is. */
  token: number;
  present: boolean;
  /** A ballot at which that state was chosen. */
  ballot: Ballot;
  /** Counts the pushes about newer states; `undefined`: there are none. */
  learner: Learner | undefined;
}

/** A listener that waits for what is there. */
interface Newcomer {
  /** The node's counter when it came. What is chosen at a greater ballot is newer than all that its user has seen. */
  readonly counter: number;
  /** Registers of which it was not told something, since it may be older. */
  readonly missed: Set<RegisterId>;
}

class WatchedBucket {
  readonly #prefix: string;
  readonly #engine: Engine;
  readonly #parts: BucketWatchesParts;
  readonly #listeners = new Set<BucketListener>();
  readonly #newcomers = new Map<BucketListener, Newcomer>();
  readonly #known = new Map<RegisterId, Known>();
  /** The known registers that are released, the oldest first. */
  readonly #gone = new Set<RegisterId>();
  /** The highest ballot among those that were dropped. */
  #floor: Ballot = NO_BALLOT;
  #requestId: number | undefined;
  #cancelTimer: () => void = () => {};
  #cancelRetry: () => void = () => {};
  #isListing = false;
  /** The time before which it is not listed again without a reason. */
  #listAgain = -Infinity;
  /** Ends what is under way when the watch ends, or begins again. */
  #aborter = new AbortController();

  constructor(prefix: string, engine: Engine, parts: BucketWatchesParts) {
    this.#prefix = prefix;
    this.#engine = engine;
    this.#parts = parts;
  }

  add(listener: BucketListener): void {
    this.#listeners.add(listener);
    this.#newcomers.set(listener, {
      counter: this.#engine.clock.counter,
      missed: new Set<RegisterId>(),
    });
  }

  /** Returns whether no listener is left. */
  remove(listener: BucketListener): boolean {
    this.#newcomers.delete(listener);
    return this.#listeners.delete(listener) && this.#listeners.size === 0;
  }

  /** Learns from the present members. */
  follow(): void {
    for (const known of this.#known.values()) known.learner = undefined;
    this.#unwatch();
    this.#requestId = this.#engine.pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined || reply.type !== "learned") return;
      const { register, ballot, state, fast } = reply;
      if (!register.startsWith(this.#prefix)) return;
      const known = this.#know(register);
      if (compareBallots(ballot, known.ballot) <= 0) return;
      const engine = this.#engine;
      known.learner ??= new Learner(engine.members, () => engine.configuration.settled);
      if (known.learner.receive(sender, ballot, state, fast) !== undefined) {
        this.#pushed(register, known, ballot, state);
      }
    });
    this.renew();
  }

  /** Has these members watch it again, and looks for what may have been missed. */
  renew(members: readonly string[] = this.#engine.members): void {
    const { runtime, settings } = this.#engine;
    const id = this.#requestId;
    if (id === undefined) return;
    this.#engine.ask(members, { id, type: "watch", register: this.#prefix });
    if (members !== this.#engine.members) return;
    if (this.#newcomers.size > 0 || runtime.now() >= this.#listAgain) void this.list();
    const again = Math.min(LONGEST_RENEWAL, settings.sessionTtl);
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(() => this.renew(), again);
  }

  restart(): void {
    // Another genesis may have lower tokens.
    for (const known of this.#known.values()) {
      Object.assign(known, { token: -1, ballot: NO_BALLOT });
    }
    this.#floor = NO_BALLOT;
    this.#aborter.abort(OVER);
    this.#aborter = new AbortController();
    this.#listAgain = -Infinity;
    this.#isListing = false;
    this.follow();
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelRetry();
    this.#aborter.abort(OVER);
    this.#listeners.clear();
    this.#newcomers.clear();
    this.#unwatch();
  }

  #unwatch(): void {
    const id = this.#requestId;
    if (id === undefined) return;
    this.#requestId = undefined;
    const { pendingReplies, members } = this.#engine;
    pendingReplies.close(id);
    this.#engine.ask(members, { id, type: "unwatch", register: this.#prefix });
  }

  #know(register: RegisterId): Known {
    let known = this.#known.get(register);
    if (known === undefined) {
      known = { token: -1, present: false, ballot: NO_BALLOT, learner: undefined };
      this.#known.set(register, known);
    }
    return known;
  }

  /** A quorum has pushed this state. */
  #pushed(register: RegisterId, known: Known, ballot: Ballot, state: State): void {
    // What was known of a register that was dropped may be newer: only a read tells.
    if (known.token < 0 && compareBallots(ballot, this.#floor) <= 0) {
      known.learner = undefined;
      for (const newcomer of this.#newcomers.values()) newcomer.missed.add(register);
      const signal = this.#aborter.signal;
      return void this.#read(register, { ...this.#limits(), signal }, []).catch(() => {});
    }
    if (this.#note(register, ballot, state, state.token) !== "newer") return;
    for (const listener of this.#listeners) {
      const newcomer = this.#newcomers.get(listener);
      if (newcomer !== undefined && ballot.counter <= newcomer.counter) {
        newcomer.missed.add(register);
      } else {
        listener.learned(register, state);
      }
    }
  }

  /**
   * Notes what was chosen at a ballot, `null` if all has been forgotten; returns whether it is as new as what is known:
   * `newer`, `same` or `older`.
   */
  #note(
    register: RegisterId,
    ballot: Ballot,
    state: State | null,
    token: number,
  ): "newer" | "same" | "older" {
    const known = this.#know(register);
    const isOlder = compareBallots(ballot, known.ballot) < 0;
    if (!isOlder) known.ballot = ballot;
    const isSame = state === null
      ? known.token >= 0 && !known.present
      : token === known.token && state.present === known.present;
    if (isSame) return "same";
    // One that is absent below what is known may be outdated: the next list has it read again.
    if (isOlder) return "older";
    known.token = token;
    known.present = state?.present ?? false;
    known.learner = undefined;
    this.#gone.delete(register);
    if (!known.present) this.#gone.add(register);
    for (const gone of this.#gone) {
      if (this.#gone.size <= MAX_GONE) break;
      this.#forget(gone);
    }
    return "newer";
  }

  #forget(register: RegisterId): void {
    const { ballot } = this.#know(register);
    if (compareBallots(this.#floor, ballot) < 0) this.#floor = ballot;
    this.#known.delete(register);
    this.#gone.delete(register);
  }

  #limits(): Limits {
    const { runtime, settings } = this.#engine;
    return { deadline: runtime.now() + settings.timeout };
  }

  /** Lists the bucket, and reads what may be news, or everything if there are newcomers. */
  async list(): Promise<void> {
    if (this.#isListing) return;
    this.#isListing = true;
    this.#cancelRetry();
    const { signal } = this.#aborter;
    const { runtime } = this.#engine;
    const began = runtime.now();
    const newcomers = [...this.#newcomers.keys()];
    let wait = 0;
    try {
      const listed = await this.#parts.list(this.#prefix, { ...this.#limits(), signal });
      await this.#readAll(this.#wanted(listed, newcomers.length > 0), newcomers, signal);
      for (const listener of newcomers) await this.#catchUp(listener, signal);
    } catch (error) {
      if (error === OVER || signal.aborted) return;
      this.#engine.contain(error);
      wait = LIST_RETRY;
    }
    if (signal.aborted) return;
    this.#isListing = false;
    const now = runtime.now();
    this.#listAgain = now + LIST_PAUSE * (now - began);
    if (this.#newcomers.size > 0) {
      this.#cancelRetry = runtime.setTimer(() => void this.list(), wait);
    }
  }

  /** The registers to be read; `all`: not only those with news. */
  #wanted(listed: ReadonlyMap<RegisterId, Listed>, all: boolean): RegisterId[] {
    const wanted: RegisterId[] = [];
    for (const [register, { ballot }] of listed) {
      const known = this.#known.get(register);
      const isNews = known === undefined || compareBallots(known.ballot, ballot) < 0;
      if (all || isNews) wanted.push(register);
    }
    for (const [register, { token, present }] of this.#known) {
      if (listed.has(register)) continue;
      if (present) wanted.push(register);
      // Pushes that never made a quorum.
      else if (token < 0) this.#known.delete(register);
    }
    return wanted;
  }

  async #readAll(
    registers: readonly RegisterId[],
    newcomers: readonly BucketListener[],
    signal: AbortSignal,
  ): Promise<void> {
    const queue = registers.values();
    const look = async () => {
      for (const register of queue) {
        await this.#read(register, { ...this.#limits(), signal }, newcomers);
      }
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, look));
  }

  /** Tells a newcomer that all was told, after what was pushed meanwhile. */
  async #catchUp(listener: BucketListener, signal: AbortSignal): Promise<void> {
    const newcomer = this.#newcomers.get(listener);
    if (newcomer === undefined) return;
    while (newcomer.missed.size > 0) {
      const missed = [...newcomer.missed];
      newcomer.missed.clear();
      await this.#readAll(missed, [listener], signal);
    }
    if (this.#newcomers.delete(listener)) listener.listed();
  }

  /** Reads a register, tells all of news, and `newcomers` in any case. */
  async #read(
    register: RegisterId,
    limits: Limits,
    newcomers: readonly BucketListener[],
  ): Promise<void> {
    const chosen = await this.#parts.read(register, limits);
    const { ballot, token } = chosen;
    const state = chosen.state ?? { present: false, token };
    const isEnded = newcomers.length > 0 && state.present &&
      await this.#parts.hasEnded(chosen, limits);
    const age = this.#note(register, ballot, chosen.state, token);
    if (age === "older" || limits.signal?.aborted) return;
    for (const listener of [...this.#listeners]) {
      const isNew = this.#newcomers.has(listener);
      if (isNew ? newcomers.includes(listener) && !isEnded : age === "newer") {
        listener.learned(register, state);
      }
    }
  }
}
