import type { Pid, SessionId } from "./register.ts";

/** How a lock is shared: with nobody, or with all that want it shared, too. */
export type LockMode = "exclusive" | "shared";

/** One request for a lock, as its holder or in its queue. */
export interface LockEntry {
  /** The owner. */
  readonly pid: Pid;
  /** Unique in the life of the pid's session. */
  readonly request: number;
  /** How it is shared. */
  readonly mode: LockMode;
  /** The fencing token of the grant; 0 in the queue. */
  readonly token: number;
}

/** What the register of a lock holds; a lock without any entry is an absent register. */
export interface LockValue {
  /** Who has it: one, or several that share it. */
  readonly holders: readonly LockEntry[];
  /** First come, first served. */
  readonly queue: readonly LockEntry[];
}

/** So many wait for one lock at most. */
export const MAX_QUEUE = 4_096;

/** What is done to a lock. */
export type LockOrder =
  | {
    readonly type: "request";
    readonly entry: LockEntry;
    /** Only if it is granted at once. */
    readonly ifAvailable: boolean;
    /** Takes the lock from whoever holds it; exclusive only. */
    readonly steal: boolean;
    /** Whether a new state with this request was sent before, and may have been chosen. */
    readonly sent: boolean;
  }
  /** Takes a request back, whether it waits or holds: `release` and `withdraw` alike. */
  | { readonly type: "release"; readonly session: SessionId; readonly request: number }
  /** Nothing but what every order does: drops whose session has ended, and grants. */
  | { readonly type: "tidy" };

/** What became of a request. */
export type LockResult =
  | { readonly kind: "granted"; readonly token: number }
  | { readonly kind: "queued" }
  /** Not available at once. */
  | { readonly kind: "refused" }
  /** `MAX_QUEUE` others wait. */
  | { readonly kind: "queue_full" }
  /** It was there, and is gone: stolen. */
  | { readonly kind: "stolen" }
  /** It would take away what this very round grants: the next round has to do it. */
  | { readonly kind: "later" }
  | { readonly kind: "done" };

/** What an order makes of a lock. */
export interface LockOutcome {
  /** Encoded. */
  readonly value: LockValue;
  /** What the change function returned. */
  readonly result: LockResult;
}

/** A lock that nobody holds or waits for. */
export const FREE: LockValue = Object.freeze({ holders: [], queue: [] });

/**
 * Does something to a lock. First drops the entries of sessions that have ended, and last grants to
 * the head of the queue, shared requests together; `token` becomes the token of what is granted now.
 */
export function applyOrder(
  before: LockValue,
  order: LockOrder,
  token: number,
  hasEnded: (session: SessionId) => boolean,
): LockOutcome {
  const live = dropEnded(before, hasEnded);
  if (order.type === "request" && order.steal) return steal(live, order, token);
  const value = grant(live, token);
  switch (order.type) {
    case "request":
      return request(value, order, token);
    case "release": {
      const others = (entry: LockEntry) => !isRequest(entry, order.session, order.request);
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
  order: LockOrder & { type: "request" },
  token: number,
): LockOutcome {
  const { entry, ifAvailable } = order;
  const is = (other: LockEntry) => isRequest(other, entry.pid.session, entry.request);
  // A request that is tried again takes effect once.
  const held = value.holders.find(is);
  if (held !== undefined) return { value, result: { kind: "granted", token: held.token } };
  if (value.queue.some(is)) return { value, result: { kind: "queued" } };
  if (value.queue.length === 0 && isCompatible(value.holders, entry)) {
    const holders = [...value.holders, { ...entry, token }];
    return { value: { ...value, holders }, result: { kind: "granted", token } };
  }
  if (ifAvailable) return { value, result: { kind: "refused" } };
  if (value.queue.length >= MAX_QUEUE) return { value, result: { kind: "queue_full" } };
  return { value: { ...value, queue: [...value.queue, entry] }, result: { kind: "queued" } };
}

/** Takes the place of whoever holds it; the queue stays as it is. */
function steal(
  value: LockValue,
  { entry, sent }: LockOrder & { type: "request" },
  token: number,
): LockOutcome {
  const is = (other: LockEntry) => isRequest(other, entry.pid.session, entry.request);
  const held = value.holders.find(is);
  if (held !== undefined) {
    return { value: grant(value, token), result: { kind: "granted", token: held.token } };
  }
  // It may have stolen the lock, and lost it to a later thief: once is enough.
  if (sent) return { value: grant(value, token), result: { kind: "stolen" } };
  // Granted by an order before this one in the same round: its owner will be told so, with this token.
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
