import { decodeValue, isSession, MalformedError } from "../codec.ts";
import { CborWriter } from "../codec/cbor_writer.ts";
import type { Life } from "../paxos/ballot.ts";
import {
  FREE,
  isRequest,
  type LeftRequest,
  type LockEntry,
  type LockResult,
  type LockValue,
  MAX_LEFT,
} from "../paxos/lock_register.ts";
import { isCrowded, isSoon } from "../paxos/lock_route.ts";
import type { Decision, Draft } from "../paxos/change.ts";
import type { OperationId, SessionId, State } from "../paxos/register.ts";
import { isGuest, parseSession } from "../paxos/sessions.ts";
import { type LockRows, readRows, writeRows } from "./lock_rows.ts";

/** Locks have no bindings; shared, since every state has a list. */
const NONE: readonly never[] = Object.freeze([]);

/** Longest encoded value, in bytes; far above what the longest queue takes. */
const MAX_BYTES = 8 * 2 ** 20;

/** Decoded values by their bytes: decoding a long queue takes time, and a state is read often. */
const decoded = new WeakMap<Uint8Array, LockValue>();

/** The rows of queues that were written or read, for decoding the next value of the same lock. */
const queues = new WeakMap<LockValue, LockRows>();

/** A sketch that is not in use: to make an array takes longer than to fill it. */
let spare: Uint8Array | undefined;

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

/** Encodes the register of a lock. `sketch`, which stood for it, is used again. */
export function encodeLock(value: LockValue, sketch?: Uint8Array): Uint8Array {
  // Unless it stands for another value by now: a round may be completed again.
  if (sketch !== undefined && decoded.get(sketch) === value) spare = sketch;
  const sessions = namedIn(value);
  const holders = writeRows(sessions, value.holders, true);
  const queue = writeRows(sessions, value.queue, false);
  const bytes = write(sessions, holders.bytes, queue.bytes, value);
  decoded.set(bytes, value);
  keep(value, queue);
  return bytes;
}

/** What `encodeValue` makes of the five fields, without an array of them and a search for what cannot be stored. */
function write(
  sessions: readonly SessionId[],
  holders: Uint8Array,
  queue: Uint8Array,
  { term, left }: LockValue,
): Uint8Array {
  const writer = new CborWriter(MAX_BYTES);
  writer.head(4, 5);
  writer.head(4, sessions.length);
  for (const session of sessions) writer.text(session);
  writer.bytes(holders);
  writer.bytes(queue);
  writer.number(term);
  writer.head(4, 2 * left.length);
  for (const { session, request } of left) {
    writer.number(sessions.indexOf(session));
    writer.number(request);
  }
  return writer.finish();
}

/** The sessions that the bytes of `value` name. Sorted, so that they keep their places when the next request gets it. */
function namedIn(value: LockValue): readonly SessionId[] {
  const sessions = sessionsOf(value);
  const { left } = value;
  if (left.length === 0) return sessions.length === 1 ? sessions : [...sessions].sort();
  return [...new Set([...sessions, ...left.map(({ session }) => session)])].sort();
}

/** Keeps the rows of a queue: those of an empty one would help nothing. */
function keep(value: LockValue, queue: LockRows): void {
  if (queue.entries.length > 0) queues.set(value, queue);
}

/**
 * A placeholder for the bytes of `value` while further changes are made to it in the same round; it must not
 * be sent.
 */
export function sketchLock(value: LockValue): Uint8Array {
  const sketch = spare ?? new Uint8Array(0);
  spare = undefined;
  decoded.set(sketch, value);
  return sketch;
}

/** The sessions of the holders and of the queue. */
export function sessionsOf({ holders, queue }: LockValue): readonly SessionId[] {
  if (holders.length === 1 && queue.length === 0) return [holders[0].pid.session];
  const sessions = new Set<SessionId>();
  for (const { pid } of holders) sessions.add(pid.session);
  for (const { pid } of queue) sessions.add(pid.session);
  return [...sessions];
}

/**
 * The life that gets the promise of the next ballot with `value`, which `life` writes over `before`: that of the first
 * holder, which is likely to change the lock next, by its release. `undefined`: none. To another node the promise is handed
 * on if the lock is crowded, or if that node has held the lock since before, for a while. `pace`: how many round trips pass
 * from one holder to the next, as far as is known.
 */
export function heirOf(
  value: LockValue,
  before: LockValue,
  life: Life,
  pace: () => number,
): Life | undefined {
  const [first] = value.holders;
  // A guest proposes nothing itself.
  if (first === undefined || isGuest(first.pid.node)) return undefined;
  const heir = parseSession(first.pid.session).life;
  if (heir === life || isCrowded(value)) return heir;
  const isFirst = ({ pid, request }: LockEntry) => isRequest(first, pid.session, request);
  // A life that shares the lock makes a change of its own next.
  const shares = ({ pid }: LockEntry) => parseSession(pid.session).life === life;
  const isNext = before.holders.some(isFirst) && !value.holders.some(shares);
  return isNext && !isSoon(0, pace()) ? heir : undefined;
}

/** The decision that `value` is the lock from now on; its bytes are made for the last change of a round alone. */
export function decisionOf(
  value: LockValue,
  op: OperationId,
  result: LockResult,
  heir: Life | undefined,
): Decision<LockResult> {
  if (value.holders.length === 0) return { draft: { present: false }, result, merges: true };
  const sketch = sketchLock(value);
  const complete = (): Draft => {
    const owners = sessionsOf(value);
    return { present: true, op, bindings: NONE, owners, value: encodeLock(value, sketch) };
  };
  const draft: Draft = { present: true, op, bindings: NONE, owners: NONE, value: sketch };
  return { draft, complete, result, merges: true, heir };
}

function parse(value: unknown, before: LockRows | undefined): LockValue {
  if (!Array.isArray(value) || value.length !== 5) refuse();
  const [sessions, holders, queue, term, left] = value;
  if (!Array.isArray(sessions) || !sessions.every(isSession)) refuse();
  if (!(holders instanceof Uint8Array && queue instanceof Uint8Array)) refuse();
  if (!isNumber(term)) refuse();
  const waiting = readRows(sessions, queue, false, before);
  const lock = {
    holders: readRows(sessions, holders, true).entries,
    queue: waiting.entries,
    term,
    left: readLeft(sessions, left),
  };
  keep(lock, waiting);
  return lock;
}

/** Decodes the requests that have left: for each of them the place of its session, and its number. */
function readLeft(sessions: readonly SessionId[], left: unknown): readonly LeftRequest[] {
  if (!Array.isArray(left) || left.length % 2 !== 0 || left.length > 2 * MAX_LEFT) refuse();
  const read: LeftRequest[] = [];
  for (let at = 0; at < left.length; at += 2) {
    const [place, request] = [left[at], left[at + 1]];
    if (!isNumber(place) || !isNumber(request) || place >= sessions.length) refuse();
    read.push({ session: sessions[place], request });
  }
  if (new Set(read.map(({ session }) => session)).size < read.length) refuse();
  return read;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function refuse(): never {
  throw new MalformedError("not the value of a lock");
}
