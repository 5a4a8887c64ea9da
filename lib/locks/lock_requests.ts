import { SynodError } from "../errors.ts";
import type { Limits } from "../node/shell.ts";
import type { Owner } from "../owners/owner.ts";
import { type LockEntry, MAX_QUEUE } from "../paxos/lock_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Explanation } from "./explanation.ts";
import type { LockRequest, LockWish } from "./lock_request.ts";

/** A request for a lock. */
export interface AcquireOptions extends Limits, LockWish {
  readonly ifAvailable: boolean;
  readonly steal: boolean;
  /** Called when the request is known to be in the queue. */
  readonly queued?: () => void;
}

/** The requests of one node for locks. */
export interface LockRequests {
  /**
   * Waits for the lock and returns the request that holds it; `null` if it was requested with `ifAvailable`
   * and is not available. Rejects with `no_quorum` at the deadline.
   */
  acquire(register: RegisterId, owner: Owner, options: AcquireOptions): Promise<LockRequest | null>;
  /** Releases the lock, or the place in its queue. Never rejects. */
  release(request: LockRequest): Promise<void>;
  /** The present owners. */
  current(
    register: RegisterId,
    limits: Limits,
  ): Promise<{ readonly holders: readonly HeldRequest[] }>;
  /** Why the lock is not free. */
  explain(register: RegisterId, limits: Limits): Promise<Explanation>;
}

/** One owner of a lock. */
export type HeldRequest = Omit<LockEntry, "request">;

/** Time after which a held lock is watched for theft, in milliseconds: most locks are held more briefly. */
export const LONG_HELD = 100;

/** The error of a request that finds a full queue. */
export function queueFull(): SynodError {
  return new SynodError("queue_full", `${MAX_QUEUE} requests wait for this lock already`);
}

/** The error of an owner that lost its lock to a theft. */
export function stolen(): DOMException {
  return new DOMException("The lock was stolen by another request", "AbortError");
}
