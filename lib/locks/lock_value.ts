import { decodeValue, encodeValue, isSession, MalformedError } from "../codec.ts";
import { FREE, type LockValue } from "../paxos/lock_register.ts";
import type { SessionId, State } from "../paxos/register.ts";
import { type LockRows, readRows, writeRows } from "./lock_rows.ts";

/** Longest encoded value, in bytes; far above what the longest queue takes. */
const MAX_BYTES = 8 * 2 ** 20;

/** Decoded values by their bytes: decoding a long queue takes time, and a state is read often. */
const decoded = new WeakMap<Uint8Array, LockValue>();

/** The rows of queues that were written or read, for decoding the next value of the same lock. */
const queues = new WeakMap<LockValue, LockRows>();

/**
 * Decodes the register of a lock. Throws `MalformedError` for bytes that no node of this version wrote.
 * `before` is an earlier value of the same lock: unchanged entries are not decoded again.
 */
export function lockOf(state: State | null, before?: LockValue): LockValue {
  if (state === null || !state.present) return FREE;
  const known = decoded.get(state.value);
  if (known !== undefined) return known;
  const value = parse(decodeValue(state.value), before && queues.get(before));
  decoded.set(state.value, value);
  return value;
}

/** Encodes the register of a lock. */
export function encodeLock(value: LockValue): Uint8Array {
  // Sorted, so that sessions keep their places when the next request gets the lock.
  const sessions = sessionsOf(value).sort();
  const holders = writeRows(sessions, value.holders, true);
  const queue = writeRows(sessions, value.queue, false);
  const bytes = encodeValue([sessions, holders.bytes, queue.bytes], MAX_BYTES);
  decoded.set(bytes, value);
  queues.set(value, queue);
  return bytes;
}

/**
 * A placeholder for the bytes of `value` while further changes are made to it in the same round; it must not
 * be sent.
 */
export function sketchLock(value: LockValue): Uint8Array {
  const sketch = new Uint8Array(0);
  decoded.set(sketch, value);
  return sketch;
}

/** The sessions of the holders and of the queue. */
export function sessionsOf({ holders, queue }: LockValue): SessionId[] {
  const sessions = new Set<SessionId>();
  for (const { pid } of holders) sessions.add(pid.session);
  for (const { pid } of queue) sessions.add(pid.session);
  return [...sessions];
}

function parse(value: unknown, before: LockRows | undefined): LockValue {
  if (!Array.isArray(value) || value.length !== 3) refuse();
  const [sessions, holders, queue] = value;
  if (!Array.isArray(sessions) || !sessions.every(isSession)) refuse();
  if (!(holders instanceof Uint8Array && queue instanceof Uint8Array)) refuse();
  const waiting = readRows(sessions, queue, false, before);
  const lock = {
    holders: readRows(sessions, holders, true).entries,
    queue: waiting.entries,
  };
  queues.set(lock, waiting);
  return lock;
}

function refuse(): never {
  throw new MalformedError("not the value of a lock");
}
