import type { LamportClock, Life } from "./ballot.ts";
import type { Configuration } from "./configuration.ts";
import type { KnownIncarnations } from "./incarnations.ts";
import type { GenesisRecord, GenesisReply, Request } from "./messages.ts";

/** The state of a member. */
export type MemberState = "blank" | "recovering" | "operational";

/**
 * What a member is, as far as its genesis goes. `outside`: it knows a cluster that it is no member of. `joins`: it is
 * being added to that.
 */
export type PlacedState = MemberState | "outside" | "joins";

/** An event that the node has to act on. */
export type GenesisEvent =
  /** The member votes from now on, under `record`. */
  | { readonly type: "operational"; readonly record: GenesisRecord }
  /**
   * The cluster lives under `record` and `configuration`, and this life has no part in its start: this node recovers if
   * it is a member, and otherwise knows a cluster that it is not in.
   */
  | {
    readonly type: "recover";
    readonly record: GenesisRecord;
    readonly configuration: Configuration;
    /** The incarnations that were told with that. */
    readonly incarnations: KnownIncarnations;
  }
  /**
   * The member has to take a new life before it can answer: the present one has answered another leader. Call
   * `changeLife` with the new one.
   */
  | { readonly type: "changeLife" }
  /** Another process has taken its place. */
  | { readonly type: "replaced" }
  /** Another node lists other members, or the same in another order. */
  | {
    readonly type: "membersMismatch";
    readonly node: string;
    readonly members: readonly string[];
  };

/** An answer, and its consequences for the node that gives it. */
export interface GenesisAnswer {
  /** The reply; `undefined`: none. */
  readonly reply?: GenesisReply;
  /** The event for the node itself. */
  readonly event?: GenesisEvent;
  /** Whether all answers to this member's recovery so far are void: they may be from before. */
  readonly voids?: boolean;
}

/** A question, and the member that it goes to. */
export interface Outgoing {
  /** The member that is asked. */
  readonly to: string;
  /** The question. */
  readonly request: Request;
}

/** The options of {@linkcode Genesis}. */
export interface GenesisOptions {
  /** This member's id, one of `members`. */
  readonly self: string;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** Other nodes that may know the record: what is told of a cluster with other members names them. */
  readonly others?: () => readonly string[];
  /** The life of the node. */
  readonly life: Life;
  /** The Lamport clock of the node. */
  readonly clock: LamportClock;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
  /** The longest time to live of any session, in milliseconds, if this member leads. */
  readonly maxTtl: number;
  /** Whether the cluster has clients, if this member leads. */
  readonly clients: boolean;
  /** The floor of the genesis that the node lived under before, if any. */
  readonly floor?: number;
  /** If `life` is from a disk: the life of `members[0]` whose second-round question it has answered. */
  readonly answered?: Life;
}
