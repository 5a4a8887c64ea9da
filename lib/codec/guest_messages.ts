import type { Life } from "../paxos/ballot.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { OperationId, RegisterId, SessionId } from "../paxos/register.ts";

/**
 * What a guest and its gateway say to each other. A guest names what is its own by numbers: the gateway
 * composes sessions, pids and operations of them, with the id and the life that the connection has proved.
 */

/** A process: its session, and its number in it. */
export interface GuestPid {
  readonly session: SessionId;
  readonly seq: number;
}

/** What a put of a guest is bound to. */
export type GuestBinding =
  /** The guest's own session of this number. */
  | { readonly type: "own"; readonly session: number }
  /** A process of the guest, in its session of this number. */
  | { readonly type: "ownPid"; readonly session: number; readonly seq: number }
  /** A process of another node. */
  | { readonly type: "pid"; readonly session: SessionId; readonly seq: number }
  /** The present session of a node or of another guest, which the gateway looks up. */
  | { readonly type: "node"; readonly node: string }
  /** This session. */
  | { readonly type: "session"; readonly session: SessionId }
  /** The present value of this key, which the gateway looks up. */
  | { readonly type: "key"; readonly register: RegisterId }
  /** The value of this key with this token. */
  | { readonly type: "token"; readonly register: RegisterId; readonly token: number }
  /** A time in milliseconds since 1970. */
  | { readonly type: "until"; readonly time: number };

/** One attempt of a call; see `SingletonRequest`. The caller is the guest's life. */
export interface GuestCall {
  /** The register of the singleton. */
  readonly register: RegisterId;
  /** The session and token of the called instance. */
  readonly session: SessionId;
  readonly token: number;
  /** The guest's counter when it began to call this life of the host. */
  readonly birth: number;
  /** The number of the attempt, counted from `birth`. */
  readonly sequence: number;
  /** The guest no longer waits for attempts up to and including this number. */
  readonly done: number;
  /** The attempts between `done` and this one that the guest still waits for, and whether there are more. */
  readonly open: readonly number[];
  readonly full: boolean;
  readonly method: string;
  /** The encoded arguments. */
  readonly args: Uint8Array;
}

/** One operation of a guest. Of an own session, process or request it gives the number. */
export type GuestOperation =
  /** The value of a key, or of a cell. */
  | { readonly type: "read"; readonly register: RegisterId }
  /** Sets a key that has no value. */
  | {
    readonly type: "put";
    readonly register: RegisterId;
    readonly value: Uint8Array;
    readonly bindings: readonly GuestBinding[];
  }
  /**
   * Sets a cell, or deletes its value (`null`). `over`: only if it has this token; 0: if it has no value; `null`: in
   * any case.
   */
  | {
    readonly type: "cell";
    readonly register: RegisterId;
    readonly over: number | null;
    readonly value: Uint8Array | null;
  }
  /** Releases what is bound to an own process, which has exited. `unsure`: a write may still be adopted. */
  | {
    readonly type: "release";
    readonly register: RegisterId;
    readonly session: number;
    readonly seq: number;
    readonly unsure: boolean;
  }
  /** The keys with this prefix of their registers, in pieces; with their values, or without. */
  | { readonly type: "list"; readonly prefix: string; readonly values: boolean }
  /** Follows a key, or a cell, until it is cancelled. */
  | { readonly type: "watch"; readonly register: RegisterId }
  /** Follows the keys with this prefix of their registers until it is cancelled. */
  | { readonly type: "watchAll"; readonly prefix: string }
  /** Requests a lock; the number of the operation is that of the request. */
  | {
    readonly type: "lock";
    readonly register: RegisterId;
    readonly session: number;
    readonly seq: number;
    readonly mode: LockMode;
    readonly ifAvailable: boolean;
    readonly steal: boolean;
    /** The most owners, itself included; 0: not counted. */
    readonly permits: number;
    /** The guest's wall clock when it asked, in milliseconds since 1970, and the beginning of its label; `""`: none. */
    readonly asked: number;
    readonly label: string;
  }
  /** Waits until the lock that a request holds is stolen; it was granted at the ballot (counter, life). */
  | {
    readonly type: "guard";
    readonly register: RegisterId;
    readonly session: number;
    readonly request: number;
    readonly counter: number;
    readonly life: Life;
  }
  /** Removes a request from the holders and the queue. `unsure`: a write may still be adopted. */
  | {
    readonly type: "unlock";
    readonly register: RegisterId;
    readonly session: number;
    readonly request: number;
    readonly unsure: boolean;
  }
  /** The holders of a lock. */
  | { readonly type: "holders"; readonly register: RegisterId }
  /** The holders and queues of all locks, in pieces. */
  | { readonly type: "query" }
  /** Where a singleton runs; with `start`, it is started if it does not run. */
  | {
    readonly type: "place";
    readonly register: RegisterId;
    readonly spec: string;
    readonly args: Uint8Array;
    readonly start: boolean;
  }
  /** Calls an instance: at most once, however often it is sent. */
  | { readonly type: "call" } & GuestCall
  /** Calls an instance without waiting for the result; the call may be lost. */
  | { readonly type: "cast" } & GuestCall
  /** The newest living session of a node or guest. */
  | { readonly type: "session"; readonly node: string }
  /** The state of the members. */
  | { readonly type: "status" }
  /** Ends an own session. */
  | { readonly type: "end"; readonly session: number }
  /** Why a lock is not free. */
  | { readonly type: "explain"; readonly register: RegisterId };

/** One entry of a lock. */
export interface GuestLockEntry extends GuestPid {
  readonly mode: LockMode;
  /** The most owners, itself included; 0: not counted. */
  readonly permits: number;
  /** The fencing token; 0 in the queue. */
  readonly token: number;
  /** The wall clock of the requester when it asked; 0: not known. */
  readonly since: number;
  /** The beginning of its label; `""`: none. */
  readonly label: string;
}

/** The value of a key. */
export interface GuestState {
  readonly token: number;
  readonly value: Uint8Array;
  /** The node, or guest as `~id`, that it is bound to. */
  readonly node: string | null;
  /** The process that it is bound to. */
  readonly pid: GuestPid | null;
}

/** An error in the form in which it travels. */
export interface GuestFailure {
  readonly name: string;
  readonly message: string;
  readonly code: string | number | null;
  readonly cause: GuestFailure | string | null;
}

/** What a gateway knows of a member. */
export interface GuestMember {
  readonly id: string;
  readonly reachable: boolean;
  readonly state: string;
  readonly incarnation: Life | null;
}

/** The outcome of an operation that reached the cluster. */
export type GuestOutcome =
  /** The operation is done and has no value: `release`, `unlock`, `cast`, `end`. */
  | { readonly type: "done" }
  /** `read`: the value; `null`: none. */
  | { readonly type: "state"; readonly state: GuestState | null }
  /** `put`: the value that the cluster agreed on; `null`: that of this put. */
  | { readonly type: "agreed"; readonly token: number; readonly value: Uint8Array | null }
  /** `put`: something that the value is bound to has ended. */
  | { readonly type: "invalid"; readonly reason: string }
  /** `put`, `cell`: whether it took effect cannot be known. */
  | { readonly type: "unknown" }
  /** `cell`: it took effect, in the state with this token. */
  | { readonly type: "wrote"; readonly token: number }
  /** `cell`: it has another token. */
  | { readonly type: "conflict" }
  /** `list`, `query`: the number of pieces, all of which were sent before. */
  | { readonly type: "pieces"; readonly pieces: number }
  /** `lock`: granted with this token, known at the ballot (counter, life). */
  | {
    readonly type: "granted";
    readonly token: number;
    readonly counter: number;
    readonly life: Life;
  }
  /** `lock`: not available at once. `call`: the attempt has not begun and never will. */
  | { readonly type: "refused" }
  /** `handed`: the members have no room for a new key. */
  | { readonly type: "full" }
  /** `lock`: too many requests wait. */
  | { readonly type: "queueFull" }
  /** `lock`, `guard`: another request stole it. */
  | { readonly type: "stolen" }
  /** `lock`: its session is over. `call`: its host vanished. */
  | { readonly type: "lost" }
  /** `holders`. */
  | { readonly type: "entries"; readonly entries: readonly GuestLockEntry[] }
  /** `place`: where it runs. */
  | { readonly type: "at"; readonly pid: GuestPid; readonly token: number }
  /** `place`: it does not run. */
  | { readonly type: "nowhere" }
  /** `call`: what the method returned, encoded as a list of one value; or null and the number of a stream. */
  | { readonly type: "returned"; readonly value: Uint8Array }
  /** `call`: what the method threw. `place`: what the start threw. */
  | { readonly type: "threw"; readonly failure: GuestFailure }
  /** `call`: the instance did not start; `byHost`: because of its host. */
  | { readonly type: "notStarted"; readonly byHost: boolean; readonly failure: GuestFailure }
  /** `call`: the attempt has not begun and never will: too many wait. */
  | { readonly type: "busy" }
  /** `session`: the newest living session. */
  | { readonly type: "newest"; readonly session: SessionId | null }
  /** `status`. */
  | {
    readonly type: "members";
    readonly members: readonly GuestMember[];
    readonly waitingFor: readonly string[];
  }
  /** `explain`: an explanation as a value. */
  | { readonly type: "explained"; readonly value: Uint8Array };

/** News of an operation that goes on. */
export type GuestEvent =
  /** `lock`: the request is in the queue. */
  | { readonly type: "queued" }
  /** `call`: the method has begun; the attempt can no longer be refused. `watchAll`: all present keys follow. */
  | { readonly type: "begun" }
  /** `watch`: this state was chosen at the ballot (counter, life). */
  | {
    readonly type: "changed";
    readonly counter: number;
    readonly life: Life;
    readonly state: GuestState | null;
  }
  /** `watchAll`: a state with this token was chosen for a key; `null`: without a value. */
  | {
    readonly type: "entry";
    readonly register: RegisterId;
    readonly token: number;
    readonly value: Uint8Array | null;
  }
  /** `watchAll`: all present keys were told. */
  | { readonly type: "listed" };

/** A piece of a long result. */
export type GuestPiece =
  /** Keys; value and token if values were asked for. */
  | {
    readonly type: "keys";
    readonly keys: readonly {
      readonly register: RegisterId;
      readonly token: number | null;
      readonly value: Uint8Array | null;
    }[];
  }
  /** Locks. */
  | {
    readonly type: "locks";
    readonly locks: readonly {
      readonly register: RegisterId;
      readonly holders: readonly GuestLockEntry[];
      readonly queue: readonly GuestLockEntry[];
    }[];
  };

/** A message of a guest. */
export type UpMessage =
  /** Begins a connection: the time to live of the guest's sessions, and the number of the present one. */
  | { readonly type: "hello"; readonly ttl: number; readonly session: number }
  /** Asks a quorum, again for each request. */
  | {
    readonly type: "renew";
    readonly session: number;
    readonly renewal: number;
    readonly ttl: number;
  }
  /**
   * An operation. `since`: the guest's counter when it was made. `again`: it may have been sent before.
   * `timeout`: the time to look for a quorum, in milliseconds; 0: no limit.
   */
  | {
    readonly type: "run";
    readonly number: number;
    readonly since: number;
    readonly again: boolean;
    readonly timeout: number;
    readonly operation: GuestOperation;
  }
  /** Nothing more is to be proposed for this operation. */
  | { readonly type: "cancel"; readonly number: number }
  /** The answer to a put that was handed over. */
  | { readonly type: "handed"; readonly id: number; readonly outcome: GuestOutcome }
  /** The guest closes. */
  | { readonly type: "bye" };

/** A message of a gateway. */
export type DownMessage =
  /** The answer to `hello`; another one when the members have changed. */
  | {
    readonly type: "welcome";
    readonly member: string;
    readonly maxTtl: number;
    readonly maxValueBytes: number;
    readonly members: readonly string[];
  }
  /** A quorum has granted this renewal. */
  | { readonly type: "renewed"; readonly session: number; readonly renewal: number }
  /** The session is over. */
  | { readonly type: "lapsed"; readonly session: number }
  /** The result of an operation. */
  | { readonly type: "result"; readonly number: number; readonly outcome: GuestOutcome }
  /** An operation ended with an error. */
  | {
    readonly type: "failed";
    readonly number: number;
    readonly code: string;
    readonly message: string;
  }
  /** A piece of a result; `index` counts from 0. */
  | {
    readonly type: "part";
    readonly number: number;
    readonly index: number;
    readonly piece: GuestPiece;
  }
  /** News of an operation. */
  | { readonly type: "event"; readonly number: number; readonly event: GuestEvent }
  /** A put that another node bound to a process of the guest. */
  | {
    readonly type: "handover";
    readonly id: number;
    readonly op: OperationId;
    readonly register: RegisterId;
    readonly value: Uint8Array;
    readonly bindings: readonly GuestBinding[];
    readonly timeout: number;
    /** See `HandoverRequest`. */
    readonly since: number;
  }
  /** The gateway closes the connection. */
  | { readonly type: "bye"; readonly code: string; readonly message: string };

/** A frame of a guest. */
export interface UpFrame {
  /** The life of the gateway that it is for; `null` in a frame that begins with `hello`. */
  readonly gateway: Life | null;
  /** The genesis under which the guest's session was opened; `null` before it knows one. */
  readonly genesis: string | null;
  /** The newest ticket that the guest has from that gateway; 0: none. */
  readonly ticket: number;
  /** Results up to and including this operation are no longer wanted, except those in `open`. */
  readonly done: number;
  /** The operations up to and including `done` that the guest still waits for, in ascending order. */
  readonly open: readonly number[];
  readonly messages: readonly UpMessage[];
}

/** A frame of a gateway. */
export interface DownFrame {
  /** The life of the gateway. */
  readonly gateway: Life;
  /** The genesis that it lives under; `null` while it knows none. */
  readonly genesis: string | null;
  /** Its Lamport counter. */
  readonly clock: number;
  /** The newest ticket that it has given; 0: none. */
  readonly ticket: number;
  readonly messages: readonly DownMessage[];
}
