import { SynodError } from "../../errors.ts";
import { assertInvariant } from "../../paxos/invariant.ts";
import type { RegisterReply, RegisterRequest } from "../../paxos/messages.ts";
import { type KeptPromise, Proposer, type Step } from "../../paxos/proposer.ts";
import { isConfiguration, type RegisterId } from "../../paxos/register.ts";
import type { BoundAttempt } from "../engine/bound_attempts.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { combine, type CombinedResult } from "./combine.ts";
import { type FastParts, noteOutcome } from "./fast_rounds.ts";
import { type KeptPromises, usable } from "./kept_promises.ts";
import { noRoom } from "./no_room.ts";
import type { ProposalEvents } from "./proposal_events.ts";
import { Retries } from "./retries.ts";
import { RestWait } from "./rest_wait.ts";
import { hasRival } from "./rival.ts";
import { RoomWaits } from "./room_waits.ts";
import {
  isAwaited,
  lackOfRoom,
  mayBeFast,
  mayUse,
  needsOf,
  split,
  usesReserve,
  type WaitingChange,
} from "./waiting_change.ts";

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
  readonly #events: ProposalEvents;
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
  readonly #retries: Retries;
  /** Whether the attempt relies on a kept promise that no acceptor has refused yet. */
  #usesKept = false;
  readonly #room = new RoomWaits();
  #cancelTimer: () => void = nothing;
  /** The wait for the last members in a fast round. */
  readonly #rest: RestWait;

  constructor(
    register: RegisterId,
    engine: Engine,
    pacing: Pacing,
    kept: KeptPromises,
    fast: FastParts,
    events: ProposalEvents,
  ) {
    this.#register = register;
    this.#engine = engine;
    this.#pacing = pacing;
    this.#kept = kept;
    this.#retries = new Retries(engine, pacing);
    this.#fast = fast;
    this.#rest = new RestWait(fast.rounds, pacing, engine.runtime);
    this.#events = events;
  }

  add(waiting: WaitingChange): void {
    this.#waiting.add(waiting);
    waiting.operation.onEnd(() => {
      this.#waiting.delete(waiting);
      this.#stopIfUnwanted();
    });
    if (this.#proposer === undefined) this.#begin(true);
  }

  /** The error of a change at its deadline: it reports a lack of room if that alone is the cause. */
  late(change: WaitingChange): SynodError {
    return lackOfRoom(change, this.#proposer?.shortage) ?? this.#engine.noQuorum();
  }

  /** `isFirst`: whether no attempt came just before. */
  #begin(isFirst: boolean): void {
    const { members, clock, life } = this.#engine;
    this.#retries.begin();
    this.#room.begin();
    this.#proposer = new Proposer<CombinedResult>({
      ...{ register: this.#register, members, clock, life },
      change: (current) => {
        this.#join();
        return combine(this.#batch.filter((part) => !part.operation.ended), current);
      },
      ...needsOf(() => this.#batch),
    });
    this.#place = this.#pacing.unanswered(this.#reached);
    this.#bound = this.#engine.attempts.bind(this.#moved);
    this.#enterGate(() => {
      // The kept promise is used once, and only for the first attempt. Without one nothing is known of the register.
      const held = this.#engine.voter?.acceptor.stored(this.#register);
      const last = this.#kept.take(this.#register);
      const kept = usable(last, this.#engine.life, held);
      const isUsed = kept !== undefined &&
        Array.from(this.#waiting).every((waiting) => mayUse(waiting, kept));
      this.#startBehindRival(isUsed ? kept : undefined, isFirst && last === undefined);
    });
  }

  /** Where others write too, lets a rival finish whose attempt this member has promised, for one round trip. */
  #startBehindRival(kept?: KeptPromise, isFirst = false): void {
    const { voter, life, runtime } = this.#engine;
    const isBehind = this.#isContended && hasRival(voter?.acceptor.stored(this.#register), life);
    if (!isBehind) return this.#start(kept, isFirst);
    this.#cancelTimer = runtime.setTimer(() => this.#start(), this.#pacing.roundTrip);
  }

  /** Whether a promise that this node had kept was refused within the time in which a refused node tries again. */
  get #isContended(): boolean {
    const { runtime } = this.#engine;
    return this.#kept.sinceRefused(this.#register, runtime.now()) < this.#pacing.longestBackoff;
  }

  /** Whether a change that joins would be part of the next state that is proposed. */
  get canJoin(): boolean {
    return this.#requestId === undefined || this.#proposer?.request?.type === "prepare";
  }

  /** Takes the changes that came while the attempt got its promises, up to the first that does not join. */
  #join(): void {
    for (const waiting of this.#waiting) {
      if (waiting.options.joins !== true || this.#batch.length >= MAX_COMBINED) return;
      this.#waiting.delete(waiting);
      waiting.joined = true;
      this.#batch.push(waiting);
    }
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
    for (const part of this.#batch) part.joined = false;
    for (const waiting of this.#waiting) {
      if (this.#batch.length >= MAX_COMBINED) break;
      this.#waiting.delete(waiting);
      this.#batch.push(waiting);
    }
    // A rival that was refused must not be refused by a kept promise again.
    const fallback = this.#isContended ? null : this.#engine.unheard.highest;
    this.#usesKept = kept !== undefined;
    const step = this.#attempted(() => {
      const proposer = this.#running;
      if (kept !== undefined) return proposer.startKept(kept, fallback);
      const isFast = isFirst && this.#batch.every(mayBeFast) &&
        this.#fast.rounds.mayBegin(this.#register);
      return (isFast ? proposer.startFast(this.#fast.rounds.unheard) : undefined) ??
        proposer.start();
    });
    if (step !== undefined) this.#do(step);
  }

  // A change that looks at a clock may find that its session is over: that ends the attempt meanwhile.
  /** The proposer's next step, if the attempt goes on. An error ends the changes of this round, and nothing else. */
  #attempted<T>(next: () => T): T | undefined {
    const proposer = this.#proposer;
    try {
      const step = next();
      return this.#proposer === proposer ? step : undefined;
    } catch (error) {
      const batch = this.#batch;
      const reason = this.#engine.contain(error);
      this.#done();
      for (const { operation } of batch) operation.reject(reason);
      return undefined;
    }
  }

  #do(step: Step<CombinedResult>): void {
    this.#events.trace?.step(step, this.#running, this.#batch.length);
    switch (step.do) {
      case "send":
        this.#send(step.request);
        return;
      case "restart":
        this.#stopAsking();
        return this.#startBehindRival();
      case "retry":
        this.#stopAsking();
        return this.#retry();
      case "full":
        return this.#full(step);
      case "done": {
        const { result, ...chosen } = step.chosen;
        noteOutcome(this.#fast, this.#register, this.#running, chosen.ballot);
        const { applied, left } = split(this.#batch, result);
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

  #retry(): void {
    // What refuses a fast round refuses its promises.
    const unprepared = this.#running.request?.type !== "accept";
    const cancel = this.#retries.next(unprepared, this.#batch.some(isAwaited), () => this.#start());
    // Without a wait the attempt has timers of its own by now.
    if (cancel !== undefined) this.#cancelTimer = cancel;
  }

  /** Members have no room for it: ends the changes, unless the members are making room. */
  #full({ tidying, missing }: Step<unknown> & { do: "full" }): void {
    const doublings = this.#room.next(tidying, this.#engine.runtime.now());
    for (const part of this.#batch) part.full = noRoom(missing);
    this.#stopAsking();
    if (doublings !== undefined) {
      // Meanwhile other changes pass the gate: most of them need no room.
      this.#leaveGate();
      this.#cancelTimer = this.#engine.runtime.setTimer(
        () => this.#enterGate(() => this.#start()),
        this.#pacing.resend(doublings),
      );
      return;
    }
    const batch = this.#batch;
    this.#done();
    for (const { operation, full } of batch) operation.reject(full);
  }

  #send(request: RegisterRequest): void {
    this.#events.sends(request);
    const { pendingReplies, runtime } = this.#engine;
    this.#stopAsking();
    this.#asked = this.#sent = runtime.now();
    const question = pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      const proposer = this.#proposer;
      if (sender === undefined || proposer === undefined || this.#requestId !== question) return;
      if (request.type === "fast" && reply.type === "full") this.#fast.rounds.noRoom();
      const step = this.#attempted(() => proposer.receive(request, sender, reply as RegisterReply));
      if (step === undefined) return this.#awaitRest(proposer);
      if (this.#usesKept && step.do !== "done") {
        this.#usesKept = false;
        this.#kept.refused(this.#register, runtime.now());
      }
      if (request.type !== "fast" && (step.do === "send" || step.do === "done")) {
        this.#pacing.measured(runtime.now() - this.#asked);
      }
      this.#do(step);
    });
    this.#requestId = question;
    this.#engine.ask(this.#engine.members, { id: question, ...request });
    this.#resendLater(0);
  }

  /** Waits for the rest of the members, if a quorum has answered a fast round just now. */
  #awaitRest(proposer: Proposer<CombinedResult>): void {
    this.#rest.begin(proposer, this.#asked, () => {
      const step = this.#attempted(() => proposer.goOn());
      if (step !== undefined) this.#do(step);
    });
  }

  #resendLater(attempt: number, wait = attempt): void {
    const { runtime } = this.#engine;
    // After a wait at the gate it may have been sent again already.
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
    if (this.#requestId === undefined) return; // It waits, and begins when it may.
    this.#stopAsking();
    this.#start();
  };

  /** Each change of the configuration is made for one configuration, which another one has replaced. */
  #overtaken(): void {
    const all = [...this.#batch, ...this.#waiting];
    this.#waiting.clear();
    this.#done();
    const reason = new SynodError("members_changing", "Another change of the members was faster");
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
    this.#rest.unanswered(this.#running);
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
    const [register, { ballot }, { roundTrip }] = [this.#register, request, this.#pacing];
    this.#events.released({ register, ballot, requestId, request, proposer, roundTrip });
  }

  /** The proposer of the attempt under way. */
  get #running(): Proposer<CombinedResult> {
    const proposer = this.#proposer;
    assertInvariant(proposer !== undefined, "an attempt has a proposer");
    return proposer;
  }

  #stopAsking(): void {
    this.#cancelTimer();
    this.#rest.end();
    if (this.#requestId !== undefined) this.#engine.pendingReplies.close(this.#requestId);
    this.#requestId = undefined;
  }

  #stopIfUnwanted(): void {
    if (this.#waiting.size > 0 || this.#batch.some((part) => !part.operation.ended)) return;
    if (this.#proposer === undefined) return;
    this.#events.trace?.abandoned();
    this.#rest.unanswered(this.#proposer);
    this.#done();
  }

  #done(): void {
    this.#stopAsking();
    if (this.#place !== undefined) this.#pacing.answered(this.#place);
    this.#leaveGate();
    if (this.#bound !== undefined) this.#engine.attempts.release(this.#bound);
    // What still refers to this object must not keep alive what it has used.
    this.#cancelTimer = this.#leaveGate = nothing;
    this.#bound = this.#proposer = undefined;
    this.#batch = [];
    for (const one of this.#waiting) if (one.operation.ended) this.#waiting.delete(one);
    if (this.#waiting.size > 0) this.#begin(false);
    else this.#events.idle();
  }
}
