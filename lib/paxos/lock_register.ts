import { assertInvariant } from "./invariant.ts";
import type { Pid, SessionId } from "./register.ts";

/** How a lock is shared: `exclusive` has one holder, `shared` any number of shared ones. */
export type LockMode = "exclusive" | "shared";

/** One request for a lock, as its holder or in its queue. */
export interface LockEntry {
  /** The owner. */
  readonly pid: Pid;
  /** The number of the request, unique in the pid's session. */
  readonly request: number;
  /** How it is shared. */
  readonly mode: LockMode;
  /** The fencing token of the grant; 0 in the queue. */
  readonly token: number;
}

/** The value of a lock's register; a lock without any entry is an absent register. */
export interface LockValue {
  /** The holders: one exclusive holder, or several that share the lock. */
  readonly holders: readonly LockEntry[];
  /** The waiting requests, first come, first served. */
  readonly queue: readonly LockEntry[];
}

/** Requests that may wait for one lock, to bound its value; more are refused with `queue_full`. */
export const MAX_QUEUE = 4_096;

/** An operation on a lock. */
export type LockCommand =
  | {
    readonly type: "request";
    readonly entry: LockEntry;
    /** Only if it is granted at once. */
    readonly ifAvailable: boolean;
    /** Takes the lock from its holders; exclusive only. */
    readonly steal: boolean;
    /** Whether a new state with this request was sent before, and may have been chosen. */
    readonly sent: boolean;
  }
  /** Removes a request, whether it waits or holds: for `release` and `withdraw`. */
  | { readonly type: "release"; readonly session: SessionId; readonly request: number }
  /** Only the common part of every command: drops entries of ended sessions, and grants. */
  | { readonly type: "tidy" };

/** The outcome of a request. */
export type LockResult =
  | { readonly kind: "granted"; readonly token: number }
  | { readonly kind: "queued" }
  /** Not available at once. */
  | { readonly kind: "unavailable" }
  /** `MAX_QUEUE` other requests wait. */
  | { readonly kind: "queue_full" }
  /** The request was granted, and another one stole the lock. */
  | { readonly kind: "stolen" }
  /** It would steal a grant of this same round: it has to wait for the next round. */
  | { readonly kind: "later" }
  | { readonly kind: "done" };

/** The lock after a command. */
export interface LockOutcome {
  /** The new value. */
  readonly value: LockValue;
  /** The outcome of the command. */
  readonly result: LockResult;
}

/**
 * Entries up to which a lock is searched for doubles after each command: the search takes as long as the square of their
 * number, and a command on a longer queue should not take longer than its encoding.
 */
const SEARCHED = 32;

/** A lock without holders and waiting requests. */
export const FREE: LockValue = Object.freeze({ holders: [], queue: [] });

/**
 * Applies a command to a lock. First drops the entries of sessions that have ended; last grants to the head of
 * the queue, shared requests together. `token` becomes the token of the new grants.
 */
export function applyCommand(
  before: LockValue,
  command: LockCommand,
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  const outcome = apply(before, command, token, hasEnded);
  const { value } = outcome;
  // A value that another node wrote may be unsound already; that is not for this node to answer for.
  assertInvariant(
    holdersShare(value) || !holdersShare(before),
    "an exclusive lock has at most one owner",
  );
  assertInvariant(
    !hasDoubles(value, SEARCHED) || hasDoubles(before, Infinity),
    "a lock names each request once, as a holder or in its queue",
  );
  return outcome;
}

function apply(
  before: LockValue,
  command: LockCommand,
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  const live = dropEnded(before, hasEnded);
  if (command.type === "request" && command.steal) return steal(live, command, token);
  const value = grant(live, token);
  switch (command.type) {
    case "request":
      return request(value, command, token);
    case "release": {
      const others = (entry: LockEntry) => !isRequest(entry, command.session, command.request);
      const left = { holders: value.holders.filter(others), queue: value.queue.filter(others) };
      return { value: grant(left, token), result: { kind: "done" } };
    }
    case "tidy":
      return { value, result: { kind: "done" } };
  }
}

/** Whether `entry` is that request. */
export function isRequest(entry: LockEntry, session: SessionId, request: number): boolean {
  return entry.request === request && entry.pid.session === session;
}

/** Whether two lock values are the same. */
export function sameLock(a: LockValue, b: LockValue): boolean {
  return sameEntries(a.holders, b.holders) && sameEntries(a.queue, b.queue);
}

function request(
  value: LockValue,
  command: LockCommand & { type: "request" },
  token: number,
): LockOutcome {
  const { entry, ifAvailable } = command;
  const is = (other: LockEntry) => isRequest(other, entry.pid.session, entry.request);
  // A retried request takes effect once.
  const held = value.holders.find(is);
  if (held !== undefined) return { value, result: { kind: "granted", token: held.token } };
  if (value.queue.some(is)) return { value, result: { kind: "queued" } };
  if (value.queue.length === 0 && isCompatible(value.holders, entry)) {
    const holders = [...value.holders, { ...entry, token }];
    return { value: { ...value, holders }, result: { kind: "granted", token } };
  }
  if (ifAvailable) return { value, result: { kind: "unavailable" } };
  if (value.queue.length >= MAX_QUEUE) return { value, result: { kind: "queue_full" } };
  return { value: { ...value, queue: [...value.queue, entry] }, result: { kind: "queued" } };
}

/** Replaces the holders; the queue stays as it is. */
function steal(
  value: LockValue,
  { entry, sent }: LockCommand & { type: "request" },
  token: number,
): LockOutcome {
  const is = (other: LockEntry) => isRequest(other, entry.pid.session, entry.request);
  const held = value.holders.find(is);
  if (held !== undefined) {
    return { value: grant(value, token), result: { kind: "granted", token: held.token } };
  }
  // An earlier attempt may have stolen the lock, and lost it to a later thief: a steal takes effect once.
  if (sent) return { value: grant(value, token), result: { kind: "stolen" } };
  // An earlier command of the same round granted it: its owner will be told so, with this token.
  if (value.holders.some((holder) => holder.token === token)) {
    return { value: grant(value, token), result: { kind: "later" } };
  }
  const stolen = { holders: [{ ...entry, token }], queue: value.queue };
  return { value: stolen, result: { kind: "granted", token } };
}

function grant(value: LockValue, token: number): LockValue {
  let granted = 0;
  const holders = [...value.holders];
  while (granted < value.queue.length && isCompatible(holders, value.queue[granted])) {
    holders.push({ ...value.queue[granted], token });
    granted++;
  }
  return granted === 0 ? value : { holders, queue: value.queue.slice(granted) };
}

function isCompatible(holders: readonly LockEntry[], entry: LockEntry): boolean {
  if (holders.length === 0) return true;
  return entry.mode === "shared" && holders.every((holder) => holder.mode === "shared");
}

/** Whether there is at most one holder, or all of them share the lock. */
function holdersShare({ holders }: LockValue): boolean {
  return holders.length <= 1 || holders.every(({ mode }) => mode === "shared");
}

/** Whether a lock names a request twice; not searched for above `most` entries. */
function hasDoubles({ holders, queue }: LockValue, most: number): boolean {
  if (holders.length + queue.length > most) return false;
  const entries = [...holders, ...queue];
  return entries.some(({ pid, request }, index) =>
    entries.findIndex((other) => isRequest(other, pid.session, request)) !== index
  );
}

/** `value` without the entries of sessions that have ended; grants nothing. */
export function dropEnded(value: LockValue, hasEnded: (session: SessionId) => boolean): LockValue {
  const lives = (entry: LockEntry) => !hasEnded(entry.pid.session);
  if (value.holders.every(lives) && value.queue.every(lives)) return value;
  return { holders: value.holders.filter(lives), queue: value.queue.filter(lives) };
}

function sameEntries(a: readonly LockEntry[], b: readonly LockEntry[]): boolean {
  return a === b || (a.length === b.length && a.every((entry, index) => {
    const other = b[index];
    return isRequest(entry, other.pid.session, other.request) && entry.token === other.token;
  }));
}
