import { counterBound, LamportClock, type Life } from "../../paxos/ballot.ts";
import type { GenesisRecord, Header } from "../../paxos/messages.ts";
import { CrashVector, type Sender } from "../../paxos/quorum.ts";
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
}

/**
 * What one node knows of its cluster: the members, the genesis record, their incarnations, its own life
 * and its own vote (section 7).
 */
export class ClusterView {
  readonly self: string;
  readonly members: readonly string[];
  readonly clock: LamportClock = new LamportClock();
  readonly unheard: UnheardCounters;
  readonly #events: ViewEvents;
  readonly #runtime: Runtime;
  #life: Life;
  #record: GenesisRecord | null = null;
  #voter: Voter | null = null;
  #vector: CrashVector;
  /** The incarnation that each member was last seen in. */
  readonly #seen = new Map<string, Life>();

  /** Knows the ids of the members, and nothing else about the cluster yet. */
  constructor(
    { id, members }: { readonly id: string; readonly members: readonly string[] },
    runtime: Runtime,
    life: Life,
    events: ViewEvents,
  ) {
    this.self = id;
    this.members = members;
    this.#life = life;
    this.#events = events;
    this.#runtime = runtime;
    this.#vector = new CrashVector(members.length);
    this.unheard = new UnheardCounters(this.clock, runtime);
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
    return this.#voter;
  }

  /** The highest incarnation heard of, for each member. */
  get vector(): readonly Life[] {
    return this.#vector.entries;
  }

  /** The header of this node's frames. */
  get header(): Header {
    return {
      life: this.#life,
      clock: this.clock.counter,
      genesis: this.#record?.id ?? null,
      epoch: FIRST_EPOCH,
      incarnation: this.#voter?.incarnation ?? null,
      vector: this.#record === null ? [] : this.#vector.entries,
    };
  }

  /** Begins to live under `record`, without a vote. */
  enter(record: GenesisRecord): void {
    this.#record = record;
    this.#vector = new CrashVector(this.members.length);
    this.#vector.merge(record.lives);
    this.clock.observe(record.floor);
  }

  /** Votes from now on, and knows of the crashes in `vector`; unless another process has its place. */
  vote(voter: Voter, vector: readonly Life[]): void {
    this.#vector.merge(vector);
    this.#vector.raise(this.members.indexOf(this.self), voter.incarnation);
    this.#voter = voter;
    // This node may have heard of a later process while it was coming back.
    this.#checkReplaced();
  }

  /** Votes no more: its memory cannot be relied on. */
  abstain(): void {
    this.#voter = null;
  }

  /** Takes the new life `life`. */
  changeLife(life: Life): void {
    this.#life = life;
  }

  /** Forgets its record, vote and crash vector, as a crash would, and takes the new life `life`. */
  forget(life: Life): void {
    this.#voter = null;
    this.#record = null;
    this.#vector = new CrashVector(this.members.length);
    this.#life = life;
  }

  /** Takes note of a crash: the member with this index announced a new incarnation. */
  raise(index: number, incarnation: Life): void {
    this.#vector.raise(index, incarnation);
  }

  /** The role of the sender of a frame with this header. */
  roleOf(from: string, header: Header): Role {
    if (this.members.includes(from)) return "member";
    if (this.#record === null || header.genesis !== this.#record.id) return "outsider";
    return this.#record.clients ? "client" : "outsider";
  }

  /** The highest counter that is accepted from a node that is not a member. */
  get counterBound(): number {
    return counterBound(this.#record?.floor ?? 0, this.#runtime.wallNow());
  }

  /**
   * Learns from the header of a frame of this genesis: from a client only its clock, from a member also
   * crashes. This node may learn that it was replaced.
   */
  learn(from: string, header: Header): void {
    this.clock.observe(header.clock);
    const index = this.members.indexOf(from);
    if (index < 0) return;
    if (from !== this.self) this.unheard.heard();
    this.#vector.merge(header.vector);
    if (header.incarnation !== null) {
      this.#vector.raise(index, header.incarnation);
      this.#see(from, header.incarnation);
    }
    this.#checkReplaced();
  }

  /**
   * The sender of a reply that may be counted, a voting member under the same genesis; otherwise `undefined`.
   */
  sender(from: string, header: Header): Sender | undefined {
    if (this.#record === null || header.genesis !== this.#record.id) return undefined;
    if (header.incarnation === null) return undefined;
    return { member: from, incarnation: header.incarnation, vector: header.vector };
  }

  /** Whether `node` is not a member, and is not admitted as a client either. */
  isOutsider(node: string): boolean {
    return this.#record?.clients === false && this.#voter !== null && !this.members.includes(node);
  }

  /** A member that knows of a later incarnation of itself never votes again. */
  #checkReplaced(): void {
    if (this.#voter === null) return;
    const own = this.#vector.entries[this.members.indexOf(this.self)];
    if (own > this.#voter.incarnation) {
      this.#voter = null;
      this.#events.replaced();
    }
  }

  #see(member: string, incarnation: Life): void {
    // A lower incarnation is from an old frame, or from an old process.
    if (incarnation <= (this.#seen.get(member) ?? "")) return;
    this.#seen.set(member, incarnation);
    this.#events.memberVotes(member, incarnation);
  }
}
