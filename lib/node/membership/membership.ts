import type { SynodError } from "../../errors.ts";
import { type Life, lifeAfter, makeLife } from "../../paxos/ballot.ts";
import {
  Genesis,
  type GenesisEvent,
  type MemberState,
  type Outgoing,
} from "../../paxos/genesis.ts";
import { GivingUp } from "../../paxos/giving_up.ts";
import type { ClockReading } from "../../paxos/lease.ts";
import type {
  GenesisRecord,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import { help, type Recovered, Recovery, type RecoveryEvent } from "../../paxos/recovery.ts";
import { Turns } from "../../paxos/turns.ts";
import { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_WAIT, QuestionWaits } from "./question_waits.ts";
import { GivingUpCounts } from "./giving_up_counts.ts";
import { mismatch } from "./record_queries.ts";

/** Events about a node's place in its cluster. */
export interface MembershipEvents {
  /** The node knows the record that it lives under; `again`: after it lived under another one. */
  readonly entered: (again: boolean) => void;
  /** The node may own values and locks from now on: it votes, or is a client. */
  readonly operational: () => void;
  /**
   * A majority lost its memory: this member has forgotten what it knew, to begin a new genesis with the others.
   */
  readonly gaveUp: () => void;
  /** A member that lost its memory is coming back. */
  readonly recovering: (member: string) => void;
  /** Nothing can succeed in the present state; more such events may follow. */
  readonly fatal: (error: SynodError) => void;
  /** Another process has this node's place. */
  readonly replaced: () => void;
}

/** The wait before questions are asked again for the first time, in milliseconds. */
const FIRST_WAIT = 20;

/** The longest wait between two questions while it is another member's turn to come back, in milliseconds. */
const WAIT_FOR_TURN = 50;

/**
 * A member's place in its cluster: it takes part in the genesis, recovers without its memory, helps other
 * members to recover, and gives up a cluster that cannot recover.
 */
export class Membership {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  readonly #hasQuorum: () => boolean;
  #genesis: Genesis;
  #recovery: Recovery | null = null;
  readonly #turns: Turns;
  /** Whether a later process under this node's id has been heard. */
  #isSucceeded = false;
  readonly #givingUp: GivingUpCounts = new GivingUpCounts(() => this.#newGivingUp());
  readonly #waits = new QuestionWaits();
  #entered = false;
  #stopped = false;
  #cancelTimer: () => void = () => {};
  #cancelGivingUp: () => void = () => {};

  /** Asks for nothing before `start`. `hasQuorum` says whether the node has one at this instant. */
  constructor(engine: Engine, events: MembershipEvents, hasQuorum: () => boolean) {
    this.#engine = engine;
    this.#events = events;
    this.#hasQuorum = hasQuorum;
    this.#turns = new Turns(engine);
    this.#genesis = this.#blank();
  }

  /** The state of this member. */
  get state(): MemberState {
    return this.#genesis.state;
  }

  /** Begins to send questions. */
  start(): void {
    this.#engine.pendingReplies.otherwise((from, header, reply) =>
      this.#receive(from, header, reply)
    );
    this.#tick(FIRST_WAIT);
    this.#considerGivingUp();
  }

  /** Sends no more questions. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#cancelGivingUp();
  }

  /** Answers a question of another node. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    const { id } = request;
    // This process was replaced and is about to close: its memory cannot help another member, and a record in
    // its answer would claim that it can.
    if (this.#genesis.state === "operational" && this.#engine.voter === null) return;
    this.#turns.asked(from, header, request, this.#engine.runtime.now());
    if (from === this.#engine.self && header.life > this.#engine.life) this.#succeeded();
    const { reply, event, voids } = this.#genesis.answer(from, header, request, this.#reading());
    if (voids) this.#recovery?.restart();
    const answer = reply?.type === "membersMismatch" || !this.#engine.isOutsider(from)
      ? reply ?? this.#help(from, header, request)
      : { type: "notAMember" } as const;
    if (answer !== undefined) this.#engine.reply(from, header.life, { id, ...answer });
    this.#act(event);
  }

  /** A later process runs under this node's id. */
  #succeeded(): void {
    if (this.#isSucceeded) return;
    this.#isSucceeded = true;
    if (this.#engine.settings.afterMajorityLoss === "wait") this.#considerGivingUp();
  }

  /** `floor` is that of the genesis that this member has given up, if any. */
  #blank(floor: number = 0): Genesis {
    const { self, members, life, clock, pendingReplies, settings } = this.#engine;
    return new Genesis({
      self,
      members,
      life,
      clock,
      nextId: () => pendingReplies.next(),
      maxTtl: settings.maxSessionTtl,
      clients: settings.clients,
      floor,
    });
  }

  #help(from: string, header: Header, request: GenesisRequest) {
    const { voter, record, members, runtime } = this.#engine;
    if (voter === null || header.genesis !== record?.id) return undefined;
    const helper = {
      voter,
      members,
      vector: () => this.#engine.vector,
      raise: (index: number, incarnation: string) => this.#engine.raise(index, incarnation),
    };
    if (request.type === "transfer" && request.after === "") this.#events.recovering(from);
    return help(helper, from, header, request, runtime.now());
  }

  #tick(wait: number): void {
    if (this.#stopped) return;
    const { ask, event } = this.#genesis.tick(this.#reading());
    this.#waits.asked(ask, this.#engine.runtime.now());
    this.#send(ask);
    if (this.#recovery !== null) this.#send(this.#recovery.tick());
    this.#act(event);
    if (this.#genesis.state === "operational") return;
    this.#again(this.#recovery?.isWaiting ? Math.min(wait, WAIT_FOR_TURN) : wait);
  }

  #again(wait: number): void {
    if (this.#stopped) return;
    const { runtime } = this.#engine;
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(
      () => this.#tick(Math.min(this.#waits.longest, wait * 2)),
      wait * (0.75 + 0.5 * runtime.random()),
    );
  }

  /** Hands a reply to each state machine; each recognises by the number whether the reply still counts. */
  #receive(from: string, header: Header, reply: Reply): void {
    const now = this.#engine.runtime.now();
    this.#waits.answered(reply.id, now);
    this.#turns.answered(from, header, reply, now);
    const { ask, event } = this.#genesis.receive(from, header, reply, this.#reading());
    this.#send(ask);
    this.#act(event);
    if (this.#recovery !== null) {
      const { ask, event } = this.#recovery.receive(from, header, reply);
      this.#send(ask);
      this.#actOnRecovery(event);
    }
    if (reply.type === "replaced" && this.#givingUp.asks(reply.id)) return this.#events.replaced();
    const { ask: more, lost } = this.#givingUp.receive(from, header, reply);
    this.#send(more);
    if (lost !== undefined) this.#giveUp(lost);
  }

  #send(ask: readonly Outgoing[]): void {
    for (const { to, request } of ask) {
      if (to === this.#engine.self) this.#engine.askOwnId(request);
      else this.#engine.ask([to], request);
    }
  }

  #act(event: GenesisEvent | undefined): void {
    switch (event?.type) {
      case "operational":
        this.#begin(event.record);
        return;
      case "recover":
        this.#recover(event.record);
        return;
      case "changeLife":
        this.#changeLife();
        return;
      case "replaced":
        this.#events.replaced();
        return;
      case "membersMismatch":
        this.#events.fatal(mismatch(this.#engine, event.node, event.members));
    }
  }

  /** Begins this member's first life under `record`, with nothing to remember. */
  #begin(record: GenesisRecord): void {
    const { life, settings, runtime } = this.#engine;
    const voter = new Voter(record, life, settings, () => runtime.clockError());
    // Clients may outlive all members: no member remembers what they own.
    if (record.clients) voter.sessions.grantFrom(runtime.now() + record.maxTtl);
    this.#enter(record);
    this.#vote(voter, record.lives);
  }

  /** Restarts under a new life; this member has no state to lose. */
  #changeLife(): void {
    const { record } = this.#engine;
    const life = this.#newLife();
    this.#engine.changeLife(life);
    this.#genesis.changeLife(life);
    if (this.#recovery !== null) this.#recovery = this.#newRecovery(record!);
    this.#tick(FIRST_WAIT);
  }

  #newLife(): Life {
    const { life, runtime } = this.#engine;
    const random = () => runtime.random();
    const now = makeLife(runtime.wallNow(), random);
    return now > life ? now : lifeAfter(life, random);
  }

  #newRecovery(record: GenesisRecord): Recovery {
    const { self, members, life, pendingReplies, runtime } = this.#engine;
    const hasCome = this.#turns.wait(record.maxTtl);
    return new Recovery({
      self,
      members,
      life,
      genesis: record.id,
      nextId: () => pendingReplies.next(),
      lifeAfter: (life) => lifeAfter(life, () => runtime.random()),
      isItsTurn: () => hasCome(runtime.now()),
    });
  }

  #recover(record: GenesisRecord): void {
    this.#recovery = this.#newRecovery(record);
    this.#enter(record);
    this.#send(this.#recovery.tick());
    this.#again(FIRST_WAIT);
  }

  #actOnRecovery(event: RecoveryEvent | undefined): void {
    switch (event?.type) {
      case "changeLife":
        this.#engine.changeLife(event.life);
        this.#genesis.changeLife(event.life);
        this.#send(this.#recovery!.tick());
        return;
      case "replaced":
        this.#events.replaced();
        return;
      case "recovered":
        this.#comeBack(event.memory);
    }
  }

  #comeBack(memory: Recovered): void {
    const { record, settings, runtime } = this.#engine;
    const clockError = () => runtime.clockError();
    const voter = Voter.recovered(record!, memory, settings, runtime.now(), clockError);
    this.#recovery = null;
    this.#genesis.recovered();
    this.#vote(voter, memory.vector);
  }

  #enter(record: GenesisRecord): void {
    this.#engine.enter(record);
    this.#events.entered(this.#entered);
    this.#entered = true;
  }

  #vote(voter: Voter, vector: readonly string[]): void {
    this.#recovery = null;
    this.#cancelTimer();
    this.#engine.vote(voter, vector);
    this.#events.operational();
  }

  /** While there is no quorum, asks from time to time whether there can ever be one again. */
  #considerGivingUp(): void {
    if (this.#stopped) return;
    const { runtime, settings, record, voter } = this.#engine;
    // With `wait`, this process ends only if a later process takes its place.
    if (settings.afterMajorityLoss === "wait" && !this.#isSucceeded) return;
    if (voter === null || record === null || this.#hasQuorum()) {
      this.#givingUp.clear();
    } else {
      this.#send(this.#givingUp.questions());
    }
    const wait = LONGEST_WAIT * (0.75 + 0.5 * runtime.random());
    this.#cancelGivingUp();
    this.#cancelGivingUp = runtime.setTimer(() => this.#considerGivingUp(), wait);
  }

  #newGivingUp(): GivingUp {
    const { self, members, record, pendingReplies, life } = this.#engine;
    return new GivingUp({
      self,
      members,
      record: record!,
      life,
      nextId: () => pendingReplies.next(),
    });
  }

  /**
   * Restarts under a new life, so that all members can begin a new genesis. A process that has a successor
   * leaves that to it.
   */
  #giveUp(lost: GivingUp): void {
    if (lost.isSucceeded) return this.#events.replaced();
    this.#givingUp.clear();
    if (this.#engine.settings.afterMajorityLoss === "wait") return;
    this.#recovery = null;
    const floor = this.#engine.record?.floor;
    this.#engine.forget(this.#newLife());
    this.#genesis = this.#blank(floor);
    this.#events.gaveUp();
    this.#tick(FIRST_WAIT);
  }

  #reading(): ClockReading {
    return { now: this.#engine.runtime.now(), wall: this.#engine.runtime.wallNow() };
  }
}
