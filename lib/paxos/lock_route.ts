import type { LockEntry, LockValue } from "./lock_register.ts";

/** Up to this number of round trips a lock is held so briefly that its holder releases it before a message arrives. */
const BRIEF = 1.5;

/**
 * Up to this number of round trips a request waits for a write of its node, which would wait for its own round else. The
 * longer it waits, the more later requests pass it; with much less than this, orders come too late for that write.
 */
const SOON = 3;

/**
 * From this number of requests in its queue on, a lock is crowded. With fewer, hand-overs of one round empty the queue
 * before the requests of those that have released it arrive, and then all nodes are rivals for a free lock: with one
 * requester on each of three nodes, a hand-over takes twice as long.
 */
const CROWD = 2;

/** Whether enough requests wait for a lock that the promise of the next ballot, and requests, go ahead to the next holder. */
export function isCrowded({ queue }: LockValue): boolean {
  return queue.length >= CROWD;
}

/** Whether a node whose request is in that place of the queue (0: it holds the lock) writes the lock soon. */
export function isSoon(place: number, pace: number): boolean {
  return (place + 1) * pace <= SOON;
}

/** What a node knows of a lock besides its value. */
export interface LockPace {
  /** How many round trips pass from one holder to the next. */
  readonly pace: number;
  /** Whether this node is releasing that holder. */
  readonly isLeaving: (holder: LockEntry) => boolean;
}

/** Where a new request for a lock goes: to the node that writes the lock next, or to this node's own next write. */
export type Route = { readonly to: string } | "turn" | undefined;

/**
 * The route of a request of the node `self`; `undefined`: nothing is known. As a rule it goes to the first holder, which
 * writes next. One whose release is under way has written: then it is the first in the queue.
 */
export function routeOf(lock: LockValue, self: string, { pace, isLeaving }: LockPace): Route {
  const [first] = lock.holders;
  if (first === undefined) return undefined;
  if (!isCrowded(lock)) return { to: first.pid.node };
  const isOwn = first.pid.node === self;
  const hasLeft = isLeaving(first);
  if (isOwn && !hasLeft && isSoon(0, pace)) return "turn";
  const place = lock.queue.findIndex(({ pid }) => pid.node === self);
  if (place >= 0 && isSoon(place + 1, pace)) return "turn";
  const isOver = hasLeft || (!isOwn && pace <= BRIEF);
  return { to: (isOver && lock.queue[0] || first).pid.node };
}
