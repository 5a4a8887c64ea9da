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

/** The header of a frame: what it says about its sender, for all messages in it. */
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
   * The sender's crash vector: for each member, in the order of the members, the highest incarnation that the
   * sender knows (`""`: none yet). Empty when the sender knows no genesis.
   */
  readonly vector: readonly Life[];
}

/** A frame between two nodes: the messages that one has for the other in one turn of the event loop. */
export interface Frame {
  /** Describes the sender, for all messages. */
  readonly header: Header;
  /** The requests. */
  readonly requests: readonly Request[];
  /** The life that `replies` are meant for; another life must not take them as its own. */
  readonly repliesTo: Life | null;
  /** The replies. */
  readonly replies: readonly Reply[];
}

/** The genesis of a cluster: made once, by `members[0]`. */
export interface GenesisRecord {
  /** The unique id of the genesis, of at most 64 characters. */
  readonly id: string;
  /** For each member, in order, the life in which it was blank. */
  readonly lives: readonly Life[];
  /** The floor: every token of this genesis is above it. */
  readonly floor: number;
  /** The longest time to live of any session, in milliseconds. */
  readonly maxTtl: number;
  /** Whether the cluster admits nodes that are not members. */
  readonly clients: boolean;
}

/** One register as a recovering member copies it. */
export interface RegisterCopy {
  /** The register that it is about. */
  readonly register: RegisterId;
  /** The highest ballot promised. */
  readonly promised: Ballot;
  /** The state that was accepted last; `null`: none. */
  readonly accepted: Accepted | null;
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
}

/** The requests about one register. */
export type RegisterRequest =
  | {
    readonly type: "prepare";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    /** Whether it adds no new value: a full member promises it from a small reserve. */
    readonly reserve?: true;
  }
  | {
    readonly type: "accept";
    readonly register: RegisterId;
    readonly ballot: Ballot;
    readonly state: State;
    /** Whether the acceptor also promises the ballot `(counter + 1, same life)`. */
    readonly next: boolean;
    /** If refused, it counts as a `prepare` of the ballot `(fallback, same life)`; `null`: it does not. */
    readonly fallback: number | null;
    /** Whether it brings a member a state that others hold: it needs no room. */
    readonly sweep?: true;
  }
  | { readonly type: "read"; readonly register: RegisterId }
  | { readonly type: "forget"; readonly register: RegisterId; readonly ballot: Ballot }
  | { readonly type: "watch"; readonly register: RegisterId }
  | { readonly type: "unwatch"; readonly register: RegisterId }
  | {
    readonly type: "list";
    /** The prefix of the ids of the listed registers: kind and bucket. */
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
  /** Asks for how long the session could not be fenced. Changes nothing. */
  | { readonly type: "look"; readonly session: SessionId }
  | { readonly type: "end"; readonly session: SessionId }
  /** Says that the process of `life` runs no more: the sender has proof of it. */
  | { readonly type: "over"; readonly life: Life }
  /** Asks to be told if `life` is proved to be over. */
  | { readonly type: "watchLife"; readonly life: Life }
  | { readonly type: "sessionOf"; readonly node: string }
  /** Asks for the nodes that can run singletons with this id. */
  | { readonly type: "hosts"; readonly spec: string };

/** The requests of genesis, of giving up and of recovery; all carry the sender's member list. */
export type GenesisRequest =
  | {
    readonly type: "enquire";
    readonly members: readonly string[];
    /** `record`: asks for the record that the receiver lives under. The others ask whether it is blank. */
    readonly purpose: "record" | "genesis" | "givingUp";
    /** Rounds 1 and 2 of genesis and of giving up; 1 for `record`. */
    readonly round: 1 | 2;
  }
  | { readonly type: "incarnation"; readonly members: readonly string[] }
  | {
    readonly type: "transfer";
    readonly members: readonly string[];
    /** The number of this announcement; all pieces of one copy carry the same number. */
    readonly announcement: number;
    /** The incarnation that the asker announces. */
    readonly incarnation: Life;
    /** Registers after this id; `""` begins. */
    readonly after: RegisterId;
  };

/** A put for a process of the receiver: only that node proposes values that are bound to its processes. */
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
  /** Milliseconds for which the receiver may look for a quorum. */
  readonly timeout: number;
  /** The sender's Lamport counter when it first handed the put over; the same in every retry. */
  readonly since: number;
}

/** A message between two nodes that does not concern votes: about a singleton. */
export interface AskRequest {
  /** What kind of message this is. */
  readonly type: "ask";
  /** Encoded by the feature that it is for, which trusts nothing in it. */
  readonly body: Uint8Array;
}

/** A request to one node; no vote depends on it. These are the only relayed requests. */
export type PersonalRequest = { readonly id: number } & (HandoverRequest | AskRequest);

/** A relayed message between two nodes: a request, or a reply to one. */
export type RelayPayload =
  | { readonly repliesTo: null; readonly message: PersonalRequest }
  | {
    /** The life that the answer is meant for. */
    readonly repliesTo: Life;
    readonly message: PersonalReply;
  };

/** Asks a member to pass a message on to a node that the sender has no connection to. */
export interface RelayRequest {
  /** What kind of message this is. */
  readonly type: "relay";
  /** The destination. */
  readonly to: string;
  /** The message to pass on. */
  readonly payload: RelayPayload;
}

/** A message that a member passes on. It is never passed on again. */
export interface RelayedRequest {
  /** What kind of message this is. */
  readonly type: "relayed";
  /** The node that sent it, as identified by the member's transport. */
  readonly from: string;
  /** The life of that node. */
  readonly life: Life;
  /** The message. */
  readonly payload: RelayPayload;
}

/** A request from one node to another. */
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
  };

/** The replies about sessions. */
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
     * Milliseconds until it could be fenced. Without a session: milliseconds for which the acceptor may have
     * forgotten one; 0: there surely is none.
     */
    readonly remaining: number;
  }
  | { readonly type: "hosting"; readonly nodes: readonly string[] }
  /** Every session of `life` counts as fenced, present and to come. Also pushed to the watchers of `life`. */
  | { readonly type: "over"; readonly life: Life };

/** The replies of genesis and of recovery. */
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
      /** The lives that are proved to be over. */
      readonly over: readonly Life[];
      readonly floor: number;
      readonly vector: readonly Life[];
      /** Milliseconds for which no session may be granted yet (clusters with clients). */
      readonly wait: number;
    } | null;
  };

/** The outcome of a put that was handed over. */
export type HandoverReply =
  | {
    readonly type: "handed";
    readonly outcome: "written" | "found";
    readonly value: Uint8Array;
    readonly token: number;
  }
  | { readonly type: "handed"; readonly outcome: "invalid_value" | "no_quorum" | "full" };

/** A reply to `ask`. */
export interface ToldReply {
  /** What kind of message this is. */
  readonly type: "told";
  /** Encoded as the body of the request is. */
  readonly body: Uint8Array;
}

/** The reply to a {@linkcode PersonalRequest}; `id` is that of the request. */
export type PersonalReply = { readonly id: number } & (HandoverReply | ToldReply);

/** A member's reply to a request that it should have passed on: it has no connection to the destination. */
export interface UnreachableReply {
  /** What kind of message this is. */
  readonly type: "unreachable";
  /** The destination that cannot be reached. */
  readonly to: string;
}

/** A reply from one node to another; `id` is that of the request. */
export type Reply =
  & { readonly id: number }
  & (RegisterReply | SessionReply | GenesisReply | HandoverReply | ToldReply | UnreachableReply);
