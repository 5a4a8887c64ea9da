import type { Life } from "./ballot.ts";
import type { Configuration } from "./configuration.ts";
import type { KnownIncarnations } from "./incarnations.ts";
import type { GenesisRecord } from "./messages.ts";
import type { Sender } from "./quorum.ts";

/** What a complete disk says about its member, besides its votes. */
export interface DiskMemory {
  /** The genesis that it lived under. */
  readonly record: GenesisRecord;
  /** The configuration that it knew last. */
  readonly configuration: Configuration;
  /** The life that counts as the incarnation of this memory. */
  readonly incarnation: Life;
  /** The highest incarnations that it knew. */
  readonly known: KnownIncarnations;
}

/** An event that the node has to act on. */
export type DiskEvent =
  /**
   * No other member knows of a later memory: the node writes its life to the disk as the incarnation of what is there, and calls
   * `lifeWritten` when that is durable.
   */
  | { readonly type: "writeLife" }
  /** Enough others are operational for it to recover from them. The disk stays as it is until that is done. */
  | { readonly type: "recover" }
  /** It takes no help: too few others are operational now. */
  | { readonly type: "announce" }
  /** Its disk is its memory: it votes from now on. It goes on announcing until all others know its life. */
  | { readonly type: "start" }
  /**
   * The disk is no memory: `stale`, from before a start that another member knows of, or `foreign`, of another genesis
   * than enough living members have. It is put aside before anything else, and the member is blank.
   */
  | { readonly type: "putAside"; readonly why: "stale" | "foreign" }
  /** The cluster has a newer configuration than the disk: the start begins again under that. */
  | {
    readonly type: "follow";
    readonly configuration: Configuration;
    readonly known: KnownIncarnations;
  }
  /** No other node knows of a change of the members since, and the node was given another list. It asks on. */
  | { readonly type: "otherList" }
  /** A member that was asked lists other members. */
  | {
    readonly type: "membersMismatch";
    readonly node: string;
    readonly members: readonly string[];
  }
  /** Another process has this member's place. */
  | { readonly type: "replaced" };

/** The options of {@linkcode DiskStart}. */
export interface DiskStartOptions {
  /** The id of this node. */
  readonly self: string;
  /** The list of members that the node was given. The questions name it, in the order of the disk if that has the same ones. */
  readonly members: readonly string[];
  /** The present life of the node, above the incarnation on its disk. */
  readonly life: Life;
  /** What its disk says. */
  readonly memory: DiskMemory;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
}

/** A member's answer in one round. */
export interface DiskAnswer {
  readonly life: Life;
  readonly kind: "operational" | "stored" | "foreign" | "blank";
  /** The sender, if it has a memory of this genesis. */
  readonly sender: Sender | null;
  /** The genesis of a foreign one. */
  readonly genesis?: string;
}
