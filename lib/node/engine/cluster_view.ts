import { counterBound, LamportClock, type Life } from "../../paxos/ballot.ts";
import type { GenesisRecord, Header } from "../../paxos/messages.ts";
import {
  type Configuration,
  countedSender,
  firstConfiguration,
  voicesOf,
  votersOf,
} from "../../paxos/configuration.ts";
import { sameMembers } from "../../paxos/genesis.ts";
import { Incarnations, type KnownIncarnations } from "../../paxos/incarnations.ts";
import { assertInvariant } from "../../paxos/invariant.ts";
import { Place, type PlaceEvent } from "../../paxos/place.ts";
import type { Helper } from "../../paxos/recovery.ts";
import type { Sender } from "../../paxos/quorum.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Role } from "./admission.ts";
import { UnheardCounters } from "./unheard_counters.ts";

/** The epoch of the first configuration of a cluster. */
export const FIRST_EPOCH = 0;

/** Events that a view reports as it learns from the headers of frames. */
export interface ViewEvents {
  /** Another process has taken this node's place; this node has stopped voting. */
  readonly replaced: () => void;
  /** A member votes in an incarnation that was not seen before. */
  readonly memberVotes: (member: string, incarnation: Life) => void;
  /** These members are known to have restarted; they may not vote yet. This node is not named: if it alone is, none is. */
  readonly memberRestarted: (members: readonly string[]) => void;
  /** This node follows a newer configuration; `event` is what it has to do because of that. */
  readonly moved: (event: PlaceEvent | undefined) => void;
}

/**
 * What one node knows of its cluster: the members, the genesis record, their incarnations, its own life
 * and its own vote (section 7).
 */
export class ClusterView {
  readonly self: string;
  /** The list of members that this node was given. */
  readonly #given: readonly string[];
  #members: readonly string[];
  /** The nodes that are believed: the members, and who joins or leaves. */
  #voices: readonly string[];
  readonly clock: LamportClock = new LamportClock();
  readonly unheard: UnheardCounters;
  readonly #events: ViewEvents;
  readonly #runtime: Runtime;
  #life: Life;
  #record: GenesisRecord | null = null;
  /** Its place in the cluster of that genesis. */
  #place: Place | null = null;
  /** Whether its memory cannot be relied on any more. */
  #abstains = false;
  /** The incarnation that each member was last seen in. */
  readonly #seen = new Map<string, Life>();

  /** Knows the list of members that it was given, and nothing else about the cluster yet. */
  constructor(
    { id, members }: { readonly id: string; readonly members: readonly string[] },
    runtime: Runtime,
    life: Life,
    events: ViewEvents,
  ) {
    this.self = id;
    this.#given = members;
    this.#members = this.#voices = members;
    this.#life = life;
    this.#events = events;
    this.#runtime = runtime;
    this.unheard = new UnheardCounters(this.clock, runtime);
  }

  /**
   * The ids of the nodes that vote, as far as this node knows: before it knows a configuration, those that it was given.
   * The same array as long as they are the same.
   */
  get members(): readonly string[] {
    return this.#members;
  }

  /** Whether this node is a member. */
  get isMember(): boolean {
    return this.members.includes(this.self);
  }

  /** The life of this node: the id of its present start. */
  get life(): Life {
    return this.#life;
  }

  /** The genesis that this node lives under; `null` before it knows one. */
  get record(): GenesisRecord | null {
    return this.#record;
  }

  /** This node's vote, while it is an operational member. */
  get voter(): Voter | null {
    return this.#abstains ? null : this.#place?.voter ?? null;
  }

  /** What it helps other members with, while it can. */
  get helper(): Helper | null {
    return this.#abstains ? null : this.#place?.helper ?? null;
  }

  /** Its place in the cluster; `null` before it knows one. */
  get place(): Place | null {
    return this.#place;
  }

  /** The newest configuration that this node knows. */
  get configuration(): Configuration {
    return this.#place?.configuration ?? firstConfiguration(this.#given, []);
  }

  /** What attempts are bound to; another one whenever the members differ, their epoch, or whether that is settled. */
  get binding(): string {
    const { epoch, settled } = this.configuration;
    return `${epoch} ${settled} ${this.#members.join()}`;
  }

  /** The highest incarnation heard of, for each member. */
  get incarnations(): Incarnations {
    return this.#place?.incarnations ?? new Incarnations();
  }

  /** The header of this node's frames. */
  get header(): Header {
    const place = this.#place;
    const settled: Header = {
      life: this.#life,
      clock: this.clock.counter,
      genesis: this.#record?.id ?? null,
      epoch: place?.configuration.epoch ?? FIRST_EPOCH,
      incarnation: this.#abstains ? null : place?.incarnation ?? null,
      vector: place?.incarnations.entries ?? [],
    };
    return place?.configuration.settled === false ? { ...settled, unsettled: true } : settled;
  }

  /** Begins to live under `record` and a configuration, by default that of the genesis; without a vote. */
  enter(
    record: GenesisRecord,
    configuration: Configuration = firstConfiguration(this.#given, record.lives),
    incarnations: KnownIncarnations = [],
  ): void {
    this.#record = record;
    this.#place = new Place(this.self, this.#life, configuration, incarnations);
    this.#list();
    this.clock.observe(record.floor);
  }

  /**
   * Before it has a place it believes the nodes of this configuration, too, which is on its disk: its answers and theirs
   * decide whether that disk is its memory. `null`: there is no such disk any more.
   */
  believe(configuration: Configuration | null): void {
    if (this.#place !== null) return;
    const told = configuration === null ? [] : voicesOf(configuration);
    this.#voices = [...new Set([...this.#given, ...told])];
  }

  /** Learns of a chosen configuration, and of incarnations; see {@linkcode Place.learn}. */
  follow(configuration: Configuration, incarnations: KnownIncarnations): PlaceEvent | undefined {
    const event = this.#place?.learn(configuration, incarnations);
    this.#list();
    return event;
  }

  /** Takes the members from the configuration. */
  #list(): void {
    const members = votersOf(this.configuration);
    if (!sameMembers(members, this.#members)) this.#members = members;
    this.#voices = voicesOf(this.configuration);
  }

  /** Whether this node believes what `node` says of itself and of others: it is a member, or joins or leaves. */
  isVoice(node: string): boolean {
    return this.#voices.includes(node);
  }

  /** Votes from now on, and knows of these crashes; unless another process has its place. */
  vote(voter: Voter, known: KnownIncarnations = []): void {
    assertInvariant(this.#place !== null, "a member votes under a record");
    // This node may have heard of a later process while it was coming back.
    if (this.#place.remember(voter, known) === "replaced") this.#events.replaced();
  }

  /** Votes no more: its memory cannot be relied on. */
  abstain(): void {
    this.#abstains = true;
  }

  /** Takes the new life `life`. */
  changeLife(life: Life): void {
    this.#life = life;
    // A member that votes takes no other life: its memory began in this one.
    if (this.voter === null) this.#place?.changeLife(life);
  }

  /** Forgets its record, vote and crash vector, as a crash would, and takes the new life `life`. */
  forget(life: Life): void {
    this.#place = null;
    this.#members = this.#voices = this.#given;
    this.#record = null;
    this.#life = life;
  }

  /** The role of the sender of a frame with this header. */
  roleOf(from: string, header: Header): Role {
    if (this.isVoice(from)) return "member";
    if (this.#record === null || header.genesis !== this.#record.id) return "outsider";
    return this.#record.clients ? "client" : "outsider";
  }

  /** The highest counter that is accepted from a node that is not a member. */
  get counterBound(): number {
    return counterBound(this.#record?.floor ?? 0, this.#runtime.wallNow());
  }

  /**
   * Learns from the header of a frame of this genesis: from a client only its clock, from a member also
   * crashes. This node may learn that it was replaced. `now`: the time at which it came.
   */
  learn(from: string, header: Header, now: number): void {
    this.clock.observe(header.clock);
    const place = this.#place;
    if (place === null) return;
    const { settled } = place.configuration;
    const isVoice = this.isVoice(from);
    if (isVoice && from !== this.self) this.unheard.heard(now);
    const before = place.incarnations.entries;
    // A client tells no crashes, but may know that the configuration is settled.
    const event = place.hear(from, isVoice ? header : { ...header, vector: [], incarnation: null });
    const isSameEpoch = header.epoch === place.configuration.epoch;
    if (isVoice && isSameEpoch && header.vector.some((life, index) => life > before[index])) {
      const restarted = this.#voices.filter((one, index) =>
        one !== this.self && header.vector[index] > before[index]
      );
      this.#events.memberRestarted(restarted);
    }
    if (isVoice && header.incarnation !== null) this.#see(from, header.incarnation);
    if (event === "replaced") this.#events.replaced();
    else if (settled !== place.configuration.settled) {
      this.#list();
      this.#events.moved(event);
    }
  }

  /** What to do with a request of a sender with this header, which lives under the same genesis. */
  judge(header: Header): "serve" | "tell" | "ask" {
    return this.#place?.judge(header) ?? "ask";
  }

  /**
   * The sender of a reply that may be counted: a voting member under the same genesis, in the same epoch. Otherwise
   * `undefined`.
   */
  sender(from: string, header: Header): Sender | undefined {
    if (this.#record === null || header.genesis !== this.#record.id) return undefined;
    return countedSender(this.configuration, from, header);
  }

  /** Whether `node` is not a member, and is not admitted as a client either. */
  isOutsider(node: string): boolean {
    return this.#record?.clients === false && this.voter !== null && !this.isVoice(node);
  }

  #see(member: string, incarnation: Life): void {
    // A lower incarnation is from an old frame, or from an old process.
    if (incarnation <= (this.#seen.get(member) ?? "")) return;
    this.#seen.set(member, incarnation);
    this.#events.memberVotes(member, incarnation);
  }
}
