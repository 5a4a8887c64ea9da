import { type Ballot, compareBallots, MAX_COUNTER, NO_BALLOT } from "./ballot.ts";
import { type Chosen, completed } from "./change.ts";
import { FastRound, firstState } from "./fast_round.ts";
import { assertInvariant } from "./invariant.ts";
import type { RegisterReply, RegisterRequest } from "./messages.ts";
import type { KeptPromise, ProposerOptions, Step } from "./proposer_types.ts";
import { majority, type Sender, Tally } from "./quorum.ts";
import { Growth } from "./growth.ts";
import { type Report, summarize, type Summary } from "./reports.ts";
import { Shortage } from "./shortage.ts";

export type { KeptPromise, ProposerOptions, Step } from "./proposer_types.ts";

const NONE: readonly never[] = [];

/**
 * The proposer of one change of one register (Lamport, *Paxos Made Simple*, section 2.2, with a change function
 * in place of a value: Rystsov, *CASPaxos*, section 2.2). It takes replies and returns the next step.
 */
export class Proposer<R> {
  readonly #options: ProposerOptions<R>;
  /** The room that its state needs. */
  readonly #growth: Growth;
  /** The members of the configuration that the running attempt is bound to. */
  #members: readonly string[];
  #phase: "idle" | "prepare" | "fast" | "accept" | "done" = "idle";
  /** Whether the running attempt relies on a kept promise, which may be outdated. */
  #reliesOnKept = false;
  /** In a fast round the ballot that its answers promise, the one after that of the round. */
  #ballot: Ballot = NO_BALLOT;
  #promises: Tally<Report>;
  #accepts: Tally<true>;
  /** The members that refused the running phase. */
  #nacks: readonly string[] = NONE;
  /** The members without room. */
  readonly #fulls = new Shortage();
  #request: RegisterRequest | undefined;
  #outcome: Chosen<R> | undefined;
  /** The ballot of the latest `accept`. */
  #proposed: Ballot = NO_BALLOT;
  /** Whether a new state of this change was sent, and may still be adopted by others. */
  #wrote = false;
  /** The promise of the next ballot, if the running `accept` is chosen. */
  #kept: KeptPromise | undefined;
  /** The ballot that a member promises when it refuses the running `accept`. */
  #fallback: Ballot | undefined;
  /** The fast round that this proposer began with, while that is under way. */
  #fast: FastRound | undefined;

  /** A proposer without an attempt; `start` begins one. */
  constructor(options: ProposerOptions<R>) {
    this.#options = options;
    this.#growth = new Growth(options);
    this.#members = options.members;
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

  /** Whether a member refused the running attempt: a new attempt helps more than a resend. */
  get contended(): boolean {
    // Without room, a fast round leaves the rest to a later attempt.
    if (this.#nacks.length > 0 || (this.#phase === "fast" && this.#fulls.size > 0)) return true;
    // The answers are split between two ballots, and the members that have not answered may be down.
    return this.#fallback !== undefined && this.#promises.size > 0 && this.#accepts.size > 0;
  }

  /**
   * Binds the next attempt to other members, those of a newer configuration. The running one ends: no reply to it counts
   * any more, and a promise that it was to bring is not kept.
   */
  follow(members: readonly string[]): void {
    this.#phase = "idle";
    this.#members = members;
    this.#forgetAnswers();
    this.#request = this.#kept = undefined;
    this.#fallback = this.#fast = undefined;
    this.#reliesOnKept = false;
  }

  /** Phase 1a: begins an attempt at a ballot above everything seen. */
  start(): Step<R> {
    this.#ballot = { counter: this.#options.clock.next(), life: this.#options.life };
    this.#forgetAnswers();
    this.#kept = this.#fallback = this.#fast = undefined;
    this.#reliesOnKept = false;
    this.#phase = "prepare";
    this.#request = this.#growth.prepare(this.#ballot);
    return { do: "send", request: this.#request };
  }

  /**
   * Begins with the fast round (section 3a), the very first message of an operation that has seen nothing of the register:
   * what the change makes of a register that was never written is chosen in one round trip, if that is what it is for all
   * members. `undefined`: the change makes no value of it, or has to write whatever it finds; then `start` it. Its ballot is
   * above `unheard`, an estimate of counters that others used unheard.
   */
  startFast(unheard = 0): Step<R> | undefined {
    const { register, clock, life } = this.#options;
    assertInvariant(this.#phase === "idle" && !this.#wrote, "nothing precedes a fast round");
    const ballot = { counter: Math.max(clock.counter, unheard) + 1, life };
    if (ballot.counter + 1 >= MAX_COUNTER || this.#options.mustWrite?.() === true) return undefined;
    const first = firstState(this.#options, ballot);
    if (first === undefined) return undefined;
    const { state } = first;
    this.#fast = new FastRound(this.#members, ballot, state);
    this.#growth.begin();
    // Both ballots are used up from now on: no other attempt may choose one of them.
    this.#ballot = this.#fast.next;
    clock.observe(this.#ballot.counter);
    this.#proposed = ballot;
    this.#wrote = true;
    this.#options.writing?.(ballot);
    this.#outcome = { result: first.result, state, token: state.token, ballot, stale: [] };
    this.#phase = "fast";
    this.#request = { type: "fast", register, ballot, state };
    return { do: "send", request: this.#request };
  }

  /**
   * Whether a quorum has answered the fast round, and only the other members can still complete it: they are waited for at
   * most as long again, and then {@linkcode goOn} goes on without them.
   */
  get awaitsRest(): boolean {
    return this.#phase === "fast" && this.#promises.reached;
  }

  /** Whether a member has answered the fast round otherwise than that it took the state. */
  get met(): boolean {
    return this.#fast?.refused === true;
  }

  /** Goes on with the promises of a fast round, instead of waiting for the rest. */
  goOn(): Step<R> | undefined {
    return this.awaitsRest ? this.#decide() : undefined;
  }

  /**
   * Begins an attempt at a ballot that a quorum has already promised, which saves a round trip. The state may
   * be outdated, so even "no change" is written before it is reported. A member that refuses, because of a
   * rival, promises a higher ballot instead, the fallback, so a failed attempt costs no extra round trip. It is
   * above `unheard`, an estimate of counters that rivals used unheard; `null`: no fallback, so the rival goes first.
   */
  startKept({ ballot, state, room }: KeptPromise, unheard: number | null = 0): Step<R> {
    const { clock, life } = this.#options;
    assertInvariant(ballot.counter <= clock.counter, "no other attempt can choose a kept ballot");
    const counter = unheard === null ? MAX_COUNTER : Math.max(clock.counter, unheard) + 1;
    this.#fallback = counter < MAX_COUNTER ? { counter, life } : undefined;
    // The counter is used up by the request; its ballot is proposed only after a quorum promised it.
    clock.observe(counter);
    this.#ballot = ballot;
    this.#reliesOnKept = true;
    this.#growth.begin(room);
    this.#forgetAnswers();
    return this.#propose({ state, token: state.token, ballot, unanimous: false, stale: [] });
  }

  /** Whether every member is known to have accepted what was chosen. */
  get acceptedByAll(): boolean {
    return this.#accepts.size === this.#members.length;
  }

  /** After the end: the promise for the next change, if a quorum gave it. */
  get kept(): KeptPromise | undefined {
    // A nack means there is a rival, so this promise is unlikely to survive. (A few promises of the fallback do
    // not matter: a quorum has promised this ballot.)
    return this.#phase === "done" && this.#nacks.length === 0 ? this.#kept : undefined;
  }

  /**
   * While no quorum has promised, and some of those that answered have no room: the members that released
   * registers wait for, and those that have not answered at all.
   */
  get shortage(): { readonly missing: string[]; readonly silent: string[] } | undefined {
    const { missing, size } = this.#fulls;
    if (this.#phase !== "prepare" || size === 0 || this.#nacks.length > 0) return undefined;
    return { missing, silent: this.#promises.missing().filter((one) => !this.#fulls.has(one)) };
  }

  /** The members that have not answered the running phase, and what to send them again. */
  unanswered(): { request: RegisterRequest; members: string[] } | undefined {
    if (this.#request === undefined || this.#phase === "done") return undefined;
    const members = this.#answered.missing().filter((member) =>
      !this.#nacks.includes(member) && !(this.#fallback !== undefined && this.#promises.has(member))
    );
    return { request: this.#request, members };
  }

  /** Takes a reply to `request`, which must be a request of this proposer. */
  receive(request: RegisterRequest, sender: Sender, reply: RegisterReply): Step<R> | undefined {
    // Every phase has its own request: late replies to an earlier one say nothing about this one.
    if (request !== this.#request) return undefined;
    if (this.#phase === "done") {
      // The state is chosen; further `accepted` replies decide whether it may be forgotten.
      if (this.#hasAccepted(reply)) this.#accepts.add(sender, true);
      return undefined;
    }
    if (this.#phase === "fast") return this.#receiveFast(sender, reply);
    if (reply.type === "nack") return this.#nacked(sender, reply.promised);
    if (this.#phase === "prepare") {
      if (reply.type === "full") return this.#full(sender, reply);
      if (reply.type !== "promise" || compareBallots(reply.ballot, this.#ballot) !== 0) return;
      this.#fulls.delete(sender.member);
      if (this.#promises.add(sender, reply)) return this.#decide();
    } else if (this.#phase === "accept") {
      if (reply.type === "promise") return this.#fallBack(sender, reply);
      if (reply.type === "full") return this.#nack(sender);
      // An `accepted` is also the promise of the next ballot, if that was requested.
      if (!this.#hasAccepted(reply)) return undefined;
      return this.#accepts.add(sender, true) ? this.#finish() : this.#unlessSplit();
    }
    return undefined;
  }

  /** An answer to the fast round: all of them are promises of the next ballot, unless they refuse that, too. */
  #receiveFast(sender: Sender, reply: RegisterReply): Step<R> | undefined {
    const fast = this.#fast;
    assertInvariant(fast !== undefined && this.#outcome !== undefined, "a fast round is known");
    const report = fast.receive(sender, reply);
    let step = reply.type === "nack" ? this.#nacked(sender, reply.promised) : undefined;
    if (reply.type === "full") step = this.#full(sender, reply);
    if (report !== undefined) {
      this.#fulls.delete(sender.member);
      this.#promises.add(sender, report);
    }
    const state = fast.chosen;
    if (state === undefined) return step ?? (fast.refused ? this.goOn() : undefined);
    this.#outcome = { ...this.#outcome, state };
    if (this.#options.keepPromise?.() === true) this.#kept = { ballot: this.#ballot, state };
    return this.#finish();
  }

  /** A member refused the `accept` of a kept promise, and promised the fallback. */
  #fallBack(sender: Sender, reply: Report & { readonly ballot: Ballot }): Step<R> | undefined {
    if (this.#fallback === undefined) return undefined;
    if (compareBallots(reply.ballot, this.#fallback) !== 0) return undefined;
    if (!this.#promises.add(sender, reply)) return this.#unlessSplit();
    this.#ballot = this.#fallback;
    // No quorum promised the next ballot that the failed attempt asked for.
    this.#kept = undefined;
    this.#fallback = undefined;
    this.#reliesOnKept = false;
    this.#accepts = new Tally(this.#members);
    return this.#decide();
  }

  /** Begins again when the replies are split so that neither ballot can get a quorum any more. */
  #unlessSplit(): Step<R> | undefined {
    if (this.#fallback === undefined) return undefined;
    const members = this.#members;
    const spare = members.length - majority(members.length);
    const nacks = this.#nacks.length;
    const outvoted = nacks + this.#promises.size > spare && nacks + this.#accepts.size > spare;
    return outvoted ? { do: "restart" } : undefined;
  }

  /** Drops all replies: those to an earlier attempt say nothing about the next one. */
  #forgetAnswers(): void {
    const members = this.#members;
    if (!this.#promises.isFor(members)) this.#promises = new Tally(members);
    if (!this.#accepts.isFor(members)) this.#accepts = new Tally(members);
    this.#nacks = NONE;
    this.#fulls.clear();
  }

  #hasAccepted(reply: RegisterReply): boolean {
    return reply.type === "accepted" && compareBallots(reply.ballot, this.#ballot) === 0;
  }

  /** A quorum promised: applies the change to the accepted state with the highest ballot. */
  #decide(): Step<R> {
    assertInvariant(this.#promises.reached, "a proposer decides with a quorum of promises");
    // Votes of a fast round, maybe under another configuration, are written in any case.
    const summary = summarize(this.#promises.replies);
    this.#options.clock.observe(summary.token);
    // No state is decided in a life that is over.
    if (this.#ballot.life !== this.#options.life) return { do: "restart" };
    // A token must grow from write to write, and this ballot is too low to overwrite that state.
    // In a fast round that is the state of a rival that goes on itself.
    if (this.#ballot.counter <= summary.token) {
      return { do: this.#phase === "fast" ? "retry" : "restart" };
    }
    return this.#propose(summary);
  }

  /** Phase 2a, unless nothing has to be written. */
  #propose({ state, token, ballot, unanimous, stale }: Omit<Summary, "fast" | "open">): Step<R> {
    const { register, clock } = this.#options;
    const decision = this.#options.change({ state, token, ballot: this.#ballot });
    const draft = decision.complete?.() ?? decision.draft;
    const { result, heir } = decision;
    const mustWrite = this.#wrote || this.#options.mustWrite?.() === true;
    if (draft === null && unanimous && !mustWrite) {
      assertInvariant(this.#promises.reached, "only a quorum shows that a state is chosen");
      this.#outcome = { result, state, token, ballot, stale };
      return this.#finish();
    }
    assertInvariant(
      compareBallots(this.#ballot, this.#proposed) > 0,
      "a ballot is never used for two states",
    );
    assertInvariant(
      draft === null || this.#ballot.counter > token,
      "the token of a register grows from write to write",
    );
    this.#proposed = this.#ballot;
    const written = draft === null
      ? state ?? { present: false, token: this.#ballot.counter }
      : completed(draft, this.#ballot.counter, token);
    if (draft !== null) {
      const exceeded = this.#growth.exceeded(state, written);
      if (exceeded !== undefined) return exceeded;
      this.#wrote = true;
      this.#options.writing?.(this.#ballot);
    }
    const known = written === state ? stale : NONE;
    const at = this.#ballot;
    this.#outcome = { result, state: written, token: written.token, ballot: at, stale: known };
    const { counter, life } = this.#ballot;
    // The promise stays with who wrote what was found: with it this life would not hear of expired owners any more.
    const isOfAnother = draft === null && !this.#reliesOnKept && written.present &&
      !written.op.startsWith(life);
    const next = written.present && !isOfAnother && counter + 1 < MAX_COUNTER &&
      (heir !== undefined || this.#options.keepPromise?.() === true);
    const isOwn = next && (heir ?? life) === life;
    this.#kept = isOwn ? this.#growth.kept(this.#ballot, state, written) : undefined;
    // The promised ballot is used up from now on: no other attempt may choose it.
    if (next) clock.observe(counter + 1);
    this.#phase = "accept";
    this.#nacks = NONE;
    const request = {
      type: "accept",
      register,
      ballot: this.#ballot,
      state: written,
      next,
      fallback: this.#fallback?.counter ?? null,
    } as const;
    const handed = next && !isOwn ? { ...request, heir } : request;
    this.#request = this.#options.sweep?.() === true ? { ...handed, sweep: true } : handed;
    return { do: "send", request: this.#request };
  }

  #finish(): Step<R> {
    assertInvariant(
      this.#outcome !== undefined && (this.#promises.reached || this.#accepts.reached),
      "a state is chosen by a quorum",
    );
    this.#phase = "done";
    return { do: "done", chosen: this.#outcome };
  }

  /** The answers that the running phase needs. */
  get #answered(): Tally<unknown> {
    return this.#phase === "accept" || this.#phase === "done" ? this.#accepts : this.#promises;
  }

  #nacked(sender: Sender, promised: Ballot): Step<R> | undefined {
    this.#options.clock.observe(promised.counter);
    // A member that accepted, or took, the first copy of a request refuses the second one.
    if (this.#answered.has(sender.member)) return undefined;
    if (this.#fallback !== undefined && this.#promises.has(sender.member)) return undefined;
    if (this.#fallback !== undefined && compareBallots(promised, this.#fallback) === 0) {
      // The fallback was promised, and that reply was lost.
      return { do: "restart" };
    }
    if (compareBallots(promised, this.#ballot) === 0) {
      // The promise was made, and its reply was lost.
      return this.#phase === "accept" ? undefined : { do: "restart" };
    }
    return this.#nack(sender);
  }

  #nack(sender: Sender): Step<R> | undefined {
    const members = this.#members;
    if (this.#answered.has(sender.member)) return undefined;
    if (!this.#nacks.includes(sender.member)) this.#nacks = [...this.#nacks, sender.member];
    if (this.#nacks.length <= members.length - majority(members.length)) return this.#unlessSplit();
    // The register was changed since the promise: that is no contention, and no rival has to be waited for.
    return { do: this.#reliesOnKept ? "restart" : "retry" };
  }

  #full(sender: Sender, reply: RegisterReply & { readonly type: "full" }): Step<R> | undefined {
    const members = this.#members;
    this.#fulls.add(sender.member, reply);
    if (this.#fulls.size <= members.length - majority(members.length)) return undefined;
    this.#phase = "done";
    return this.#growth.refused(this.#fulls);
  }
}
