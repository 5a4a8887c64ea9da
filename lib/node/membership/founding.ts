import type { Life } from "../../paxos/ballot.ts";
import {
  Genesis,
  type GenesisAnswer,
  type GenesisEvent,
  type Outgoing,
  type PlacedState,
} from "../../paxos/genesis.ts";
import type { ClockReading } from "../../paxos/lease.ts";
import type { GenesisRecord, GenesisRequest, Header, Reply } from "../../paxos/messages.ts";
import { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import { newLife } from "./lives.ts";
import type { MembershipEvents } from "./membership_events.ts";
import { mismatch } from "./record_queries.ts";
import { toldBy } from "./strangers.ts";

/** What follows for the node from the genesis. */
export interface FoundingActions {
  /** Sends questions. */
  readonly send: (ask: readonly Outgoing[]) => void;
  /** Asks all questions again, at once. */
  readonly askNow: () => void;
  /** Lives under this record and configuration, without a vote. */
  readonly enter: (...told: Parameters<Engine["enter"]>) => void;
  /** As `enter`, and takes its place there. */
  readonly follow: (...told: Parameters<Engine["enter"]>) => void;
  /** Has this memory on its disk, if it has one, and then votes with it. */
  readonly remember: (record: GenesisRecord, voter: Voter, vote: () => void) => void;
  /** Votes with this memory. */
  readonly vote: (voter: Voter) => void;
  /** Begins a recovery that is under way again, in another life. */
  readonly beginComebackAgain: () => void;
  /** Other nodes that may know the record. */
  readonly others: () => readonly string[];
  /** Whose question of the second round the life on its disk has answered; `undefined`: no such life. */
  readonly answered: () => Life | undefined;
}

/** The part that a node of the list that it was given has in the genesis of its cluster (section 7). */
export class Founding {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  readonly #actions: FoundingActions;
  /** `null`: the node is not in that list, and founds no cluster. */
  #genesis: Genesis | null;

  /** Blank. */
  constructor(engine: Engine, events: MembershipEvents, actions: FoundingActions) {
    this.#engine = engine;
    this.#events = events;
    this.#actions = actions;
    this.#genesis = this.isListed ? this.#blank(0) : null;
  }

  /** Whether the node is in the list that it was given. */
  get isListed(): boolean {
    return this.#engine.settings.members.includes(this.#engine.self);
  }

  /** The state of its genesis; `null`: it has none. */
  get state(): PlacedState | null {
    return this.#genesis?.state ?? null;
  }

  /** Whose question of the second round it has answered in its present life; `""`: none. */
  get answered(): Life {
    return this.#genesis?.answered ?? "";
  }

  /** It is blank; `floor` is that of the genesis that it has given up, if any. */
  begin(floor: number = 0): void {
    this.#genesis = this.#blank(floor);
  }

  /** What the node is now. */
  placed(state: Exclude<PlacedState, "blank">): void {
    const { record, configuration } = this.#engine;
    this.#genesis?.placed(state, record!, configuration);
  }

  /** Whether it knows a cluster that it is not in, and asks whether another one has it as a member. */
  get asksOn(): boolean {
    return this.#genesis?.asksOn ?? false;
  }

  /** Its disk is its memory, instead of a genesis. */
  remembered(record: GenesisRecord): void {
    this.#genesis?.remembered(record);
  }

  /** The node lives in another life. */
  changeLife(life: Life): void {
    this.#genesis?.changeLife(life);
  }

  /** Another process of a member votes. */
  heardVote(): void {
    this.#genesis?.heardVote();
  }

  /** What to ask now, and what follows. */
  tick(): { readonly ask: readonly Outgoing[]; readonly event?: GenesisEvent } | undefined {
    return this.#genesis?.tick(this.#reading());
  }

  /** What it answers, or what the node knows of its cluster. */
  answer(from: string, header: Header, request: GenesisRequest): GenesisAnswer {
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

  /** Takes an answer. */
  receive(from: string, header: Header, reply: Reply): void {
    const step = this.#genesis?.receive(from, header, reply, this.#reading());
    this.#actions.send(step?.ask ?? []);
    this.act(step?.event);
  }

  /** Carries out what the genesis decides. */
  act(event: GenesisEvent | undefined): void {
    switch (event?.type) {
      case "operational":
        return this.#start(event.record);
      case "recover":
        return this.#actions.follow(event.record, event.configuration, event.incarnations);
      case "changeLife":
        return this.#takeLife();
      case "replaced":
        return this.#events.replaced();
      case "membersMismatch":
        this.#events.otherList(mismatch(this.#engine, event.node, event.members));
    }
  }

  /** Begins this member's first life under `record`, with nothing to remember. */
  #start(record: GenesisRecord): void {
    const { life, settings, runtime } = this.#engine;
    const voter = new Voter(record, life, settings, () => runtime.clockError());
    // Clients may outlive all members: no member remembers what they own.
    if (record.clients) voter.sessions.grantFrom(runtime.now() + record.maxTtl);
    this.#actions.enter(record);
    this.#actions.remember(record, voter, () => this.#actions.vote(voter));
  }

  /** Restarts under a new life; this member has no state to lose. */
  #takeLife(): void {
    const life = newLife(this.#engine);
    this.#engine.changeLife(life);
    this.changeLife(life);
    this.#actions.beginComebackAgain();
    this.#actions.askNow();
  }

  #blank(floor: number): Genesis {
    const { self, life, clock, pendingReplies, settings } = this.#engine;
    return new Genesis({
      self,
      members: settings.members,
      others: () => this.#actions.others(),
      life,
      clock,
      nextId: () => pendingReplies.next(),
      maxTtl: settings.maxSessionTtl,
      clients: settings.clients,
      floor,
      answered: this.#actions.answered(),
    });
  }

  #reading(): ClockReading {
    const { runtime } = this.#engine;
    return { now: runtime.now(), wall: runtime.wallNow() };
  }
}
