import type { Ballot, Life } from "./ballot.ts";
import type { Accepted, Present, RegisterId, SessionId, State } from "./register.ts";

/** One register as a recovering member copies it. */
export interface RegisterCopy {
  /** The register that it is about. */
  readonly register: RegisterId;
  /** The highest ballot promised. */
  readonly promised: Ballot;
  /** The state that was accepted last; `null`: none. */
  readonly accepted: Accepted | null;
}

/** One register as an acceptor keeps it on its disk. */
export interface StoredRegister extends RegisterCopy {
  /** Whether the state was copied from others, and never accepted by this acceptor itself. */
  readonly copied: boolean;
}

/** One register in a list. */
export interface ListedRegister {
  /** The register that it is about. */
  readonly register: RegisterId;
  /** The ballot. */
  readonly ballot: Ballot;
  /** Whether it has a value. */
  readonly present: boolean;
  /**
   * Whether only a read can tell if it has ended: it is bound to a key, or too many of its sessions are stale.
   */
  readonly bound: boolean;
  /** When it ends by itself, in milliseconds since 1970; `null`: never. */
  readonly until: number | null;
  /** The number of sessions that it depends on. */
  readonly owners: number;
  /** The sessions among them that the acceptor believes expired, if they are few. */
  readonly stale: readonly SessionId[];
  /** Whether the acceptor only copied it. */
  readonly copied: boolean;
  /** Whether it is the vote of a fast round. */
  readonly fast: boolean;
}

/** The requests about one register. */
export type RegisterRequest =
  | {
    readonly type: "prepare";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    /** Whether it adds no new value: a full member promises it from a small reserve. */
    readonly reserve?: true;
    /** Whether it is to bring a member a state that others hold: it needs no room. */
    readonly sweep?: true;
    /** The most bytes that it adds to the register's state, for which there must be room. Absent: none. */
    readonly grows?: number;
  }
  | {
    readonly type: "accept";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    readonly state: State;
    /** Whether the acceptor also promises the ballot `(counter + 1, heir)`. */
    readonly next: boolean;
    /** The life that gets the promise of the next ballot. Default: that of the ballot. */
    readonly heir?: Life;
    /** If refused, it counts as a `prepare` of the ballot `(fallback, same life)`; `null`: it does not. */
    readonly fallback: number | null;
    /** Whether it brings a member a state that others hold: it needs no room. */
    readonly sweep?: true;
  }
  | {
    /** Accepts, if the register was never written; otherwise it is a `prepare` of `(counter + 1, same life)`. */
    readonly type: "fast";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    /** Its `over` is filled in by each acceptor, with its floor. */
    readonly state: Present;
  }
  /** A hint: the votes of all members chose this ballot of a fast round. */
  | { readonly type: "chosen"; readonly register: RegisterId; readonly ballot: Ballot }
  | { readonly type: "read"; readonly register: RegisterId }
  | { readonly type: "forget"; readonly register: RegisterId; readonly ballot: Ballot }
  /** `register`: a register, or the beginning of the names of all registers of a bucket. */
  | { readonly type: "watch"; readonly register: RegisterId }
  | { readonly type: "unwatch"; readonly register: RegisterId }
  | {
    readonly type: "list";
    /** The prefix of the ids of the listed registers: kind and bucket. */
    readonly prefix: string;
    /** Only ids after this one, in order; `""` begins. */
    readonly after: string;
  };

/** The replies about registers. */
export type RegisterReply =
  | {
    readonly type: "promise";
    readonly ballot: Ballot;
    readonly accepted: Accepted | null;
    readonly copied: boolean;
    /** The acceptor's floor, when nothing is accepted; else 0. */
    readonly floor: number;
    /** Those of the state's owners that the acceptor believes expired. */
    readonly stale: readonly SessionId[];
  }
  | { readonly type: "nack"; readonly promised: Ballot }
  | { readonly type: "accepted"; readonly ballot: Ballot }
  | {
    /** The answer to `fast`: the acceptor has accepted it, and promises `(counter + 1, same life)`. */
    readonly type: "took";
    readonly ballot: Ballot;
    /** What the acceptor has filled in as the `over` of the state. */
    readonly over: number;
  }
  | {
    readonly type: "current";
    readonly promised: Ballot;
    readonly accepted: Accepted | null;
    readonly copied: boolean;
    readonly floor: number;
    readonly stale: readonly SessionId[];
  }
  | {
    /** No room for a new register. */
    readonly type: "full";
    /** Whether something that has ended is being sealed or forgotten: it is worth asking again soon. */
    readonly tidying: boolean;
    /** The members that released registers wait for. */
    readonly missing: readonly string[];
  }
  | {
    readonly type: "listed";
    readonly registers: readonly ListedRegister[];
    /** Whether there are more after the last of them. */
    readonly more: boolean;
  }
  | { readonly type: "watching" }
  | {
    /** Pushed to a watcher, with the id of its `watch`. */
    readonly type: "learned";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    readonly state: State;
    /** Whether it is the vote of a fast round. */
    readonly fast: boolean;
    /** The other life to which the acceptor promised the ballot `(counter + 1, heir)` with it. Default: none. */
    readonly heir?: Life;
  };
