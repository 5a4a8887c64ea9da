import { MalformedError } from "../codec.ts";
import { textFrom, utf8 } from "../codec/text.ts";
import {
  isPermits,
  type LockEntry,
  type LockMode,
  MAX_LABEL_BYTES,
} from "../paxos/lock_register.ts";
import type { SessionId } from "../paxos/register.ts";

/**
 * The entries of a lock as bytes, in a compact form, since a long queue is written and read at every
 * hand-over. Each entry is a sequence of numbers: the index of its session in a list times eight, plus one if it
 * is shared, plus two if it has a label, plus four if it has permits; its process's number in that session; its request; for a holder its token; the
 * time at which it asked; its permits; and of a label the number of bytes, which follow as UTF-8. A number is unsigned LEB128:
 * groups of seven bits, the lowest first, with the eighth bit set in all but the last group.
 */
export interface LockRows {
  /** The sessions that the entries refer to. */
  readonly sessions: readonly SessionId[];
  readonly bytes: Uint8Array;
  readonly entries: readonly LockEntry[];
  /** The offset of each entry in the bytes. */
  readonly starts: readonly number[];
}

/** Longest number in bytes: all are below 2^53. */
const MAX_NUMBER_BYTES = 8;

/** Longest entry without its label, in bytes. */
const MAX_ROW_BYTES = 7 * MAX_NUMBER_BYTES;

/** What is added to the place of a session, times `FLAGS`. */
const SHARED = 1;
const LABELED = 2;
const PERMITTED = 4;
const FLAGS = 8;

/** Buffer for writing rows; one of more than `MOST_KEPT` bytes is not kept. */
let scratch = new Uint8Array(1024);
const MOST_KEPT = 256 * 1024;

/**
 * Leading entries of an earlier queue that may be gone from a later one while the rest is recognized; bounds
 * the search.
 */
const MOST_GONE = 16;

/** Sessions up to which a search among them takes less than a map. */
const FEW_SESSIONS = 4;

/** The bytes of no entries, which is nearly every queue. */
const NO_BYTES = new Uint8Array(0);

/** Encodes `entries`; `hasTokens`: they are holders and their tokens are written. */
export function writeRows(
  sessions: readonly SessionId[],
  entries: readonly LockEntry[],
  hasTokens: boolean,
): LockRows {
  if (entries.length === 0) return { sessions, bytes: NO_BYTES, entries, starts: [] };
  const places = sessions.length <= FEW_SESSIONS
    ? undefined
    : new Map(sessions.map((session, index) => [session, index]));
  let size = entries.length * MAX_ROW_BYTES;
  for (const { label } of entries) if (label !== undefined) size += MAX_LABEL_BYTES;
  const buffer = size <= scratch.length ? scratch : new Uint8Array(size);
  if (size <= MOST_KEPT) scratch = buffer;
  const starts: number[] = [];
  let end = 0;
  const write = (number: number) => {
    while (number >= 0x80) {
      buffer[end++] = 0x80 | number % 0x80;
      number = Math.floor(number / 0x80);
    }
    buffer[end++] = number;
  };
  for (const { pid, request, mode, permits, token, since = 0, label } of entries) {
    starts.push(end);
    const flags = (mode === "shared" ? SHARED : 0) + (label !== undefined ? LABELED : 0) +
      (permits !== undefined ? PERMITTED : 0);
    const place = places?.get(pid.session) ?? sessions.indexOf(pid.session);
    write(FLAGS * place + flags);
    write(pid.seq);
    write(request);
    if (hasTokens) write(token);
    write(since);
    if (permits !== undefined) write(permits);
    if (label === undefined) continue;
    const text = utf8(label);
    write(text.length);
    buffer.set(text, end);
    end += text.length;
  }
  return { sessions, bytes: buffer.slice(0, end), entries, starts };
}

/**
 * Decodes `bytes`. Throws `MalformedError` for bytes that {@linkcode writeRows} cannot have made. Entries
 * that are unchanged since `before`, apart from a few that are gone at the front and others that came at the
 * end, are not decoded again.
 */
export function readRows(
  sessions: readonly SessionId[],
  bytes: Uint8Array,
  hasTokens: boolean,
  before?: LockRows,
): LockRows {
  const gone = before === undefined ? -1 : findIn(before, sessions, bytes);
  const known = gone < 0 ? undefined : before;
  const entries = known === undefined ? [] : known.entries.slice(gone);
  const offset = known === undefined ? 0 : known.starts[gone];
  const starts = known === undefined ? [] : known.starts.slice(gone).map((start) => start - offset);
  let at = known === undefined ? 0 : known.bytes.length - offset;
  const read = (): number => {
    let number = 0;
    let unit = 1;
    for (let size = 0; size < MAX_NUMBER_BYTES; size++, unit *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) refuse();
      number += (byte & 0x7f) * unit;
      if (byte < 0x80) return Number.isSafeInteger(number) ? number : refuse();
    }
    return refuse();
  };
  const readLabel = (): string => {
    const size = read();
    const start = at;
    at += size;
    if (size > MAX_LABEL_BYTES || at > bytes.length) refuse();
    try {
      return textFrom(bytes, start, at);
    } catch {
      return refuse();
    }
  };
  const readPermits = (mode: LockMode): number => {
    const permits = read();
    return isPermits(permits) && mode === "shared" ? permits : refuse();
  };
  while (at < bytes.length) {
    starts.push(at);
    const first = read();
    const session = sessions[Math.floor(first / FLAGS)] ?? refuse();
    const node = session.slice(0, session.indexOf("/"));
    const pid = { node, session, seq: read() };
    const flags = first % FLAGS;
    const mode = (flags & SHARED) !== 0 ? "shared" : "exclusive";
    let entry: LockEntry = { pid, request: read(), mode, token: hasTokens ? read() : 0 };
    const since = read();
    if (since > 0) entry = { ...entry, since };
    if ((flags & PERMITTED) !== 0) entry = { ...entry, permits: readPermits(mode) };
    if ((flags & LABELED) !== 0) entry = { ...entry, label: readLabel() };
    entries.push(entry);
  }
  return { sessions, bytes, entries, starts };
}

/**
 * The number of leading entries of `before` that are gone from `bytes`, which begin with all its other
 * entries; -1 if they do not.
 */
function findIn(before: LockRows, sessions: readonly SessionId[], bytes: Uint8Array): number {
  const { length } = sessions;
  if (length !== before.sessions.length) return -1;
  for (let i = 0; i < length; i++) if (sessions[i] !== before.sessions[i]) return -1;
  const most = Math.min(MOST_GONE, before.entries.length - 1);
  for (let gone = 0; gone <= most; gone++) {
    if (beginsWith(bytes, before.bytes, before.starts[gone])) return gone;
  }
  return -1;
}

/** Whether `bytes` begin with `other[start..]`. */
function beginsWith(bytes: Uint8Array, other: Uint8Array, start: number): boolean {
  const length = other.length - start;
  if (length > bytes.length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== other[start + i]) return false;
  return true;
}

function refuse(): never {
  throw new MalformedError("not the value of a lock");
}
