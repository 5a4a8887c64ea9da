import type { SynodError } from "../../errors.ts";
import type { ConfigurationRequest } from "../../paxos/configuration_messages.ts";
import type { MemberState, Outgoing } from "../../paxos/genesis.ts";
import type { GivingUp } from "../../paxos/giving_up.ts";
import type { KnownIncarnations } from "../../paxos/incarnations.ts";
import type {
  GenesisRecord,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { PlaceEvent } from "../../paxos/place.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Engine } from "../engine/engine.ts";
import { Comeback } from "./comeback.ts";
import { Founding } from "./founding.ts";
import { GivingUpWatch } from "./giving_up_watch.ts";
import { newLife } from "./lives.ts";
import type { StorageState } from "./member_disk.ts";
import { MemberAnswers } from "./member_answers.ts";
import { memberState } from "./member_state.ts";
import type { MembershipEvents } from "./membership_events.ts";
import { QuestionTimer } from "./question_timer.ts";
import { mismatch } from "./record_queries.ts";
import type { DiskUse } from "./disk_use.ts";
import { isMembershipReply } from "./membership_replies.ts";
import { StorageUse } from "./storage_use.ts";
import { Strangers, toldBy } from "./strangers.ts";
import { ToldPlace } from "./told_place.ts";

/**
 * A node's place in its cluster. Its parts take part in the genesis, bring it back without its memory or with that of
 * its disk, let it join, and give up a cluster that cannot recover; this has each of them hear what concerns it.
 */
export class Membership {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  readonly #told: ToldPlace;
  readonly #storage: StorageUse;
  readonly #founding: Founding;
  readonly #comeback: Comeback;
  readonly #strangers: Strangers;
  readonly #givingUp: GivingUpWatch;
  readonly #answers: MemberAnswers;
  readonly #timer: QuestionTimer;
  /** Whether it has learned of another place while it waited for its disk. */
  #isBehind = false;

  /** Asks for nothing before `start`. `hasQuorum` says whether the node has one at this instant. */
  constructor(engine: Engine, events: MembershipEvents, hasQuorum: () => boolean) {
    this.#engine = engine;
    this.#events = events;
    const actions = this.#actions();
    const told = this.#told = new ToldPlace(engine, events);
    this.#timer = new QuestionTimer(engine, (wait) => this.#ask(wait));
    this.#strangers = new Strangers(engine);
    const storage = this.#storage = new StorageUse(engine, actions);
    const founding = this.#founding = new Founding(engine, events, actions);
    const parts = { engine, events, told, storage, founding };
    const comeback = this.#comeback = new Comeback({ ...parts, ...actions });
    const givingUp = this.#givingUp = new GivingUpWatch({
      ...{ engine, hasQuorum },
      send: actions.send,
      disk: () => storage.disk,
      voting: () => this.#strangers.ask(),
    });
    this.#answers = new MemberAnswers({ ...parts, comeback, givingUp });
  }

  /** Whether the node is in the list that it was given. */
  get founds(): boolean {
    return this.#founding.isListed;
  }

  /** Whether it looks for the record of a cluster that it is a member of, or is about to found. */
  get isFounding(): boolean {
    const { state } = this.#founding;
    return state === "blank" || state === "recovering";
  }

  /** The state of this member; `null`: it is none, as far as it knows. */
  get state(): MemberState | null {
    // Another process may remember what is in it.
    if (this.#storage.isInUse && this.#engine.place === null) return null;
    if (this.#storage.isUndecided) return "recovering";
    return memberState(this.#engine.place, this.founds);
  }

  /** The state of its storage. */
  get storage(): StorageState {
    return this.#storage.state;
  }

  /** Whether another process has its storage, so that it waits for that. */
  get isStorageInUse(): boolean {
    return this.#storage.isInUse;
  }

  /** Reads what is in the storage of this member, before anything else; calls `inUse` when it has to wait for it. */
  async load(storage: Storage, use: DiskUse, inUse: () => void): Promise<void> {
    await this.#storage.load(storage, use, this.founds, inUse);
    // The life that it is blank in may be that of its disk.
    if (this.#storage.disk !== null) this.#founding.begin();
  }

  /** Ends the use of the storage. */
  close(): Promise<void> {
    return this.#storage.close();
  }

  /** Begins to send questions. */
  start(): void {
    this.#engine.pendingReplies.otherwise((from, header, reply) => {
      // Every operation leaves late answers of others, which concern no part of this.
      if (isMembershipReply(reply)) this.#receive(from, header, reply);
    });
    this.#leave();
    this.#timer.now();
    if (this.founds) this.#givingUp.start();
  }

  /** Sends no more questions. */
  stop(): void {
    this.#storage.stop();
    this.#timer.stop();
    this.#givingUp.stop();
  }

  /** A way to a member has opened: what was asked before may be lost. */
  reached(): void {
    // Where round trips are long, the answer to an earlier question may be on its way, and would count no more.
    if (this.#mayAsk && !this.#timer.isSlow) this.#timer.now();
  }

  /**
   * A frame of another process has arrived. If that votes, a memory is left. It may be that of a cluster whose list is
   * another one by now: a node without a cluster asks its sender, too.
   */
  heard(from: string, header: Header): void {
    if (header.incarnation === null) return;
    if (!this.#engine.members.includes(from)) {
      if (this.#engine.record !== null) return;
      this.#strangers.hears(from);
    } else if (this.#storage.steps?.hears(header)) this.#timer.now();
    this.#founding.heardVote();
  }

  /** Answers a question of another node. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    this.#answers.answer(from, header, request);
  }

  /** Answers a request about a change of the members. */
  answerChange(from: string, header: Header, request: Request & ConfigurationRequest): void {
    this.#answers.answerChange(from, header, request);
  }

  /** The cluster lives under this record and configuration. */
  follow(...told: Parameters<Engine["enter"]>): void {
    this.#told.enter(...told);
    this.#takePlace();
  }

  /** The node follows a newer configuration; `event` is what it has to do because of that. */
  moved(event: PlaceEvent | undefined): void {
    this.#givingUp.clear();
    const start = this.#storage.disk?.start;
    if (start?.hasStarted) start.follow(this.#engine.configuration, []);
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
    if (event === undefined && this.#storage.disk?.leaving != null) this.#clear();
    if (this.#engine.voter === null) this.#told.noVote();
    this.#beginToVote();
    this.#told.moved();
  }

  /** What its parts have it do. */
  #actions() {
    return {
      send: (ask: readonly Outgoing[]) => this.#send(ask),
      askNow: () => this.#timer.now(),
      askSoon: () => this.#timer.soon(),
      enter: (...told: Parameters<Engine["enter"]>) => this.#told.enter(...told),
      follow: (...told: Parameters<Engine["enter"]>) => this.follow(...told),
      store: (stored: Promise<void>, next: () => void) => this.#store(stored, next),
      remember: (record: GenesisRecord, voter: Voter, vote: () => void) =>
        this.#remember(record, voter, vote),
      vote: (voter: Voter, known?: KnownIncarnations) => this.#vote(voter, known),
      catchUp: () => {
        this.#isBehind = true;
        this.#catchUp();
      },
      others: () => this.#strangers.tellers,
      answered: () => this.#storage.disk?.answered,
      beginComebackAgain: () => {
        if (this.#comeback.isUnderWay) this.#comeback.begin();
      },
      recover: () => {
        if (!this.#comeback.isUnderWay) this.#comeback.recover();
      },
      endRecovery: () => this.#comeback.end(),
      start: (record: GenesisRecord, voter: Voter, known: KnownIncarnations) => {
        this.#founding.remembered(record);
        this.#vote(voter, known);
        this.#timer.soon();
      },
      goBlank: () => this.#goBlank(),
      leave: () => this.#leave(),
      fatal: (error: SynodError) => this.#events.otherList(error),
      mismatch: (from: string, members: readonly string[]) =>
        this.#events.otherList(mismatch(this.#engine, from, members)),
      replaced: () => this.#events.replaced(),
    };
  }

  /** Does what its place in the present configuration asks for. */
  #takePlace(): void {
    if (this.#storage.isUndecided) return this.#followOnDisk();
    const standing = this.#engine.place?.standing;
    if (standing === "recovers" || standing === "joins") {
      if (this.#storage.isUnused) return this.#openLate();
      this.#founding.placed(standing === "recovers" ? "recovering" : "joins");
      this.#comeback.recover();
      this.#timer.soon();
      return;
    }
    this.#comeback.end();
    if (standing !== "outside") return;
    this.#founding.placed("outside");
    this.#events.outside();
    this.#clear();
  }

  /** The storage of a node that was no member is opened before it copies anything. */
  #openLate(): void {
    this.#isBehind = true;
    this.#storage.openLate(() => this.#catchUp());
  }

  /** The start from its disk begins again under the present configuration, and its recovery too. */
  #followOnDisk(): void {
    const { configuration, incarnations } = this.#engine;
    this.#storage.steps?.follow(configuration, incarnations.all);
    if (this.#comeback.isUnderWay) this.#comeback.recover();
  }

  /** What is on the disk of a node that is no member is of an earlier admission. */
  #clear(): void {
    const { disk } = this.#storage;
    if (disk?.isOver === true) this.#store(disk.putAside("ok"), () => {});
  }

  /** Goes on once the disk has done its part. */
  #store(stored: Promise<void>, next: () => void): void {
    this.#storage.steps?.store(stored, () => {
      next();
      if (this.#isBehind) this.#catchUp();
      // No question was asked meanwhile.
      else if (this.#asks) this.#timer.soon();
    });
  }

  /** Takes the place of which it has learned, once its disk has done what belongs to the place before. */
  #catchUp(): void {
    if (!this.#isBehind || this.#storage.isStoring) return;
    this.#isBehind = false;
    this.#takePlace();
  }

  /** Whether it has something to ask: it knows no record, or has no memory. */
  get #asks(): boolean {
    return this.isFounding || this.#founding.asksOn || this.#comeback.isUnderWay ||
      this.#storage.disk?.start != null;
  }

  /** Whether it may ask that now. */
  get #mayAsk(): boolean {
    return !this.#storage.isStopped && !this.#storage.isStoring && this.#asks;
  }

  /** Asks all questions that are open, and again after `wait` milliseconds. */
  #ask(wait: number): void {
    if (!this.#mayAsk) return;
    const { disk, steps } = this.#storage;
    const start = steps?.tick();
    const genesis = start === undefined ? this.#founding.tick() : undefined;
    const ask = start?.ask ?? genesis?.ask ?? [];
    this.#timer.asked(ask);
    this.#send(ask);
    this.#comeback.ask();
    steps?.act(start?.event);
    this.#founding.act(genesis?.event);
    if (disk?.start?.isDone) disk.endStart();
    if (this.#mayAsk) this.#timer.again(wait, this.#comeback.isWaiting);
  }

  /** Hands a reply to each part; each recognises by the number whether the reply still counts. */
  #receive(from: string, header: Header, reply: Reply): void {
    const { record, runtime } = this.#engine;
    const now = runtime.now();
    this.#timer.answered(reply.id, now);
    this.#comeback.turns.answered(from, header, reply, now);
    const isOutsider = this.#engine.roleOf(from, header) === "outsider";
    if (reply.type === "record" && header.genesis === record?.id && !isOutsider) {
      const { configuration, incarnations } = reply;
      if (configuration !== undefined) this.#engine.learn(configuration, incarnations);
    }
    this.#strangers.answered(from, header, reply, this.#told.votes ? toldBy(this.#engine) : null);
    if (this.#storage.isStoring) return;
    this.#storage.steps?.receive(from, header, reply);
    if (!this.#storage.isUndecided) this.#founding.receive(from, header, reply);
    this.#comeback.receive(from, header, reply);
    if (reply.type === "replaced" && this.#givingUp.asks(reply.id)) return this.#events.replaced();
    const lost = this.#givingUp.receive(from, header, reply);
    if (lost !== undefined) this.#giveUp(lost);
  }

  #send(ask: readonly Outgoing[]): void {
    for (const { to, request } of ask) {
      if (to === this.#engine.self) this.#engine.askOwnId(request);
      else this.#engine.ask([to], request);
    }
  }

  /** A member whose disk was put aside has no memory. */
  #goBlank(): void {
    this.#isBehind = false;
    if (this.#engine.record !== null) this.#engine.forget(newLife(this.#engine));
    this.#founding.begin();
    this.#timer.now();
  }

  /** What is on its disk says that it leaves, if anything does: it is a node outside that knows of that. */
  #leave(): void {
    const leaving = this.#storage.disk?.leaving;
    if (leaving == null) return;
    if (this.#engine.place === null) {
      return this.follow(leaving.record, leaving.configuration, leaving.known);
    }
    this.#isBehind = true;
    this.#catchUp();
  }

  /** Votes with this memory once it is on the disk, unless it has another place by then: then it is void. */
  #remember(record: GenesisRecord, voter: Voter, vote: () => void): void {
    const { disk } = this.#storage;
    if (disk === null) return vote();
    this.#store(disk.replace(record, voter), () => {
      if (!this.#isBehind) vote();
    });
  }

  #vote(voter: Voter, known: KnownIncarnations = []): void {
    this.#comeback.end();
    this.#engine.vote(voter, known);
    this.#beginToVote();
  }

  /** Tells that the node votes, once it does. */
  #beginToVote(): void {
    if (!this.#told.beginsToVote()) return;
    this.#timer.cancel();
    this.#founding.placed("operational");
    this.#events.operational();
    if (!this.founds) this.#givingUp.start();
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
    const { disk } = this.#storage;
    const floor = (disk?.memory?.record ?? this.#engine.record)?.floor;
    this.#told.noVote();
    this.#engine.forget(newLife(this.#engine));
    this.#founding.begin(floor);
    this.#told.gaveUp();
    if (disk === null) return this.#timer.now();
    // Nothing is deleted: the operator may still need it.
    this.#store(disk.putAside("ok"), () => this.#timer.now());
  }
}
