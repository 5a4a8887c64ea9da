import { SynodError } from "../../errors.ts";
import { serves } from "../../paxos/guest_change.ts";
import { assertInvariant } from "../../paxos/invariant.ts";
import type { RegisterReply, RegisterRequest } from "../../paxos/messages.ts";
import { type KeptPromise, Proposer, type Step } from "../../paxos/proposer.ts";
import { isConfiguration, type RegisterId } from "../../paxos/register.ts";
import type { BoundAttempt } from "../engine/bound_attempts.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { combine, type CombinedResult, type OwnResult } from "./combine.ts";
import { type FastParts, noteOutcome } from "./fast_rounds.ts";
import type { KeptPromises } from "./kept_promises.ts";
import { noRoom } from "./no_room.ts";
import type { Released } from "./released.ts";
import { mayBeFast, usesReserve, type WaitingChange } from "./waiting_change.ts";

/** Time for which a change waits while members make room for it, in milliseconds. */
const LONGEST_FULL = 5_000;

/** Most doublings of the wait before members are asked again for room: about half a second then. */
const MAX_ROOM_DOUBLINGS = 3;

/** Changes of one register proposed in one round, to bound the work of a round. */
const MAX_COMBINED = 1_000;

const nothing = (): void => {};

/** The changes of one register. */
export class RegisterProposals {
  readonly #register: RegisterId;
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #kept: KeptPromises;
  readonly #fast: FastParts;
  readonly #events: { readonly idle: () => void; readonly released: Released };
  /** In order. */
  #waiting = new Set<WaitingChange>();
  #batch: WaitingChange[] = [];
  #proposer: Proposer<CombinedResult> | undefined;
  /** The number of the running question. */
  #requestId: number | undefined;
  #asked = 0;
  /** When the question was sent last. */
  #sent = 0;
  /** Its place among what is sent again when a way to a member has opened. */
  #place: ReturnType<Pacing["unanswered"]> | undefined;
  /** Its place among the attempts that begin again when the members change. */
  #bound: BoundAttempt | undefined;
  #leaveGate: () => void = nothing;
  #attempt = 0;
  /** The time since which members have had no room for it. */
  #fullSince: number | undefined;
  /** How often it has waited for room. */
  #roomWaits = 0;
  #cancelTimer: () => void = nothing;
  /** Waits no longer for the rest of a fast round; `null`: none waits. */
  #cancelRest: (() => void) | null = null;

  constructor(
    register: RegisterId,
    engine: Engine,
    pacing: Pacing,
    kept: KeptPromises,
    fast: FastParts,
    events: { readonly idle: () => void; readonly released: Released },
  ) {
    this.#register = register;
    this.#engine = engine;
    this.#pacing = pacing;
    this.#kept = kept;
    this.#fast = fast;
    this.#events = events;
  }

  add(waiting: WaitingChange): void {
    this.#waiting.add(waiting);
    waiting.operation.onEnd(() => {
      this.#waiting.delete(waiting);
      this.#stopIfUnwanted();
    });
    if (this.#proposer === undefined) this.#begin();
  }

  /** The error of a change at its deadline: it reports a lack of room if that alone is the cause. */
  late({ wrote, full, options }: WaitingChange): SynodError {
    if (wrote) return this.#engine.noQuorum();
    if (full !== undefined) return full;
    const shortage = options.reserve === true ? undefined : this.#proposer?.shortage;
    return shortage === undefined
      ? this.#engine.noQuorum()
      : noRoom(shortage.missing, shortage.silent);
  }

  #begin(): void {
    const { members, clock, life } = this.#engine;
    this.#attempt = 0;
    this.#fullSince = undefined;
    this.#roomWaits = 0;
    this.#proposer = new Proposer<CombinedResult>({
      register: this.#register,
      members,
      clock,
      life,
      change: (current) => combine(this.#batch.filter((part) => !part.operation.ended), current),
      // A change whose new state was sent once has to write in every later attempt.
      mustWrite: () => this.#batch.some((part) => part.options.mustWrite === true || part.wrote),
      writing: (ballot) => {
        for (const part of this.#batch) {
          if (!part.writes || part.operation.ended) continue;
          part.wrote = true;
          part.options.writing?.(ballot);
        }
      },
      keepPromise: () => this.#batch.some((part) => part.options.keepPromise === true),
      sweep: () => this.#batch.every((part) => part.options.sweep === true),
      // A change that may use the reserve must not fail because of the other changes of its round.
      reserve: () => this.#batch.some(usesReserve),
    });
    this.#place = this.#pacing.unanswered(this.#reached);
    this.#bound = this.#engine.attempts.bind(this.#moved);
    this.#enterGate(() => {
      // The kept promise is used once, and only for the first attempt; a new life writes with ballots of its own.
      const last = this.#kept.take(this.#register);
      const kept = last?.ballot.life === this.#engine.life ? last : undefined;
      const mayUse = ({ options: { ignoreKeptPromise, since = 0 } }: WaitingChange) =>
        ignoreKeptPromise !== true && kept !== undefined && serves(kept.ballot.counter, { since });
      this.#start(Array.from(this.#waiting).every(mayUse) ? kept : undefined, last === undefined);
    });
  }

  #enterGate(pass: () => void): void {
    const proposer = this.#proposer;
    const leave = this.#engine.gate.enter(pass);
    // `pass` may have failed at once.
    if (this.#proposer === proposer) this.#leaveGate = leave;
    else leave();
  }

  /** Begins an attempt with all changes that wait by now: they were requested before the attempt began. */
  #start(kept?: KeptPromise, isFirst = false): void {
    this.#batch = this.#batch.filter((part) => !part.operation.ended);
    for (const waiting of this.#waiting) {
      if (this.#batch.length >= MAX_COMBINED) break;
      this.#waiting.delete(waiting);
      this.#batch.push(waiting);
    }
    const { unheard } = this.#engine;
    const step = this.#attempted(() => {
      const proposer = this.#running;
      if (kept !== undefined) return proposer.startKept(kept, unheard.highest);
      const isFast = isFirst && this.#batch.every(mayBeFast) &&
        this.#fast.rounds.mayBegin(this.#register);
      return (isFast ? proposer.startFast() : undefined) ?? proposer.start();
    });
    if (step !== undefined) this.#do(step);
  }

  /** The proposer's next step. An error ends the changes of this round, and nothing else. */
  #attempted<T>(next: () => T): T | undefined {
    try {
      return next();
    } catch (error) {
      const batch = this.#batch;
      const reason = this.#engine.contain(error);
      this.#done();
      for (const { operation } of batch) operation.reject(reason);
      return undefined;
    }
  }

  #do(step: Step<CombinedResult>): void {
    switch (step.do) {
      case "send":
        this.#send(step.request);
        return;
      case "restart":
        this.#stopAsking();
        this.#start();
        return;
      case "retry":
        this.#stopAsking();
        if (this.#attempt === 0 && this.#batch.some((part) => part.options.retryAtOnce === true)) {
          this.#attempt++;
          return this.#start();
        }
        this.#cancelTimer = this.#pacing.retryLater(() => this.#start(), this.#attempt++);
        return;
      case "full":
        return this.#full(step);
      case "done": {
        const { result, ...chosen } = step.chosen;
        noteOutcome(this.#fast, this.#register, this.#running, chosen.ballot);
        const applied: [part: WaitingChange, own: OwnResult][] = [];
        const left: WaitingChange[] = [];
        for (const part of this.#batch) {
          const own = result.results.get(part);
          if (own === undefined) left.push(part);
          else applied.push([part, own]);
        }
        // Changes that were not applied in this round come first in the next one.
        if (left.length > 0) this.#waiting = new Set([...left, ...this.#waiting]);
        this.#keep();
        this.#done();
        for (const [part, own] of applied) {
          if ("error" in own) part.operation.reject(own.error);
          else part.operation.resolve({ ...chosen, result: own.value });
        }
      }
    }
  }

  /** Members have no room for it: ends the changes, unless the members are making room. */
  #full({ tidying, missing }: Step<unknown> & { do: "full" }): void {
    const { runtime } = this.#engine;
    const now = runtime.now();
    this.#fullSince ??= now;
    this.#fast.rounds.noRoom();
    for (const part of this.#batch) part.full = noRoom(missing);
    this.#stopAsking();
    if (tidying && now - this.#fullSince < LONGEST_FULL) {
      // Meanwhile other changes pass the gate: most of them need no room.
      this.#leaveGate();
      this.#cancelTimer = runtime.setTimer(
        () => this.#enterGate(() => this.#start()),
        this.#pacing.resend(Math.min(this.#roomWaits++, MAX_ROOM_DOUBLINGS)),
      );
      return;
    }
    const batch = this.#batch;
    this.#done();
    for (const part of batch) part.operation.reject(part.full);
  }

  #send(request: RegisterRequest): void {
    const { pendingReplies, runtime } = this.#engine;
    this.#stopAsking();
    this.#asked = this.#sent = runtime.now();
    const question = pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      const proposer = this.#proposer;
      if (sender === undefined || proposer === undefined || this.#requestId !== question) return;
      const step = this.#attempted(() => proposer.receive(request, sender, reply as RegisterReply));
      if (step === undefined) return this.#awaitRest(proposer);
      if (step.do === "send" || step.do === "done") {
        this.#pacing.measured(runtime.now() - this.#asked);
      }
      this.#do(step);
    });
    this.#requestId = question;
    this.#engine.ask(this.#engine.members, { id: question, ...request });
    this.#resendLater(0);
  }

  /** Waits for the rest of the members, if a quorum has answered a fast round. */
  #awaitRest(proposer: Proposer<CombinedResult>): void {
    if (this.#cancelRest !== null || !proposer.awaitsRest) return;
    this.#cancelRest = nothing;
    const missing = () => proposer.unanswered()?.members ?? [];
    const cancel = this.#fast.rounds.awaitRest(missing, this.#asked, () => {
      // Answers from before a crash may have been dropped: then it waits anew once a quorum has answered again.
      this.#cancelRest = null;
      const step = this.#attempted(() => proposer.goOn());
      if (step !== undefined) this.#do(step);
    });
    // It may have gone on at once.
    if (proposer.awaitsRest && this.#proposer === proposer) this.#cancelRest = cancel;
  }

  #resendLater(attempt: number, wait = attempt): void {
    const { runtime } = this.#engine;
    // The gate may let it pass after a way to a member has opened: then it has been sent again already.
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(() => {
      const proposer = this.#running;
      // The members that have not answered by now are unlikely to outvote the nack.
      if (proposer.contended) return this.#do({ do: "restart" });
      if (proposer.shortage === undefined) return this.#resend(attempt);
      // With the changes that arrived meanwhile it may use the reserve.
      const { request } = proposer;
      const mayGain = request?.type === "prepare" && request.reserve !== true &&
        this.#batch.length < MAX_COMBINED;
      if (mayGain && [...this.#waiting].some(usesReserve)) return this.#do({ do: "restart" });
      // That may take long: between two requests other changes pass the gate.
      this.#leaveGate();
      const requestId = this.#requestId;
      this.#cancelTimer = runtime.setTimer(() =>
        this.#enterGate(() => {
          if (this.#requestId === requestId) this.#resend(attempt, 0);
        }), this.#pacing.resend(attempt));
    }, this.#pacing.resend(wait));
  }

  /** Called when the members have changed. */
  readonly #moved = (): void => {
    const proposer = this.#proposer;
    if (proposer === undefined) return;
    if (isConfiguration(this.#register)) return this.#overtaken();
    proposer.follow(this.#engine.members);
    // Otherwise it waits, and begins when it may.
    if (this.#requestId === undefined) return;
    this.#stopAsking();
    this.#start();
  };

  /** Each change of the configuration is made for one configuration, which another one has replaced. */
  #overtaken(): void {
    const all = [...this.#batch, ...this.#waiting];
    this.#waiting.clear();
    this.#done();
    const message = "Another change of the members was faster";
    const reason = new SynodError("members_changing", message);
    for (const { operation } of all) operation.reject(reason);
  }

  /** Called when a way to a member has opened. */
  readonly #reached = (mayHaveBeenOpen: boolean): void => {
    if (mayHaveBeenOpen && !this.#pacing.isOverdue(this.#sent)) return;
    const proposer = this.#proposer;
    if (proposer === undefined || this.#requestId === undefined) return;
    if (proposer.contended || proposer.shortage !== undefined) return;
    this.#cancelTimer();
    this.#resend(0);
  };

  #resend(attempt: number, wait?: number): void {
    const unanswered = this.#running.unanswered();
    if (unanswered === undefined || this.#requestId === undefined) return;
    this.#sent = this.#engine.runtime.now();
    this.#engine.ask(unanswered.members, { id: this.#requestId, ...unanswered.request });
    this.#resendLater(attempt + 1, wait);
  }

  /** Keeps what the finished proposer leaves: a promise for the next change, or a tombstone to forget. */
  #keep(): void {
    const proposer = this.#running;
    if (proposer.kept !== undefined) this.#kept.put(this.#register, proposer.kept);
    const { request } = proposer;
    if (request?.type !== "accept" || request.state.present) return;
    const requestId = this.#requestId;
    assertInvariant(requestId !== undefined, "a state is chosen by answers to a question");
    this.#requestId = undefined;
    const { ballot } = request;
    const { roundTrip } = this.#pacing;
    this.#events.released({
      register: this.#register,
      ballot,
      requestId,
      request,
      proposer,
      roundTrip,
    });
  }

  /** The proposer of the attempt under way. */
  get #running(): Proposer<CombinedResult> {
    const proposer = this.#proposer;
    assertInvariant(proposer !== undefined, "an attempt has a proposer");
    return proposer;
  }

  #stopAsking(): void {
    this.#cancelTimer();
    this.#cancelRest?.();
    this.#cancelRest = null;
    if (this.#requestId !== undefined) this.#engine.pendingReplies.close(this.#requestId);
    this.#requestId = undefined;
  }

  #stopIfUnwanted(): void {
    if (this.#waiting.size > 0 || this.#batch.some((part) => !part.operation.ended)) return;
    if (this.#proposer !== undefined) this.#done();
  }

  #done(): void {
    this.#stopAsking();
    if (this.#place !== undefined) this.#pacing.answered(this.#place);
    this.#leaveGate();
    if (this.#bound !== undefined) this.#engine.attempts.release(this.#bound);
    // What still refers to this object must not keep alive what it has used.
    this.#cancelTimer = this.#leaveGate = nothing;
    this.#bound = undefined;
    this.#proposer = undefined;
    this.#batch = [];
    for (const waiting of this.#waiting) {
      if (waiting.operation.ended) this.#waiting.delete(waiting);
    }
    if (this.#waiting.size > 0) this.#begin();
    else this.#events.idle();
  }
}
