import type { Life } from "./ballot.ts";
import type { Configuration } from "./configuration.ts";
import type { KnownIncarnations } from "./incarnations.ts";
import type { RegisterCopy } from "./messages.ts";
import type { SessionId, State } from "./register.ts";

/** The memory of a member that votes again. */
export interface Recovered {
  /** The incarnation that it votes in from now on. */
  readonly incarnation: Life;
  /** The registers that it holds, all of them copied. */
  readonly registers: readonly RegisterCopy[];
  /** The highest floor of the members that it copied from. */
  readonly floor: number;
  /** The sessions that a member fenced. */
  readonly fenced: readonly SessionId[];
  /** The sessions that their own nodes ended. */
  readonly ended: readonly SessionId[];
  /** The lives that are proved to be over. */
  readonly over: readonly Life[];
  /**
   * The highest known incarnations, by id: until the memory is on the disk, the node may learn of a configuration with
   * another order.
   */
  readonly known: KnownIncarnations;
  /** Milliseconds for which it may grant no session yet. */
  readonly wait: number;
}

/** An event that the node has to act on. */
export type RecoveryEvent =
  /** The node has to take this new life: a member knows of a later one than the present. */
  | { readonly type: "changeLife"; readonly life: Life }
  /** Another process has taken its place. */
  | { readonly type: "replaced" }
  /** The copies are complete, and it may have decided alone what they do not show: it needs its own memory. */
  | { readonly type: "uncovered" }
  /** Its memory is complete. */
  | { readonly type: "recovered"; readonly memory: Recovered };

/** The options of {@linkcode Recovery}. */
export interface RecoveryOptions {
  /** The id of this node, a member or the node that joins. */
  readonly self: string;
  /** The configuration that it comes back under; only answers of the same epoch count. */
  readonly configuration: Configuration;
  /** The life of the node. */
  readonly life: Life;
  /** The genesis that it recovers under. */
  readonly genesis: string;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
  /** A life just above another one. */
  readonly lifeAfter: (life: Life) => Life;
  /** Whether it may announce its life now: see {@linkcode Turns}. Called until it returns `true`. */
  readonly isItsTurn: () => boolean;
  /** The configuration in a state of its register; `null`: none. */
  readonly readConfiguration: (state: State) => Configuration | null;
}
