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
  /**
   * The most owners, itself included, that have the lock when it is granted: all of them with permits; the mode is
   * `shared` then. Default: not counted.
   */
  readonly permits?: number;
  /** The fencing token of the grant; 0 in the queue. */
  readonly token: number;
  /** The wall clock of the requester when it asked, in milliseconds since 1970. Default: not known. */
  readonly since?: number;
  /** For people: the beginning of the request's label, of at most `MAX_LABEL_BYTES`. Default: none. */
  readonly label?: string;
}

/** The most permits of a request, since all holders are in the value of the lock. */
export const MAX_PERMITS = 1_024;

/** The value of a lock's register; a lock without any entry is an absent register. */
export interface LockValue {
  /** The holders: one exclusive holder, or several that share the lock, all of them with permits or none. */
  readonly holders: readonly LockEntry[];
  /** The waiting requests, first come, first served. */
  readonly queue: readonly LockEntry[];
  /**
   * The token of the write that made the lock present after absence, dropped entries of ended sessions or emptied `left`,
   * whichever was last; 0 without any entry.
   */
  readonly term: number;
  /** The highest requests that were handed over and have left in this term, one for each session. */
  readonly left: readonly LeftRequest[];
}

/** The highest number of the requests of a session that were handed over and have left a lock. */
export interface LeftRequest {
  /** The session. */
  readonly session: SessionId;
  /** The number of the request. */
  readonly request: number;
}

/** The part of a label that an entry carries, in bytes of UTF-8, to bound the value of a lock. */
export const MAX_LABEL_BYTES = 64;

/** Requests that may wait for one lock, to bound its value; more are refused with `queue_full`. */
export const MAX_QUEUE = 4_096;

/** Sessions in `left`, to bound the value of a lock; with more of them a new term begins. */
export const MAX_LEFT = 64;

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
  /** Requests of one session that its node has handed over: applied all or none, and void if they may have left. */
  | { readonly type: "order"; readonly term: number; readonly entries: readonly LockEntry[] }
  /** Removes a request, whether it waits or holds: for `release` and `withdraw`. */
  | {
    readonly type: "release";
    readonly session: SessionId;
    readonly request: number;
    /** Whether it was handed over: then an order with it may come later, and finds it in `left`. */
    readonly ordered?: boolean;
  }
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
  /** Orders that may be late: nothing was done. */
  | { readonly kind: "void" }
  /** The session of the request has ended: nothing was done for it. */
  | { readonly kind: "ended" }
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
export const FREE: LockValue = /* @__PURE__ */ Object.freeze({
  holders: [],
  queue: [],
  term: 0,
  left: [],
});

/**
 * Applies a command to a lock. First drops the entries of sessions that have ended; last grants to the head of
 * the queue, shared requests together. `token` becomes the token of the new grants.
 *
 * A drop begins a new term: an order of that session may still come to a node that does not know of its end.
 */
export function applyCommand(
  before: LockValue,
  command: LockCommand,
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  const live = dropEnded(before, hasEnded);
  const { value: applied, result } = apply(live, command, token, hasEnded);
  const value = applied.holders.length === 0
    ? FREE
    : before.holders.length === 0 || live !== before
    ? { ...applied, term: token, left: [] }
    : applied;
  // A value that another node wrote may be unsound already; that is not for this node to answer for.
  assertInvariant(
    holdersShare(value) || !holdersShare(before),
    "an exclusive lock has at most one owner",
  );
  assertInvariant(
    !hasDoubles(value, SEARCHED) || hasDoubles(before, Infinity),
    "a lock names each request once, as a holder or in its queue",
  );
  return { value, result };
}

/** The same for a lock without entries of sessions that have ended. */
function apply(
  live: LockValue,
  command: LockCommand,
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  if (command.type === "request" && hasEnded(command.entry.pid.session)) {
    return { value: grant(live, token), result: { kind: "ended" } };
  }
  if (command.type === "request" && command.steal) return steal(live, command, token);
  const value = grant(live, token);
  switch (command.type) {
    case "request":
      return request(value, command, token);
    case "order":
      return order(value, command, token, hasEnded);
    case "release": {
      const others = (entry: LockEntry) => !isRequest(entry, command.session, command.request);
      const rest = {
        ...value,
        holders: value.holders.filter(others),
        queue: value.queue.filter(others),
      };
      const left = command.ordered === true ? withLeft(rest, command, token) : rest;
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

/** Whether a request may have this number of permits. */
export function isPermits(permits: unknown): permits is number {
  return Number.isInteger(permits) && permits as number >= 1 && permits as number <= MAX_PERMITS;
}

/** Whether two lock values are the same. */
export function sameLock(a: LockValue, b: LockValue): boolean {
  return sameEntries(a.holders, b.holders) && sameEntries(a.queue, b.queue) &&
    a.term === b.term && sameLeft(a.left, b.left);
}

function sameLeft(a: readonly LeftRequest[], b: readonly LeftRequest[]): boolean {
  return a === b || (a.length === b.length && a.every(({ session, request }, index) => {
    return session === b[index].session && request === b[index].request;
  }));
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

/** Applies orders, all or none. A late one does nothing: its term is over, or its request has left since. */
function order(
  value: LockValue,
  { term, entries }: LockCommand & { type: "order" },
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  const isIn = ({ pid, request }: LockEntry) => {
    const is = (other: LockEntry) => isRequest(other, pid.session, request);
    return value.holders.some(is) || value.queue.some(is);
  };
  const fresh = entries.filter((entry) => !isIn(entry));
  const hasLeft = ({ pid, request }: LockEntry) =>
    value.left.some((one) => one.session === pid.session && one.request >= request);
  const isLate = value.holders.length === 0 || value.term !== term || fresh.some(hasLeft);
  if (isLate || entries.some(({ pid }) => hasEnded(pid.session))) {
    return { value, result: { kind: "void" } };
  }
  if (value.queue.length + fresh.length > MAX_QUEUE) {
    return { value, result: { kind: "queue_full" } };
  }
  const queue = [...value.queue, ...fresh];
  return { value: grant({ ...value, queue }, token), result: { kind: "queued" } };
}

/** Notes that a request which was handed over has left, whether it was there or not. */
function withLeft(
  value: LockValue,
  { session, request }: LeftRequest,
  token: number,
): LockValue {
  const known = value.left.find((one) => one.session === session);
  if (known !== undefined && known.request >= request) return value;
  const left = [...value.left.filter((one) => one !== known), { session, request }];
  // All orders under way are void in another term.
  return left.length > MAX_LEFT ? { ...value, term: token, left: [] } : { ...value, left };
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
  const stolen = { ...value, holders: [{ ...entry, token }] };
  return { value: stolen, result: { kind: "granted", token } };
}

function grant(value: LockValue, token: number): LockValue {
  if (value.queue.length === 0) return value;
  let granted = 0;
  const holders = [...value.holders];
  while (granted < value.queue.length && isCompatible(holders, value.queue[granted])) {
    holders.push({ ...value.queue[granted], token });
    granted++;
  }
  return granted === 0 ? value : { ...value, holders, queue: value.queue.slice(granted) };
}

function isCompatible(holders: readonly LockEntry[], entry: LockEntry): boolean {
  if (holders.length === 0) return true;
  if (holders.length >= (entry.permits ?? Infinity)) return false;
  return entry.mode === "shared" && holders.every((holder) => areAlike(holder, entry));
}

/** Whether two requests share a lock in the same way. */
function areAlike(a: LockEntry, b: LockEntry): boolean {
  return a.mode === b.mode && (a.permits === undefined) === (b.permits === undefined);
}

/** Whether there is at most one holder, or all of them share the lock in the same way, and are not too many. */
function holdersShare({ holders }: LockValue): boolean {
  if (holders.length <= 1) return true;
  const [first] = holders;
  const most = Math.max(...holders.map(({ permits }) => permits ?? Infinity));
  return holders.length <= most &&
    holders.every((holder) => holder.mode === "shared" && areAlike(holder, first));
}

/** Whether a lock names a request twice; not searched for above `most` entries. */
function hasDoubles({ holders, queue }: LockValue, most: number): boolean {
  const count = holders.length + queue.length;
  if (count < 2 || count > most) return false;
  const entries = [...holders, ...queue];
  return entries.some(({ pid, request }, index) =>
    entries.findIndex((other) => isRequest(other, pid.session, request)) !== index
  );
}

/** `value` without the entries of sessions that have ended; grants nothing. */
export function dropEnded(value: LockValue, hasEnded: (session: SessionId) => boolean): LockValue {
  const lives = (entry: LockEntry) => !hasEnded(entry.pid.session);
  const { holders, queue } = value;
  if (holders.every(lives) && queue.every(lives)) return value;
  return { ...value, holders: holders.filter(lives), queue: queue.filter(lives) };
}

function sameEntries(a: readonly LockEntry[], b: readonly LockEntry[]): boolean {
  return a === b || (a.length === b.length && a.every((entry, index) => {
    const other = b[index];
    return isRequest(entry, other.pid.session, other.request) && entry.token === other.token;
  }));
}
