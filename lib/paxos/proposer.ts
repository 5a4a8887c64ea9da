import {
  type Ballot,
  compareBallots,
  type LamportClock,
  type Life,
  MAX_COUNTER,
  NO_BALLOT,
} from "./ballot.ts";
import type { RegisterReply, RegisterRequest } from "./messages.ts";
import { majority, type Sender, Tally } from "./quorum.ts";
import type { Absent, Present, RegisterId, SessionId, State } from "./register.ts";
import { type Report, summarize, type Summary } from "./reports.ts";

/** What a change function is given: the state that a quorum reported last. */
export interface Current {
  /** `null`: never written. */
  readonly state: State | null;
  /** The token of the state; of "never written" the highest floor in the quorum. */
  readonly token: number;
  /** The ballot at which the new state, if there is one, will be written. Its counter is its token. */
  readonly ballot: Ballot;
}

/** A state without what the protocol fills in. */
export type Draft =
  | Pick<Absent, "present">
  | Omit<Present, "token" | "over">;

/** What a change function decides: a new state, or `null` to leave everything as it is. */
export interface Decision<R> {
  /** The new state; `null`: everything stays as it is. */
  readonly draft: Draft | null;
  /** What the change function returned. */
  readonly result: R;
  /** Whether `draft` may replace a value that another change wrote in this same round: see `combine`. */
  readonly merges?: boolean;
  /**
   * Makes the new state that is written, where `draft` is only what is shown to the changes after this one
   * in the same round: what is dear to make is made once for all of them.
   */
  readonly complete?: () => Draft;
  /** Whether this change cannot be made in this round, after those that were made in it. */
  readonly later?: boolean;
}

/**
 * Turns a state into the next one. May run more than once for one change, and must have no effect of
 * its own.
 */
export type Change<R> = (current: Current) => Decision<R>;

/** How a change ended. */
export interface Chosen<R> {
  /** What the change function returned. */
  readonly result: R;
  /** The state that is chosen; `null`: never written. */
  readonly state: State | null;
  /** The token of the state, or the floor. */
  readonly token: number;
  /** The ballot at which the state was accepted by a quorum. */
  readonly ballot: Ballot;
  /** Those of the state's owners that a whole quorum believes expired. */
  readonly stale: readonly SessionId[];
}

/** What the caller of a proposer has to do next. */
export type Step<R> =
  /** Send this to the members, and again to those that have not answered. */
  | { readonly do: "send"; readonly request: RegisterRequest }
  /** Somebody has a higher ballot: wait for a random time, then call `start` again. */
  | { readonly do: "retry" }
  /** Somebody knows this very ballot or a greater token: call `start` again at once. */
  | { readonly do: "restart" }
  /** It is chosen. */
  | { readonly do: "done"; readonly chosen: Chosen<R> }
  /** So many have no room for a new register that no quorum is left; see the answer `full`. */
  | { readonly do: "full"; readonly tidying: boolean; readonly missing: readonly string[] };

/**
 * A promise that came with an `accept`: a quorum promised `ballot` when it accepted `state`. Serves once,
 * for one new state.
 */
export interface KeptPromise {
  /** The ballot that is promised. */
  readonly ballot: Ballot;
  /** The state that was accepted with it. */
  readonly state: State;
}

/** What a proposer works with. */
export interface ProposerOptions<R> {
  /** The register that is changed. */
  readonly register: RegisterId;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** The Lamport clock of the node. */
  readonly clock: LamportClock;
  /** The life of the proposer. */
  readonly life: Life;
  /** What is to be done to the state. */
  readonly change: Change<R>;
  /** Whether even "no change" must be written: to undo what may still be adopted by others. */
  readonly mustWrite?: () => boolean;
  /** Called before a new state is sent to anybody, with the ballot of its `accept`. */
  readonly writing?: (ballot: Ballot) => void;
  /** Whether a present state is worth asking for the promise of the next ballot with its `accept`. */
  readonly keepPromise?: () => boolean;
  /** Whether members take what it writes even without room for a new register. */
  readonly sweep?: () => boolean;
}

/**
 * The proposer of one change of one register (Lamport, *Paxos Made Simple*, section 2.2, with a change
 * function in place of a value: Rystsov, *CASPaxos*, section 2.2). Feed it replies; it says what to do.
 */
export class Proposer<R> {
  readonly #options: ProposerOptions<R>;
  #phase: "idle" | "prepare" | "accept" | "done" = "idle";
  /** Whether the running attempt relies on a promise that was kept, and may be outdated. */
  #reliesOnKept = false;
  #ballot: Ballot = NO_BALLOT;
  #promises: Tally<Report>;
  #accepts: Tally<true>;
  readonly #nacks = new Set<string>();
  readonly #fulls = new Map<string, RegisterReply & { readonly type: "full" }>();
  #request: RegisterRequest | undefined;
  #outcome: Chosen<R> | undefined;
  /** A new state of this change was sent to somebody, and may still be adopted by others. */
  #wrote = false;
  /** The promise of the next ballot, should the running `accept` be chosen. */
  #kept: KeptPromise | undefined;
  /** The ballot that those promise who refuse the running `accept`. */
  #fallback: Ballot | undefined;

  /** Nothing happens before `start`. */
  constructor(options: ProposerOptions<R>) {
    this.#options = options;
    this.#promises = new Tally(options.members);
    this.#accepts = new Tally(options.members);
  }

  /** The ballot of the running attempt. */
  get ballot(): Ballot {
    return this.#ballot;
  }

  /** The request of the running or last phase. */
  get request(): RegisterRequest | undefined {
    return this.#request;
  }

  /** Whether somebody refused the running attempt: sending it again helps less than a new one. */
  get contended(): boolean {
    if (this.#nacks.size > 0) return true;
    // Those who answer are split between two ballots: who has not answered may be down.
    return this.#fallback !== undefined && this.#promises.size > 0 && this.#accepts.size > 0;
  }

  /** Phase 1a: begins an attempt at a ballot above everything seen. */
  start(): Step<R> {
    const { register, clock, life } = this.#options;
    this.#ballot = { counter: clock.next(), life };
    this.#forgetAnswers();
    this.#kept = undefined;
    this.#reliesOnKept = false;
    this.#fallback = undefined;
    this.#phase = "prepare";
    this.#request = { type: "prepare", register, ballot: this.#ballot };
    return { do: "send", request: this.#request };
  }

  /**
   * Begins an attempt at a ballot that a quorum has promised already, which saves a round trip. The state
   * may be old by now, so even "no change" is written before it is reported. Whoever refuses, since a rival
   * came, promises a higher ballot instead, the fallback: so the attempt in vain costs no round trip of its
   * own. It is above `unheard`, a counter that rivals may have used of whom nobody has told.
   */
  startKept({ ballot, state }: KeptPromise, unheard = 0): Step<R> {
    const { clock, life } = this.#options;
    const counter = Math.max(clock.counter, unheard) + 1;
    this.#fallback = counter < MAX_COUNTER ? { counter, life } : undefined;
    // Used up with the request, and never proposed but after a quorum promised it.
    clock.observe(counter);
    this.#ballot = ballot;
    this.#reliesOnKept = true;
    this.#forgetAnswers();
    return this.#propose({ state, token: state.token, ballot, unanimous: false, stale: [] });
  }

  /** Whether every member is known to have accepted what was chosen. */
  get acceptedByAll(): boolean {
    return this.#accepts.missing().length === 0;
  }

  /** After the end: what this proposer may keep for the next change, if it got a quorum for it. */
  get kept(): KeptPromise | undefined {
    // Who was refused has a rival: what it was promised will hardly hold. (A few who promised the fallback
    // do not matter: a quorum has promised this.)
    return this.#phase === "done" && this.#nacks.size === 0 ? this.#kept : undefined;
  }

  /** The members that have not answered the running phase, and what to send them again. */
  unanswered(): { request: RegisterRequest; members: string[] } | undefined {
    if (this.#request === undefined || this.#phase === "done") return undefined;
    const tally = this.#phase === "prepare" ? this.#promises : this.#accepts;
    const members = tally.missing().filter((member) =>
      !this.#nacks.has(member) && !(this.#fallback !== undefined && this.#promises.has(member))
    );
    return { request: this.#request, members };
  }

  /** Takes a reply to `request`, the one that this proposer asked to send. */
  receive(request: RegisterRequest, sender: Sender, reply: RegisterReply): Step<R> | undefined {
    // Every phase has a request of its own: late answers to an earlier one say nothing about this one.
    if (request !== this.#request) return undefined;
    if (this.#phase === "done") {
      // What is chosen is chosen; who else has accepted it decides whether it may be forgotten.
      if (this.#hasAccepted(reply)) this.#accepts.add(sender, true);
      return undefined;
    }
    if (reply.type === "nack") return this.#refused(sender, reply.promised);
    if (this.#phase === "prepare") {
      if (reply.type === "full") return this.#full(sender, reply);
      if (reply.type !== "promise" || compareBallots(reply.ballot, this.#ballot) !== 0) return;
      if (this.#promises.add(sender, reply)) return this.#decide();
    } else if (this.#phase === "accept") {
      if (reply.type === "promise") return this.#fallBack(sender, reply);
      if (reply.type === "full") return this.#nack(sender);
      // An `accepted` also is the promise of the next ballot, if that was asked for.
      if (!this.#hasAccepted(reply)) return undefined;
      return this.#accepts.add(sender, true) ? this.#finish() : this.#unlessSplit();
    }
    return undefined;
  }

  /** Somebody refused what relied on a kept promise, and promised the fallback. */
  #fallBack(sender: Sender, reply: Report & { readonly ballot: Ballot }): Step<R> | undefined {
    if (this.#fallback === undefined) return undefined;
    if (compareBallots(reply.ballot, this.#fallback) !== 0) return undefined;
    if (!this.#promises.add(sender, reply)) return this.#unlessSplit();
    this.#ballot = this.#fallback;
    // Nobody promised what the attempt in vain asked to be promised.
    this.#kept = undefined;
    this.#fallback = undefined;
    this.#reliesOnKept = false;
    this.#accepts = new Tally(this.#options.members);
    return this.#decide();
  }

  /** Begins again when so many have answered otherwise that neither ballot can get a quorum any more. */
  #unlessSplit(): Step<R> | undefined {
    if (this.#fallback === undefined) return undefined;
    const { members } = this.#options;
    const spare = members.length - majority(members.length);
    const nacks = this.#nacks.size;
    const hopeless = nacks + this.#promises.size > spare && nacks + this.#accepts.size > spare;
    return hopeless ? { do: "restart" } : undefined;
  }

  /** Those to an earlier attempt say nothing about the next one. */
  #forgetAnswers(): void {
    const { members } = this.#options;
    this.#promises = new Tally(members);
    this.#accepts = new Tally(members);
    this.#nacks.clear();
    this.#fulls.clear();
  }

  #hasAccepted(reply: RegisterReply): boolean {
    return reply.type === "accepted" && compareBallots(reply.ballot, this.#ballot) === 0;
  }

  /** A quorum promised: applies the change to the accepted state with the highest ballot. */
  #decide(): Step<R> {
    const summary = summarize(this.#promises.replies);
    this.#options.clock.observe(summary.token);
    // A token must grow from write to write: this ballot is too low to write over such a state.
    if (this.#ballot.counter <= summary.token) return { do: "restart" };
    return this.#propose(summary);
  }

  /** Phase 2a, unless nothing has to be written. */
  #propose({ state, token, ballot, unanimous, stale }: Summary): Step<R> {
    const { register, clock } = this.#options;
    const decision = this.#options.change({ state, token, ballot: this.#ballot });
    const draft = decision.complete?.() ?? decision.draft;
    const { result } = decision;
    const mustWrite = this.#wrote || this.#options.mustWrite?.() === true;
    if (draft === null && unanimous && !mustWrite) {
      this.#outcome = { result, state, token, ballot, stale };
      return this.#finish();
    }
    const written = draft === null
      ? state ?? { present: false, token: this.#ballot.counter }
      : complete(draft, this.#ballot.counter, token);
    if (draft !== null) {
      this.#wrote = true;
      this.#options.writing?.(this.#ballot);
    }
    this.#outcome = {
      result,
      state: written,
      token: written.token,
      ballot: this.#ballot,
      stale: written === state ? stale : [],
    };
    const next = written.present && this.#options.keepPromise?.() === true;
    const { counter, life } = this.#ballot;
    this.#kept = next ? { ballot: { counter: counter + 1, life }, state: written } : undefined;
    // The promised ballot is used up from now on: no other attempt may choose it.
    if (next) clock.observe(counter + 1);
    this.#phase = "accept";
    this.#nacks.clear();
    const fallback = this.#fallback?.counter ?? null;
    this.#request = {
      type: "accept",
      register,
      ballot: this.#ballot,
      state: written,
      next,
      fallback,
      ...(this.#options.sweep?.() === true && { sweep: true }),
    };
    return { do: "send", request: this.#request };
  }

  #finish(): Step<R> {
    this.#phase = "done";
    return { do: "done", chosen: this.#outcome! };
  }

  #refused(sender: Sender, promised: Ballot): Step<R> | undefined {
    const { clock, life } = this.#options;
    clock.observe(promised.counter);
    const answered = this.#phase === "prepare" ? this.#promises : this.#accepts;
    // The second copy of a request is refused by who took the first one.
    if (answered.has(sender.member)) return undefined;
    if (this.#fallback !== undefined && this.#promises.has(sender.member)) return undefined;
    if (promised.life === life && promised.counter === this.#fallback?.counter) {
      // The fallback was promised, and that reply was lost.
      return { do: "restart" };
    }
    if (promised.life === life && promised.counter === this.#ballot.counter) {
      // The promise was made, and its reply was lost.
      return this.#phase === "prepare" ? { do: "restart" } : undefined;
    }
    return this.#nack(sender);
  }

  #nack(sender: Sender): Step<R> | undefined {
    const { members } = this.#options;
    const answered = this.#phase === "prepare" ? this.#promises : this.#accepts;
    if (answered.has(sender.member)) return undefined;
    this.#nacks.add(sender.member);
    if (this.#nacks.size <= members.length - majority(members.length)) return this.#unlessSplit();
    // Somebody changed the register since: that is no contention, and nobody has to be waited for.
    return { do: this.#reliesOnKept ? "restart" : "retry" };
  }

  #full(sender: Sender, reply: RegisterReply & { readonly type: "full" }): Step<R> | undefined {
    const { members } = this.#options;
    this.#fulls.set(sender.member, reply);
    if (this.#fulls.size <= members.length - majority(members.length)) return undefined;
    this.#phase = "done";
    const fulls = [...this.#fulls.values()];
    return {
      do: "full",
      tidying: fulls.some(({ tidying }) => tidying),
      missing: [...new Set(fulls.flatMap(({ missing }) => missing))],
    };
  }
}

function complete(draft: Draft, token: number, over: number): State {
  return draft.present ? { ...draft, token, over } : { present: false, token };
}
