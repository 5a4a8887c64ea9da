import type { Ballot, Life } from "./ballot.ts";
import type {
  Accepted,
  Binding,
  OperationId,
  Pid,
  RegisterId,
  SessionId,
  State,
} from "./register.ts";

/** What every frame says about its sender, for all messages in it. */
export interface Header {
  /** The life of the sender. */
  readonly life: Life;
  /** The sender's Lamport clock. */
  readonly clock: number;
  /** The genesis that the sender lives under; `null` before it knows one. */
  readonly genesis: string | null;
  /** The epoch of the sender's configuration. */
  readonly epoch: number;
  /** The sender's incarnation; `null` unless it is a member that may vote. */
  readonly incarnation: Life | null;
  /**
   * The sender's crash vector: for each member, in the order of the members, the highest incarnation
   * that it has heard of (`""`: none yet). Empty when the sender knows no genesis.
   */
  readonly vector: readonly Life[];
}

/** What travels between two nodes: everything that one had to say to the other in one turn. */
export interface Frame {
  /** About the sender, for all messages. */
  readonly header: Header;
  /** What it asks. */
  readonly requests: readonly Request[];
  /** The life that `replies` are meant for; another life must not take them for its own. */
  readonly repliesTo: Life | null;
  /** What it answers. */
  readonly replies: readonly Reply[];
}

/** How a cluster began: made once, by `members[0]`. */
export interface GenesisRecord {
  /** Unique: no two geneses share one. At most 64 characters. */
  readonly id: string;
  /** For each member, in order, the life that it was blank in. */
  readonly lives: readonly Life[];
  /** No token of this genesis is at or below it. */
  readonly floor: number;
  /** The longest time to live of any session, in milliseconds. */
  readonly maxTtl: number;
  /** Whether nodes that are not members are let in. */
  readonly clients: boolean;
}

/** One register as a recovering member copies it. */
export interface RegisterCopy {
  /** The register that it is about. */
  readonly register: RegisterId;
  /** The highest ballot promised. */
  readonly promised: Ballot;
  /** What was accepted last; `null`: nothing. */
  readonly accepted: Accepted | null;
}

/** One register in a list. */
export interface Listed {
  /** The register that it is about. */
  readonly register: RegisterId;
  /** The ballot. */
  readonly ballot: Ballot;
  /** Whether it has a value. */
  readonly present: boolean;
  /** Whether it has to be read to know if it has ended: it is bound to a key, or too much is stale. */
  readonly bound: boolean;
  /** When it ends by itself, in milliseconds since 1970; `null`: never. */
  readonly until: number | null;
  /** How many sessions it depends on. */
  readonly owners: number;
  /** Those of them that the acceptor believes expired, if they are few. */
  readonly stale: readonly SessionId[];
  /** Whether the acceptor only copied it. */
  readonly copied: boolean;
}

/** The requests about one register. */
export type RegisterRequest =
  | { readonly type: "prepare"; readonly register: RegisterId; readonly ballot: Ballot }
  | {
    readonly type: "accept";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    readonly state: State;
    /** Also a promise for this ballot: `(counter + 1, same life)`. */
    readonly next: boolean;
    /** Should this be refused, it counts as a `prepare` of `(fallback, same life)`; `null`: it does not. */
    readonly fallback: number | null;
    /** Whether it brings a member what others hold: there is room for it even where there is none. */
    readonly sweep?: true;
  }
  | { readonly type: "read"; readonly register: RegisterId }
  | { readonly type: "forget"; readonly register: RegisterId; readonly ballot: Ballot }
  | { readonly type: "watch"; readonly register: RegisterId }
  | { readonly type: "unwatch"; readonly register: RegisterId }
  | {
    readonly type: "list";
    /** What the ids of the listed registers begin with: kind and bucket. */
    readonly prefix: string;
    /** Only ids after this one, in order; `""` begins. */
    readonly after: string;
  };

/** The requests about sessions. */
export type SessionRequest =
  | {
    readonly type: "renew";
    readonly session: SessionId;
    /** Milliseconds. */
    readonly ttl: number;
    readonly renewal: number;
    /** Milliseconds since 1970 at the sender. */
    readonly wall: number;
    /** The ids of the singletons that the session's node can run. */
    readonly hosts: readonly string[];
  }
  | { readonly type: "fence"; readonly session: SessionId }
  /** For how long could it not be fenced? Changes nothing. */
  | { readonly type: "look"; readonly session: SessionId }
  | { readonly type: "end"; readonly session: SessionId }
  | { readonly type: "sessionOf"; readonly node: string }
  /** Which nodes can run singletons with this id? */
  | { readonly type: "hosts"; readonly spec: string };

/** The questions of genesis, of giving up and of coming back; all carry the asker's member list. */
export type GenesisRequest =
  | {
    readonly type: "enquire";
    readonly members: readonly string[];
    /** `record`: which record do you live under? The others: are you blank? */
    readonly purpose: "record" | "genesis" | "givingUp";
    /** Rounds 1 and 2 of genesis and of giving up; 1 for `record`. */
    readonly round: 1 | 2;
  }
  | { readonly type: "incarnation"; readonly members: readonly string[] }
  | {
    readonly type: "transfer";
    readonly members: readonly string[];
    /** The number of this announcement: all pieces of one copy answer the same one. */
    readonly announcement: number;
    /** The incarnation that the asker announces. */
    readonly incarnation: Life;
    /** Registers after this id; `""` begins. */
    readonly after: RegisterId;
  };

/** A put for a process of the receiver, which alone proposes what is bound to its processes. */
export interface HandoverRequest {
  /** What kind of message this is. */
  readonly type: "handover";
  /** The operation that writes it. */
  readonly op: OperationId;
  /** The owner. */
  readonly pid: Pid;
  /** The register that it is about. */
  readonly register: RegisterId;
  /** Encoded. */
  readonly value: Uint8Array;
  /** What it lasts as long as. */
  readonly bindings: readonly Binding[];
  /** How long the receiver may look for a quorum, in milliseconds. */
  readonly timeout: number;
  /** The asker's Lamport counter when it handed the put over, the same however often it asks. */
  readonly since: number;
}

/** Something between two nodes that has nothing to do with votes: about a singleton. */
export interface AskRequest {
  /** What kind of message this is. */
  readonly type: "ask";
  /** Encoded by the feature that it is about, which trusts nothing in it. */
  readonly body: Uint8Array;
}

/** What one node asks another for itself; no vote hangs on it. The only requests that are relayed. */
export type PersonalRequest = { readonly id: number } & (HandoverRequest | AskRequest);

/** What two nodes say to each other by way of a member: a request, or an answer to one. */
export type RelayPayload =
  | { readonly repliesTo: null; readonly message: PersonalRequest }
  | {
    /** The life that the answer is meant for. */
    readonly repliesTo: Life;
    readonly message: PersonalReply;
  };

/** To a member: pass this on to a node that the sender has no connection to. */
export interface RelayRequest {
  /** What kind of message this is. */
  readonly type: "relay";
  /** The node that it is for. */
  readonly to: string;
  /** What to pass on. */
  readonly payload: RelayPayload;
}

/** From a member: this was to be passed on. It is never passed on again. */
export interface RelayedRequest {
  /** What kind of message this is. */
  readonly type: "relayed";
  /** The node that said it, as the member's transport knows it. */
  readonly from: string;
  /** The life of that node. */
  readonly life: Life;
  /** What it said. */
  readonly payload: RelayPayload;
}

/** Everything that one node asks of another. `id` is unique in the life of the sender. */
export type Request =
  & { readonly id: number }
  & (
    | RegisterRequest
    | SessionRequest
    | GenesisRequest
    | HandoverRequest
    | AskRequest
    | RelayRequest
    | RelayedRequest
  );

/** The answers about registers. */
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
    readonly registers: readonly Listed[];
    /** Whether there are more after the last of them. */
    readonly more: boolean;
  }
  | { readonly type: "watching" }
  | {
    /** Pushed to who watches, with the id of its `watch`. */
    readonly type: "learned";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    readonly state: State;
  };

/** The answers about sessions. */
export type SessionReply =
  | { readonly type: "renewed"; readonly session: SessionId; readonly renewal: number }
  | { readonly type: "refused"; readonly session: SessionId }
  | { readonly type: "fenced"; readonly session: SessionId }
  | {
    readonly type: "alive";
    readonly session: SessionId;
    /** Milliseconds until it could be fenced; 0, in answer to `look`: it could be fenced now. */
    readonly remaining: number;
  }
  | {
    readonly type: "newest";
    readonly session: SessionId | null;
    /**
     * Milliseconds until it could be fenced. Without a session: for how long the acceptor may still have
     * forgotten one; 0: there surely is none.
     */
    readonly remaining: number;
  }
  | { readonly type: "hosting"; readonly nodes: readonly string[] };

/** The answers of genesis and of coming back. */
export type GenesisReply =
  | {
    readonly type: "blank";
    readonly members: readonly string[];
    /** Milliseconds since 1970 at the sender. */
    readonly wall: number;
    /** Whether it is copying its memory from the others. */
    readonly recovering: boolean;
  }
  | { readonly type: "record"; readonly members: readonly string[]; readonly record: GenesisRecord }
  | { readonly type: "replaced" }
  | { readonly type: "membersMismatch"; readonly members: readonly string[] }
  | { readonly type: "notAMember" }
  | {
    readonly type: "known";
    /** The highest incarnation of the asker that the sender knows; `""`: none. */
    readonly incarnation: Life;
  }
  | {
    readonly type: "piece";
    readonly announcement: number;
    readonly registers: readonly RegisterCopy[];
    /** Present in the last piece, read after all registers. */
    readonly last: {
      /** The sessions that the sender fenced, by waiting or as a copy. */
      readonly fenced: readonly SessionId[];
      /** The sessions that their own nodes ended. */
      readonly ended: readonly SessionId[];
      readonly floor: number;
      readonly vector: readonly Life[];
      /** Milliseconds for which no session may be granted yet (clusters with clients). */
      readonly wait: number;
    } | null;
  };

/** How a put that was handed over ended. */
export type HandoverReply =
  | {
    readonly type: "handed";
    readonly outcome: "written" | "found";
    readonly value: Uint8Array;
    readonly token: number;
  }
  | { readonly type: "handed"; readonly outcome: "invalid_value" | "no_quorum" | "full" };

/** An answer to `ask`. */
export interface ToldReply {
  /** What kind of message this is. */
  readonly type: "told";
  /** Encoded, as that of the question. */
  readonly body: Uint8Array;
}

/** The answer to a {@linkcode PersonalRequest}; `id` is that of the request. */
export type PersonalReply = { readonly id: number } & (HandoverReply | ToldReply);

/** A member's answer to a request that it should have passed on: it has no connection to that node. */
export interface UnreachableReply {
  /** What kind of message this is. */
  readonly type: "unreachable";
  /** The node that it was for. */
  readonly to: string;
}

/** Everything that one node answers another; `id` is that of the request. */
export type Reply =
  & { readonly id: number }
  & (RegisterReply | SessionReply | GenesisReply | HandoverReply | ToldReply | UnreachableReply);
