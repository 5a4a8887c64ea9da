import { SynodError } from "../../errors.ts";
import { assertInvariant } from "../../paxos/invariant.ts";
import type { RegisterReply, RegisterRequest } from "../../paxos/messages.ts";
import { type KeptPromise, Proposer, type Step } from "../../paxos/proposer.ts";
import { isConfiguration, type RegisterId } from "../../paxos/register.ts";
import type { BoundAttempt } from "../engine/bound_attempts.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { ChangeQueue } from "./change_queue.ts";
import type { CombinedResult } from "./combine.ts";
import { type FastParts, noteOutcome } from "./fast_rounds.ts";
import { type KeptPromises, usable } from "./kept_promises.ts";
import { noRoom } from "./no_room.ts";
import type { ProposalEvents } from "./proposal_events.ts";
import { ProposalTrace } from "./proposal_trace.ts";
import { Retries } from "./retries.ts";
import { RestWait } from "./rest_wait.ts";
import { hasRival } from "./rival.ts";
import { RoomWaits } from "./room_waits.ts";
import { RoundOptions } from "./round_options.ts";
import {
  isAwaited,
  lackOfRoom,
  mayBeFast,
  mayUse,
  neediest,
  split,
  usesReserve,
  type WaitingChange,
} from "./waiting_change.ts";

const nothing = (): void => {};

/** The changes of one register. */
export class RegisterProposals {
  readonly #register: RegisterId;
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #kept: KeptPromises;
  readonly #fast: FastParts;
  readonly #events: ProposalEvents;
  readonly #queue = new ChangeQueue();
  readonly #options: RoundOptions;
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
  readonly #trace: ProposalTrace | undefined;
  readonly #retries: Retries;
  /** Whether the attempt relies on a kept promise that no acceptor has refused yet. */
  #usesKept = false;
  readonly #room = new RoomWaits();
  #cancelTimer: () => void = nothing;
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
    this.#options = new RoundOptions(register, engine, this.#queue);
    this.#pacing = pacing;
    this.#kept = kept;
    this.#retries = new Retries(engine, pacing);
    this.#fast = fast;
    this.#rest = new RestWait(fast.rounds, pacing, engine.runtime);
    this.#events = events;
    this.#trace = ProposalTrace.of(engine, register);
  }

  /** Adds changes that are proposed together, as far as they fit into one round. */
  add(changes: readonly WaitingChange[]): void {
    for (const waiting of changes) {
      this.#queue.add(waiting);
      waiting.operation.onEnd(() => {
        this.#queue.delete(waiting);
        this.#stopIfUnwanted();
      });
    }
    if (this.#proposer === undefined) this.#begin(true);
  }

  /** The error of a change at its deadline: it reports a lack of room if that alone is the cause. */
  late(change: WaitingChange): SynodError {
    return lackOfRoom(change, this.#proposer?.shortage) ?? this.#engine.noQuorum();
  }

  /** `isFirst`: whether no attempt came just before. */
  #begin(isFirst: boolean): void {
    this.#retries.begin();
    this.#room.begin();
    this.#proposer = new Proposer(this.#options);
    this.#place = this.#pacing.unanswered(this.#reached);
    this.#bound = this.#engine.attempts.bind(this.#moved);
    this.#enterGate(() => {
      // The kept promise is used once, and only for the first attempt. Without one nothing is known of the register.
      const last = this.#kept.take(this.#register);
      const held = last && this.#engine.voter?.acceptor.stored(this.#register);
      const kept = usable(last, this.#engine.life, held);
      const isUsed = kept !== undefined &&
        Array.from(this.#queue.waiting).every((waiting) => mayUse(waiting, kept));
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
    if (!this.#kept.hasRefused) return false;
    return this.#kept.sinceRefused(this.#register, runtime.now()) < this.#pacing.longestBackoff;
  }

  /** Whether a change that joins would be part of the next state that is proposed. */
  get canJoin(): boolean {
    const isEarly = this.#requestId === undefined || this.#proposer?.request?.type === "prepare";
    return isEarly && this.#queue.takesAll;
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
    this.#queue.take();
    // A rival that was refused must not be refused by a kept promise again. Where promises are handed on, a fallback
    // would use up the counters of the next ones.
    const isBare = this.#isContended || this.#kept.hasInherited(this.#register);
    const fallback = isBare ? null : this.#engine.unheard.highest;
    this.#usesKept = kept !== undefined;
    const step = this.#attempted(() => {
      const proposer = this.#running;
      if (kept !== undefined) return proposer.startKept(kept, fallback);
      const isFast = isFirst && this.#queue.round.every(mayBeFast) &&
        this.#fast.rounds.mayBegin(this.#register);
      return (isFast ? proposer.startFast(this.#fast.rounds.unheard) : undefined) ??
        proposer.start();
    });
    if (step !== undefined) this.#do(step);
  }

  /** The next step, unless it has ended the attempt: a change may find its session over. An error ends the changes of this round alone. */
  #attempted<T>(next: () => T): T | undefined {
    const proposer = this.#proposer;
    try {
      const step = next();
      return this.#proposer === proposer ? step : undefined;
    } catch (error) {
      const { round } = this.#queue;
      const reason = this.#engine.contain(error);
      this.#done();
      for (const { operation } of round) operation.reject(reason);
      return undefined;
    }
  }

  #do(step: Step<CombinedResult>): void {
    this.#trace?.step(step, this.#running, this.#queue.round.length);
    switch (step.do) {
      case "send":
        if (step.request.type === "accept") this.#room.over(this.#queue.round);
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
        const { result, state, token, ballot, stale } = step.chosen;
        noteOutcome(this.#fast, this.#register, this.#running, ballot);
        const { applied, left } = split(this.#queue.round, result);
        this.#queue.putFirst(left);
        this.#keep();
        this.#done();
        for (const [part, own] of applied) {
          if ("error" in own) part.operation.reject(own.error);
          else part.operation.resolve({ result: own.value, state, token, ballot, stale });
        }
      }
    }
  }

  #retry(): void {
    // What refuses a fast round refuses its promises.
    const unprepared = this.#running.request?.type !== "accept";
    const cancel = this.#retries.next(
      unprepared,
      this.#queue.round.some(isAwaited),
      () => this.#start(),
    );
    // Without a wait the attempt has timers of its own by now.
    if (cancel !== undefined) this.#cancelTimer = cancel;
  }

  /** Members have no room: what needs it ends, unless they are making room; what needs less goes on without it. */
  #full(step: Step<unknown> & { do: "full" }): void {
    const queue = this.#queue;
    const failed = this.#room.met(neediest(queue.round), step, this.#engine.runtime.now());
    this.#stopAsking();
    const isLess = queue.lessen();
    queue.drop(failed);
    if (isLess) this.#startBehindRival();
    else if (queue.round.length > 0) this.#waitForRoom();
    else this.#done();
    for (const part of failed) part.operation.reject(part.full);
  }

  #waitForRoom(): void {
    // Meanwhile other changes pass the gate: most of them need no room.
    this.#leaveGate();
    this.#cancelTimer = this.#engine.runtime.setTimer(
      () => this.#enterGate(() => this.#start()),
      this.#pacing.resend(this.#room.next()),
    );
  }

  /** Too few members have room while others do not answer: what needs less goes on, if there is such a change. */
  #goOnWithLess({ missing, silent }: { missing: readonly string[]; silent: readonly string[] }) {
    const { round } = this.#queue;
    if (!this.#queue.lessen()) return false;
    for (const part of round) if (!usesReserve(part)) part.full ??= noRoom(missing, silent);
    this.#do({ do: "restart" });
    return true;
  }

  #send(request: RegisterRequest): void {
    const { pendingReplies, runtime } = this.#engine;
    this.#stopAsking();
    this.#asked = this.#sent = runtime.now();
    this.#kept.sends(this.#register, request);
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
        const now = runtime.now();
        this.#pacing.measured(now - this.#asked, now);
      }
      this.#do(step);
    });
    this.#requestId = question;
    this.#engine.ask(this.#engine.members, { ...request, id: question });
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
      const { shortage } = proposer;
      if (shortage === undefined) {
        // One answer may be late, or lost.
        if (attempt > 0) this.#room.over(this.#queue.round);
        return this.#resend(attempt);
      }
      if (this.#goOnWithLess(shortage)) return;
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
    const all = this.#queue.clear();
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
    if (this.#proposer === undefined || this.#queue.isWanted) return;
    this.#trace?.abandoned();
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
    if (this.#queue.end()) this.#begin(false);
    else this.#events.idle(this.#register);
  }
}
