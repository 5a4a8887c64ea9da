import type { Life } from "../../paxos/ballot.ts";
import { answerChange } from "../../paxos/change_answers.ts";
import type { ConfigurationRequest } from "../../paxos/configuration_messages.ts";
import {
  Genesis,
  type GenesisEvent,
  type MemberState,
  type Outgoing,
} from "../../paxos/genesis.ts";
import type { GivingUp } from "../../paxos/giving_up.ts";
import type { ClockReading } from "../../paxos/lease.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { PlaceEvent } from "../../paxos/place.ts";
import { help, type Recovered } from "../../paxos/recovery.ts";
import { Voter } from "../../paxos/voter.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Engine } from "../engine/engine.ts";
import { Comeback, type ComebackStep } from "./comeback.ts";
import { DiskSteps } from "./disk_steps.ts";
import { GivingUpWatch } from "./giving_up_watch.ts";
import { newLife } from "./lives.ts";
import { MemberDisk, type StorageState } from "./member_disk.ts";
import { memberState } from "./member_state.ts";
import type { MembershipEvents } from "./membership_events.ts";
import { LONGEST_WAIT, QuestionWaits } from "./question_waits.ts";
import { mismatch } from "./record_queries.ts";
import { Strangers, toldBy } from "./strangers.ts";

/** The answers that a membership takes. */
const REPLIES: Readonly<Record<GenesisReply["type"], true>> = {
  blank: true,
  record: true,
  stored: true,
  raised: true,
  replaced: true,
  membersMismatch: true,
  notAMember: true,
  known: true,
  piece: true,
};

/** The wait before questions are asked again for the first time, in milliseconds. */
const FIRST_WAIT = 20;

/** The longest wait for the turn of another member that comes back, in milliseconds. */
const WAIT_FOR_TURN = 50;

/**
 * A node's place in its cluster: it takes part in the genesis, recovers without its memory, joins, helps other
 * members to recover, and gives up a cluster that cannot recover.
 */
export class Membership {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  /** `null`: the node is not in the list that it was given, and founds no cluster. */
  #genesis: Genesis | null;
  readonly #comeback: Comeback;
  readonly #strangers: Strangers;
  readonly #givingUp: GivingUpWatch;
  readonly #waits = new QuestionWaits();
  #entered = false;
  /** Whether it has learned of another place while it waited for its disk. */
  #isBehind = false;
  /** Whether the node was told that it votes. */
  #votes = false;
  /** The members of which the node was told last. */
  #members: readonly string[];
  #stopped = false;
  /** Its storage; `null`: it has none. */
  #disk: MemberDisk | null = null;
  #steps: DiskSteps | null = null;
  /** The storage of a node that is not in the list that it was given, as long as it has no place in its cluster. */
  #unused: Storage | null = null;
  /** The storage that is being opened. */
  #loading: Storage | null = null;
  /** Whether it is opening that storage. */
  #isOpening = false;
  #cancelTimer: () => void = () => {};

  /** Asks for nothing before `start`. `hasQuorum` says whether the node has one at this instant. */
  constructor(engine: Engine, events: MembershipEvents, hasQuorum: () => boolean) {
    this.#engine = engine;
    this.#events = events;
    this.#comeback = new Comeback(engine);
    this.#strangers = new Strangers(engine);
    this.#givingUp = new GivingUpWatch({
      ...{ engine, hasQuorum },
      send: (ask) => this.#send(ask),
      disk: () => this.#disk,
      voting: () => this.#strangers.ask(),
    });
    this.#members = engine.members;
    this.#genesis = this.founds ? this.#blank() : null;
  }

  /** Whether the node is in the list that it was given. */
  get founds(): boolean {
    return this.#engine.settings.members.includes(this.#engine.self);
  }

  /** Whether it looks for the record of a cluster that it is a member of, or is about to found. */
  get isFounding(): boolean {
    const state = this.#genesis?.state;
    return state === "blank" || state === "recovering";
  }

  /** The state of this member; `null`: it is none, as far as it knows. */
  get state(): MemberState | null {
    if (this.#disk?.isUndecided) return "recovering";
    return memberState(this.#engine.place, this.founds);
  }

  /** Whether it waits for its disk, and does nothing before. */
  get #isStoring(): boolean {
    return this.#isOpening || this.#steps?.isStoring === true;
  }

  /** The state of its storage. */
  get storage(): StorageState {
    return this.#disk?.state ?? "none";
  }

  /** Reads what is in the storage of this member, before anything else. */
  async load(storage: Storage): Promise<void> {
    // Members only: a client votes on nothing, and may become a member later.
    if (!this.founds) {
      this.#unused = storage;
      return;
    }
    const disk = await this.#open(storage);
    // The node has stopped meanwhile.
    if (this.#stopped) return await disk.close();
    this.#use(disk);
    this.#genesis = this.#blank();
  }

  async #open(storage: Storage, isLate = false): Promise<MemberDisk> {
    this.#loading = storage;
    try {
      return await MemberDisk.open(this.#engine, storage, isLate);
    } finally {
      this.#loading = null;
    }
  }

  /** Opens the storage of a node that was no member, before it copies anything. */
  #openLate(storage: Storage): void {
    const engine = this.#engine;
    this.#unused = null;
    this.#isOpening = this.#isBehind = true;
    this.#open(storage, true).then((disk) => {
      this.#isOpening = false;
      if (this.#stopped) return void disk.close();
      engine.guard(() => {
        this.#use(disk);
        this.#catchUp();
      });
    }, (error) => void engine.halt(error));
  }

  /** It keeps its memory on this disk from now on. */
  #use(disk: MemberDisk): void {
    this.#disk = disk;
    this.#steps = new DiskSteps(this.#engine, disk, {
      send: (ask) => this.#send(ask),
      askSoon: () => this.#again(FIRST_WAIT),
      enter: (record, ...told) => this.#enter(record, ...told),
      recover: () => {
        if (this.#comeback.isUnderWay) return;
        this.#comeback.begin();
        this.#send(this.#comeback.tick());
      },
      endRecovery: () => this.#comeback.end(),
      start: (record, voter, known) => {
        this.#genesis?.remembered(record);
        this.#vote(voter, known);
        this.#again(FIRST_WAIT);
      },
      goBlank: () => this.#goBlank(),
      fatal: (error) => this.#events.fatal(error),
      mismatch: (from, members) => this.#events.fatal(mismatch(this.#engine, from, members)),
      replaced: () => this.#events.replaced(),
    });
  }

  /** Ends the use of the storage. */
  async close(): Promise<void> {
    if (this.#loading !== null) return await this.#loading.close().catch(() => {});
    await this.#disk?.close();
  }

  /** Begins to send questions. */
  start(): void {
    this.#engine.pendingReplies.otherwise((from, header, reply) => {
      // Every operation leaves late answers of others, which concern no part of this.
      if (reply.type in REPLIES) this.#receive(from, header, reply);
    });
    this.#tick(FIRST_WAIT);
    if (this.#genesis !== null) this.#givingUp.start();
  }

  /** Sends no more questions. */
  stop(): void {
    this.#stopped = true;
    this.#steps?.stop();
    this.#cancelTimer();
    this.#givingUp.stop();
  }

  /** A way to a member has opened: what was asked before may be lost. */
  reached(): void {
    if (this.#stopped || this.#isStoring || !this.#asks) return;
    // Where round trips are long, the answer to an earlier question may be on its way, and would count no more.
    if (this.#waits.longest > LONGEST_WAIT) return;
    this.#tick(FIRST_WAIT);
  }

  /** A frame of another process of a member has arrived; `incarnation` is not `null` if it votes. */
  memberHeard(incarnation: Life | null): void {
    if (incarnation !== null) this.#genesis?.heardVote();
  }

  /** Answers a question of another node. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    const engine = this.#engine;
    // This process was replaced and is about to close: its memory cannot help another member, and a record in
    // its answer would claim that it can.
    if (engine.place?.standing === "replaced" || (this.#votes && engine.voter === null)) return;
    if (this.#isStoring) return;
    this.#comeback.turns.asked(from, header, request, engine.runtime.now());
    if (from === engine.self && header.life > engine.life) this.#givingUp.succeeded();
    if (this.#disk?.isUndecided) return this.#steps?.answer(from, header, request);
    const { reply, event, voids } = this.#answerOf(from, header, request);
    // After a restart it has to go on in the life that answers: a record may name it.
    const answered = this.#genesis?.answered ?? "";
    if (reply?.type === "blank" && answered !== "") this.#disk?.answers(answered);
    if (voids) this.#comeback.restart();
    const answer = reply?.type === "membersMismatch" || !engine.isOutsider(from)
      ? reply ?? this.#help(from, header, request)
      : { type: "notAMember" } as const;
    if (answer !== undefined) engine.reply(from, header.life, { id: request.id, ...answer });
    this.#act(event);
  }

  /** Answers a request about a change of the members. */
  answerChange(from: string, header: Header, request: Request & ConfigurationRequest): void {
    const { place, life } = this.#engine;
    if (place === null) return;
    let answer = answerChange(place, life, header, request);
    if (answer === "changeLife" && request.type === "stand") {
      this.#beReborn(request.above);
      answer = answerChange(place, this.#engine.life, header, request);
    }
    if (answer === undefined || answer === "changeLife") return;
    this.#engine.reply(from, header.life, { id: request.id, ...answer });
  }

  /** The cluster lives under this record and configuration. */
  follow(...told: Parameters<Engine["enter"]>): void {
    this.#enter(...told);
    this.#takePlace();
  }

  /** The node follows a newer configuration; `event` is what it has to do because of that. */
  moved(event: PlaceEvent | undefined): void {
    this.#givingUp.clear();
    switch (event) {
      case "recover":
      case "join":
      case "retired":
        this.#isBehind = true;
        this.#catchUp();
        break;
      case "replaced":
        return this.#events.replaced();
    }
    if (this.#engine.voter === null) this.#votes = false;
    this.#beginToVote();
    const { self, members } = this.#engine;
    if (members === this.#members) return;
    const before = this.#members;
    this.#members = members;
    this.#events.changed();
    if (before.includes(self) && !members.includes(self)) this.#events.removed();
  }

  /** Does what its place in the present configuration asks for. */
  #takePlace(): void {
    if (this.#disk?.isUndecided) return this.#followOnDisk();
    const standing = this.#engine.place?.standing;
    if (standing === "recovers" || standing === "joins") {
      if (this.#unused !== null) return this.#openLate(this.#unused);
      this.#found(standing === "recovers" ? "recovering" : "outside");
      this.#comeback.begin();
      this.#send(this.#comeback.tick());
      this.#again(FIRST_WAIT);
      return;
    }
    this.#comeback.end();
    if (standing !== "outside") return;
    this.#found("outside");
    this.#events.outside();
    // What it remembers is of an earlier admission.
    if (this.#disk !== null) this.#store(this.#disk.putAside("ok"), () => {});
  }

  /** The start from its disk begins again under the present configuration, and its recovery too. */
  #followOnDisk(): void {
    const { configuration, incarnations } = this.#engine;
    this.#steps?.follow(configuration, incarnations.all);
    if (!this.#comeback.isUnderWay) return;
    this.#comeback.begin();
    this.#send(this.#comeback.tick());
  }

  /** Goes on once the disk has done its part. */
  #store(stored: Promise<void>, next: () => void): void {
    this.#steps?.store(stored, () => {
      next();
      if (this.#isBehind) this.#catchUp();
      // No question was asked meanwhile.
      else if (this.#asks) this.#again(FIRST_WAIT);
    });
  }

  /** Takes the place of which it has learned, once its disk has done what belongs to the place before. */
  #catchUp(): void {
    if (!this.#isBehind || this.#isStoring) return;
    this.#isBehind = false;
    this.#takePlace();
  }

  /** Tells its genesis what the node is now. */
  #found(state: "operational" | "recovering" | "outside"): void {
    this.#genesis?.placed(state, this.#engine.record!);
  }

  /** What its genesis answers, or what it knows of its cluster. */
  #answerOf(from: string, header: Header, request: GenesisRequest) {
    const known = toldBy(this.#engine);
    if (this.#genesis !== null) {
      const answer = this.#genesis.answer(from, header, request, this.#reading());
      return answer.reply?.type === "record" && known !== null
        ? { ...answer, reply: known }
        : answer;
    }
    const isAsked = request.type === "enquire" && this.#engine.place?.standing !== "recovers";
    return { reply: isAsked ? known ?? undefined : undefined, event: undefined, voids: false };
  }

  /** `floor` is that of the genesis that this member has given up, if any. */
  #blank(floor: number = 0): Genesis {
    const { self, life, clock, pendingReplies, settings } = this.#engine;
    return new Genesis({
      self,
      members: settings.members,
      others: () => this.#strangers.tellers,
      life,
      clock,
      nextId: () => pendingReplies.next(),
      maxTtl: settings.maxSessionTtl,
      clients: settings.clients,
      floor,
      answered: this.#disk?.answered,
    });
  }

  #help(from: string, header: Header, request: GenesisRequest) {
    const { helper, record, runtime } = this.#engine;
    if (helper === null || header.genesis !== record?.id) return undefined;
    if (request.type === "transfer" && request.after === "") this.#events.recovering(from);
    return help(helper, from, header, request, runtime.now());
  }

  /** Whether it asks others: it knows no record, or has no memory. */
  get #asks(): boolean {
    return this.isFounding || this.#comeback.isUnderWay || this.#disk?.start != null;
  }

  #tick(wait: number): void {
    if (this.#stopped || this.#isStoring || !this.#asks) return;
    const start = this.#disk?.start?.tick();
    const genesis = start === undefined ? this.#genesis?.tick(this.#reading()) : undefined;
    const ask = start?.ask ?? genesis?.ask ?? [];
    this.#waits.asked(ask, this.#engine.runtime.now());
    this.#send(ask);
    this.#send(this.#comeback.tick());
    this.#steps?.act(start?.event);
    this.#act(genesis?.event);
    if (this.#disk?.start?.isDone) this.#disk.endStart();
    if (this.#isStoring || !this.#asks) return;
    this.#again(this.#comeback.isWaiting ? Math.min(wait, WAIT_FOR_TURN) : wait);
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
    const { record } = this.#engine;
    const { now } = this.#reading();
    this.#waits.answered(reply.id, now);
    this.#comeback.turns.answered(from, header, reply, now);
    if (reply.type === "record" && header.genesis === record?.id) {
      const { configuration, incarnations } = reply;
      if (configuration !== undefined) this.#engine.learn(configuration, incarnations);
    }
    this.#strangers.answered(from, header, reply, this.#votes ? toldBy(this.#engine) : null);
    if (this.#isStoring) return;
    this.#steps?.receive(from, header, reply);
    if (!this.#disk?.isUndecided) {
      const { ask = [], event } = this.#genesis?.receive(from, header, reply, this.#reading()) ??
        {};
      this.#send(ask);
      this.#act(event);
    }
    const step = this.#comeback.receive(from, header, reply);
    this.#send(step.ask);
    this.#actOnComeback(step.event);
    if (reply.type === "replaced" && this.#givingUp.asks(reply.id)) return this.#events.replaced();
    const lost = this.#givingUp.receive(from, header, reply);
    if (lost !== undefined) this.#giveUp(lost);
  }

  /** A member whose disk was put aside has no memory. */
  #goBlank(): void {
    this.#isBehind = false;
    if (this.#engine.record !== null) this.#engine.forget(newLife(this.#engine));
    this.#genesis = this.#blank();
    this.#tick(FIRST_WAIT);
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
        return this.#begin(event.record);
      case "recover":
        return this.follow(event.record, event.configuration, event.incarnations);
      case "changeLife":
        return this.#changeLife();
      case "replaced":
        return this.#events.replaced();
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
    if (this.#disk === null) return this.#vote(voter);
    this.#remember(record, voter, () => this.#vote(voter));
  }

  /** Restarts under a new life; this member has no state to lose. */
  #changeLife(): void {
    const life = newLife(this.#engine);
    this.#engine.changeLife(life);
    this.#genesis?.changeLife(life);
    if (this.#comeback.isUnderWay) this.#comeback.begin();
    this.#tick(FIRST_WAIT);
  }

  /** Takes a life above one that may have been its own: that of a member that was removed. */
  #beReborn(above: Life): void {
    this.#engine.changeLife(newLife(this.#engine, above));
    this.#genesis?.changeLife(this.#engine.life);
    this.#events.reborn();
  }

  #actOnComeback(event: ComebackStep["event"]): void {
    switch (event?.type) {
      case "changeLife":
        return this.#takeLife(event.life);
      case "replaced":
        return this.#events.replaced();
      case "recovered":
        this.#comeBack(event.memory);
    }
  }

  /** Its recovery needs a later life. */
  #takeLife(life: Life): void {
    const take = () => {
      this.#engine.changeLife(life);
      this.#genesis?.changeLife(life);
      // In another life it is not the node that was let in.
      if (this.#engine.place?.standing === "outside") {
        this.#isBehind = true;
        return this.#catchUp();
      }
      this.#disk?.start?.changeLife(life);
      this.#send(this.#comeback.tick());
    };
    // What is on the disk counts as the memory of that life before it is announced.
    if (this.#disk?.isUndecided) this.#store(this.#disk!.writeLife(life), take);
    else take();
  }

  #comeBack(memory: Recovered): void {
    const { record, settings, runtime, incarnations } = this.#engine;
    const clockError = () => runtime.clockError();
    const voter = Voter.recovered(record!, memory, settings, runtime.now(), clockError);
    this.#comeback.end();
    const vote = () => {
      if (this.#genesis?.state === "blank") this.#genesis.remembered(record!);
      this.#vote(voter, memory.known);
    };
    if (this.#disk === null) return vote();
    incarnations.raiseAll(memory.known);
    this.#remember(record!, voter, vote);
  }

  /** Votes with this memory once it is on the disk, unless it has another place by then: then it is void. */
  #remember(record: GenesisRecord, voter: Voter, vote: () => void): void {
    this.#store(this.#disk!.replace(record, voter), () => {
      if (!this.#isBehind) vote();
    });
  }

  #enter(...told: Parameters<Engine["enter"]>): void {
    this.#votes = false;
    this.#engine.enter(...told);
    const { members } = this.#engine;
    const isNews = members !== this.#members;
    this.#members = members;
    this.#events.entered(this.#entered);
    this.#entered = true;
    if (isNews) this.#events.changed();
  }

  #vote(voter: Voter, known: Recovered["known"] = []): void {
    this.#comeback.end();
    this.#engine.vote(voter, known);
    this.#beginToVote();
  }

  /** Tells that the node votes, once it does. */
  #beginToVote(): void {
    if (this.#engine.voter === null || this.#votes) return;
    this.#votes = true;
    this.#cancelTimer();
    this.#found("operational");
    this.#events.operational();
    if (this.#genesis === null) this.#givingUp.start();
  }

  /**
   * Restarts under a new life, so that all members can begin a new genesis. A process that has a successor
   * leaves that to it.
   */
  #giveUp(lost: GivingUp): void {
    if (lost.isSucceeded) return this.#events.replaced();
    this.#givingUp.clear();
    if (this.#engine.settings.afterMajorityLoss === "wait") return;
    this.#comeback.end();
    const floor = (this.#disk?.memory?.record ?? this.#engine.record)?.floor;
    this.#votes = false;
    this.#engine.forget(newLife(this.#engine));
    this.#members = this.#engine.members;
    this.#genesis = this.#blank(floor);
    this.#events.gaveUp();
    if (this.#disk === null) return this.#tick(FIRST_WAIT);
    // Nothing is deleted: the operator may still need it.
    this.#store(this.#disk.putAside("ok"), () => this.#tick(FIRST_WAIT));
  }

  #reading(): ClockReading {
    const { runtime } = this.#engine;
    return { now: runtime.now(), wall: runtime.wallNow() };
  }
}
