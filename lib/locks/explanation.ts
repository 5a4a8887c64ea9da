import type { Key } from "../codec/key.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { Pid } from "../paxos/register.ts";

/** One owner of a lock, or one request that waits for it, as an {@linkcode Explanation} names it. */
export interface LockParty {
  /** The node, or `~id` of a guest. */
  node: string;
  /** The process. */
  pid: Pid;
  /** `"exclusive"` or `"shared"`. */
  mode: LockMode;
  /** The most owners that its request allows, itself included; `null`: not counted. */
  permits: number | null;
  /** When it asked for the lock, by the wall clock of its node, in milliseconds since 1970; `null`: not known. */
  since: number | null;
  /**
   * The label of the request; `null`: none. That of a guest, of a node that does not answer within a second, of an owner
   * after the first hundred, and in a cycle: at most the first 64 bytes of it.
   */
  label: string | null;
}

/** One owner of a lock. */
export interface LockOwnerParty extends LockParty {
  /** Its fencing token. */
  token: number;
  /**
   * Milliseconds after which others may take the lock if its node renews the session no more, at the time of the
   * explanation; `null`: not known.
   */
  remaining: number | null;
  /** Other locks that this process waits for. */
  waitsFor: Key[];
}

/** One lock of a cycle: its owner waits for the next lock, and that of the last one for the first. */
export interface DeadlockStep {
  /** The key of the lock. */
  key: Key;
  /** Its owner, which waits for the lock of the next step. */
  owner: LockParty;
}

/** Locks whose owners wait for one another. */
export interface Deadlock {
  /**
   * Whether each owner in the cycle is the very process that waits for the next lock, so that none of them will go on.
   * Otherwise it is the same session: locks of `node.lock` and `locks.request` have owners of their own, so they are a
   * deadlock if one task of the program asked for both.
   */
  certain: boolean;
  /** The cycle; it begins with the lock that is explained. */
  cycle: DeadlockStep[];
}

/** Why a lock is not free; plain data. */
export interface Explanation {
  /** The key of the lock. */
  key: Key;
  /** When it was made, in milliseconds since 1970. */
  at: number;
  /** `"unknown"`: there is no quorum that knows it. */
  state: "free" | "held" | "unknown";
  /** Why it is unknown: which members do not answer; otherwise `null`. */
  reason: string | null;
  /** The owners: one, or several that share the lock. */
  holders: LockOwnerParty[];
  /** The requests that wait, in the order in which they will be granted; at most the first 100. */
  waiters: LockParty[];
  /** How many wait. */
  waiting: number;
  /** What frees the lock, for people; `null`: it is free, or unknown. */
  freedBy: string | null;
  /**
   * When others can have it at the latest if the nodes of its owners have stopped by now, in milliseconds since 1970.
   * As long as they run and renew their sessions, this time moves on. `null`: it is free, or not known.
   */
  latest: number | null;
  /** The cycle that it is part of; `null`: none was found. */
  deadlock: Deadlock | null;
  /** All of it as one text for people. */
  text: string;
}
