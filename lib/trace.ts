import type { Key } from "./codec/key.ts";
import type { Life } from "./paxos/ballot.ts";
import type { LockMode } from "./paxos/lock_register.ts";
import type { Pid, REGISTER_KINDS, SessionId } from "./paxos/register.ts";

/** What is agreed on by itself, by its name. */
export interface TraceRegister {
  /** What it is: a key of the KV, a lock, a singleton, or another use of a register. */
  kind: keyof typeof REGISTER_KINDS;
  /** The bucket of a key, the id of the spec of a singleton; `null`: the default bucket. */
  bucket: string | null;
  /** The key. */
  key: Key;
}

/** A ballot: attempts are ordered by it. */
export interface TraceBallot {
  /** The counter; that of the ballot which wrote a value is its fencing token. */
  counter: number;
  /** The life of the node that proposes. */
  life: Life;
}

/** One request for a lock, from its first message to its end. */
export interface TraceLock {
  /** The key of the lock. */
  key: Key;
  /** The owner. */
  pid: Pid;
  /** The number of the request in this node. */
  request: number;
  /** `"exclusive"` or `"shared"`. */
  mode: LockMode;
  /** Its label; `null`: none. */
  label: string | null;
}

/** One attempt at a call of a singleton, as its host and its caller number it. */
export interface TraceCall {
  /** The id of the spec. */
  spec: string;
  /** The key of the singleton. */
  key: Key;
  /** The name of the method. */
  method: string;
}

/** The events of proposals: a change of what is agreed on. */
export type ProposalEvent =
  /** First round of an attempt: this node asks the members to promise `ballot`. */
  | { type: "proposal.prepare"; register: TraceRegister; ballot: TraceBallot }
  /** Only round, if all members take its value: it asks them to do so at `ballot`. */
  | { type: "proposal.fast"; register: TraceRegister; ballot: TraceBallot }
  /** Second round: it asks them to accept a state. `present`: a value, not a release. */
  | { type: "proposal.accept"; register: TraceRegister; ballot: TraceBallot; present: boolean }
  /** Members promised a higher ballot to a rival: the attempt is made again after a random wait. */
  | { type: "proposal.refused"; register: TraceRegister; ballot: TraceBallot }
  /** The attempt cannot get a quorum any more, or was outdated: it is made again at once. */
  | { type: "proposal.restarted"; register: TraceRegister; ballot: TraceBallot }
  /** Members have no room for a new key. */
  | { type: "proposal.full"; register: TraceRegister; missing: string[] }
  /**
   * A state is chosen, or was found chosen (`written: false`). `changes` were made by it together; it took `roundTrips`
   * and `duration` milliseconds, waits included.
   */
  | {
    type: "proposal.chosen";
    register: TraceRegister;
    ballot: TraceBallot;
    token: number;
    written: boolean;
    changes: number;
    roundTrips: number;
    duration: number;
  }
  /** Nothing waits for its outcome any more: time limits, or aborted. It may still be chosen. */
  | { type: "proposal.abandoned"; register: TraceRegister; roundTrips: number; duration: number }
  /** A read by one round trip; `agreed: false`: the members had different states, so a proposal settles it. */
  | { type: "read"; register: TraceRegister; agreed: boolean };

/** The events of sessions. */
export type SessionEvent =
  /** A quorum granted the node's session, for `ttl` milliseconds from the sending of each renewal. */
  | { type: "session.granted"; session: SessionId; ttl: number }
  /** A quorum renewed it: the answers took `roundTrip` milliseconds, and it now lasts for `remaining`. */
  | { type: "session.renewed"; session: SessionId; roundTrip: number; remaining: number }
  /** A member refused a renewal. */
  | { type: "session.refused"; session: SessionId; by: string }
  /** The session is over, and all that depended on it. `granted`: it was valid once. */
  | { type: "session.lost"; session: SessionId; granted: boolean }
  /** This node asked a quorum to end the session of another node that looks dead; `ended: false`: it lives. */
  | { type: "session.fenced"; session: SessionId; ended: boolean };

/** The events of a node's place in its cluster, and of the members. */
export type MembershipEvent =
  /** The node has taken a new life: its memory is gone, or its clock went back. */
  | { type: "life"; life: Life }
  /** The node lives under the start `genesis` of its cluster; `again`: after it lived under another one. */
  | { type: "genesis"; genesis: string; again: boolean }
  /** The members lost too much to go on: this one gives the start of its cluster up. */
  | { type: "genesis.lost" }
  /** The node copies what the members agreed on: it lost its memory, or was added to the members. */
  | { type: "recovery.began"; epoch: number }
  /** The node has copied `registers` registers. */
  | { type: "recovery.ended"; registers: number }
  /** The node votes from now on. */
  | { type: "vote" }
  /** A member came back without its memory, votes (again), or has not been heard for a `sessionTtl`. */
  | { type: "member"; id: string; state: "recovering" | "operational" | "unreachable" }
  /** The node follows another list of members; a change is under way unless `settled`. */
  | { type: "members"; epoch: number; members: string[]; settled: boolean }
  /** The node is a member no more. */
  | { type: "removed" }
  /** A way to another node has opened. */
  | { type: "connection.opened"; to: string }
  /** No connection to another node could be made; `reason` is a text for people. */
  | { type: "connection.failed"; to: string; reason: string }
  /** What an `error` event of the node tells. */
  | { type: "error"; code: string | null; message: string };

/** The events of the locks of this node. */
export type LockEvent =
  /** The lock is requested. */
  | { type: "lock.requested"; ifAvailable: boolean; steal: boolean } & TraceLock
  /** Others own it: the request is in the queue. */
  | { type: "lock.queued" } & TraceLock
  /** The node owns it, `waited` milliseconds after the request. */
  | { type: "lock.granted"; token: number; waited: number } & TraceLock
  /** The request has ended without the lock; `reason` is a code or the name of an error. */
  | { type: "lock.refused"; reason: string } & TraceLock
  /** The node gives it back. */
  | { type: "lock.released"; token: number } & TraceLock
  /** The node lost it; `reason` is a code or the name of an error. */
  | { type: "lock.lost"; token: number; reason: string } & TraceLock;

/** The events of singletons, of their callers and of their hosts. */
export type CallEvent =
  /** This node sends a call to the node `to`. */
  | { type: "call.sent"; to: string } & TraceCall
  /**
   * The call has ended for its caller, after `duration` milliseconds: it returned or threw, was refused (and is made
   * again), the start of the singleton failed, the host is lost, or the caller waits no more (`abandoned`).
   */
  | {
    type: "call.ended";
    to: string;
    outcome:
      | "returned"
      | "threw"
      | "refused"
      | "busy"
      | "failed"
      | "started"
      | "lost"
      | "abandoned";
    duration: number;
  } & TraceCall
  /** A call of the node or guest `from` begins here, as its singleton's host. */
  | { type: "call.began"; from: string } & TraceCall
  /** It has ended here; `duration` is the time from its beginning to its answer, in milliseconds. */
  | { type: "call.answered"; from: string; outcome: "returned" | "threw"; duration: number }
    & TraceCall
  /** An instance begins here, with this fencing token. */
  | { type: "instance.started"; spec: string; key: Key; pid: Pid; token: number }
  /** It has ended. */
  | { type: "instance.ended"; spec: string; key: Key; pid: Pid; token: number };

/** Why a frame is dropped. */
export type DropReason = "malformed" | "version" | "counter" | "failed" | "overload";

/** The events of messages of others, and of guests. */
export type TrafficEvent =
  /**
   * A frame of another node is dropped as a whole: it is `malformed`, of another `version` of the format, has a `counter`
   * out of bounds, its handling has `failed`, or it came faster than frames can be handled (`overload`). `from` is `null`
   * if the handling of what came earlier has failed; `detail` is a text for people.
   */
  | {
    type: "frame.dropped";
    from: string | null;
    bytes: number;
    reason: DropReason;
    detail: string;
  }
  /** A single request or reply of another node is skipped: it is not for nodes of its role. */
  | {
    type: "message.refused";
    from: string;
    role: "member" | "client" | "outsider";
    message: string;
  }
  /** An operation of a guest that this member serves has ended; `error` is its code, if it failed. */
  | { type: "guest.operation"; guest: string; operation: string; error: string | null };

/** One event, before it has its time. */
export type UntimedEvent =
  | ProposalEvent
  | SessionEvent
  | MembershipEvent
  | LockEvent
  | CallEvent
  | TrafficEvent;

/**
 * One decision of a node, as plain data: what `trace` of `join` is called with. `at` is when it was made, in
 * milliseconds since 1970. Types may be added; take what you know, and leave the others.
 */
export type TraceEvent = UntimedEvent & { at: number };

/** The names of the events. */
export type TraceEventType = TraceEvent["type"];
