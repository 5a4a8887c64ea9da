import type { Life } from "./ballot.ts";
import type { ConfigurationReply, ConfigurationRequest } from "./configuration_messages.ts";
import type { ConfigurationNews, KnownIncarnations } from "./incarnations.ts";
import type { LockMode } from "./lock_register.ts";
import type { Binding, OperationId, Pid, RegisterId, SessionId } from "./register.ts";
import type { RegisterCopy, RegisterReply, RegisterRequest } from "./register_messages.ts";

export type {
  ListedRegister,
  RegisterCopy,
  RegisterReply,
  RegisterRequest,
  StoredRegister,
} from "./register_messages.ts";

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
  /** Whether the sender does not know that configuration to be settled. */
  readonly unsettled?: true;
  /** The sender's incarnation; `null` unless it is a member that may vote. */
  readonly incarnation: Life | null;
  /**
   * The sender's crash vector: for each member of its configuration, and then for the node that joins or leaves, the
   * highest incarnation that the sender knows (`""`: none yet). Empty when the sender knows no genesis.
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
  }
  | {
    /** The sender begins with its disk as its memory: its life counts as the incarnation of that from now on. */
    readonly type: "announce";
    readonly members: readonly string[];
    /** The incarnation that the asker announces. */
    readonly incarnation: Life;
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

/**
 * Requests for a lock that the receiver holds, for it to propose together with its own: all of them or none. That
 * they are in a chosen state is the answer.
 */
export interface OrderRequest {
  /** What kind of message this is. */
  readonly type: "order";
  /** The register of the lock. */
  readonly register: RegisterId;
  /** The term of the lock that the sender saw; in another one the order is void. */
  readonly term: number;
  /** The sender's session. */
  readonly session: SessionId;
  /** In the order of the calls. */
  readonly requests: readonly OrderedRequest[];
}

/** One of the requests of an order. */
export interface OrderedRequest {
  /** The wall clock of the sender when the request was made, in milliseconds since 1970. */
  readonly since: number;
  /** The beginning of its label; `""`: none. */
  readonly label: string;
  /** The most owners, itself included; 0: not counted. */
  readonly permits: number;
  /** The number of the owner in its session. */
  readonly seq: number;
  /** The number of the request. */
  readonly request: number;
  /** How the lock is shared. */
  readonly mode: LockMode;
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
    | ConfigurationRequest
    | HandoverRequest
    | AskRequest
    | OrderRequest
    | RelayRequest
    | RelayedRequest
  );

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
  | {
    readonly type: "record";
    /** The members of the sender's configuration. */
    readonly members: readonly string[];
    readonly record: GenesisRecord;
  }
    & (ConfigurationNews | {
      /** Absent: the sender's configuration is that of the genesis. */
      readonly configuration?: undefined;
      /** Absent with it. */
      readonly incarnations?: undefined;
    })
  | {
    /** The sender has a complete memory on its disk, and has not decided yet whether to use it. */
    readonly type: "stored";
    readonly members: readonly string[];
    /** The record of that memory. */
    readonly record: GenesisRecord;
    /** The life that counts as the incarnation of that memory. */
    readonly incarnation: Life;
    /** The highest incarnations that the sender knows, in the order of its configuration. */
    readonly vector: readonly Life[];
    /** The epoch of the configuration on its disk. */
    readonly epoch: number;
    /** That configuration; absent: it is that of the genesis. */
    readonly configuration?: ConfigurationNews["configuration"];
    /** All incarnations that the sender knows; they go with the configuration. */
    readonly incarnations?: ConfigurationNews["incarnations"];
  }
  /** Answers `announce`: the sender knows of the incarnation, on its disk if it has one. */
  | { readonly type: "raised" }
  | { readonly type: "replaced" }
  | { readonly type: "membersMismatch"; readonly members: readonly string[] }
  | { readonly type: "notAMember" }
  | {
    readonly type: "known";
    /** The highest incarnation of the asker that the sender knows; `""`: none. */
    readonly incarnation: Life;
    /** The sender has accepted that the configuration is settled, which need not be chosen. */
    readonly settled?: true;
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
      /** In the order of the sender's configuration. */
      readonly vector: readonly Life[];
      /** The highest known incarnations of nodes that the sender's configuration does not name. */
      readonly former: KnownIncarnations;
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

/** The order was not taken, or not applied; its requests are not in the lock because of it. */
export interface UnorderedReply {
  /** What kind of message this is. */
  readonly type: "unordered";
  /** Whether only because the sender does not hold the lock any more. */
  readonly moved: boolean;
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
  & (
    | RegisterReply
    | SessionReply
    | GenesisReply
    | ConfigurationReply
    | HandoverReply
    | ToldReply
    | UnorderedReply
    | UnreachableReply
  );
