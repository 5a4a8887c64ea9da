import type { Life } from "./ballot.ts";
import type { ConfigurationNews } from "./incarnations.ts";
import type { RegisterId } from "./register.ts";

/** The requests about a change of the members (section 11). */
export type ConfigurationRequest =
  /** Tells the sender's configuration, and the incarnations that it has heard of. */
  | { readonly type: "configure" } & ConfigurationNews
  /** Asks a member for the highest incarnation of a node that it knows. */
  | { readonly type: "incarnationOf"; readonly node: string }
  /** Asks a node whether it is blank, and lives in a life above `above`, or can take one. */
  | { readonly type: "stand"; readonly above: Life }
  /** Asks a member for all registers that it holds after `after`; `""` begins. */
  | { readonly type: "inventory"; readonly after: RegisterId }
  /** Has a member promise every ballot up to this counter for what it does not hold. */
  | { readonly type: "raiseFloor"; readonly floor: number };

/** The replies about a change of the members. */
export type ConfigurationReply =
  | {
    /** Answers `configure`: the sender follows that configuration now; its header says so. */
    readonly type: "configured";
    /** Whether the sender joins, in the life that the configuration names, and has copied its memory. */
    readonly copied: boolean;
  }
  /** The sender's configuration is newer than that of the request, which is not served. */
  | { readonly type: "newerConfiguration" } & ConfigurationNews
  /** The sender does not know the configuration of the request, which is not served: it asks for it. */
  | { readonly type: "unknownEpoch" }
  /** Answers `incarnationOf`. */
  | { readonly type: "known"; readonly incarnation: Life }
  /** Answers `stand`: the sender is blank, and in such a life now; see its header. */
  | { readonly type: "standing" }
  | {
    /** Answers `inventory`. */
    readonly type: "inventoried";
    readonly registers: readonly RegisterId[];
    /** The sender's floor, read after all registers; `null`: there are more. */
    readonly floor: number | null;
  }
  /** Answers `raiseFloor`. */
  | { readonly type: "raised" };
