import { MalformedError } from "../codec.ts";
import type { LockEntry } from "../paxos/lock_register.ts";
import type { SessionId } from "../paxos/register.ts";

/**
 * The entries of a lock as bytes: a long queue is written and read at every hand-over. Each is its session
 * (its place in a list, doubled, and one more if it wants to share), its number in that session, its request
 * and, for a holder, its token; each of these in groups of seven bits, the lowest first, with the eighth bit
 * set in all but the last.
 */
export interface LockRows {
  /** The sessions that the entries are of. */
  readonly sessions: readonly SessionId[];
  readonly bytes: Uint8Array;
  readonly entries: readonly LockEntry[];
  /** Where each entry begins in the bytes. */
  readonly starts: readonly number[];
}

/** No number takes more bytes: they are below 2^53. */
const MAX_NUMBER_BYTES = 8;

/** No entry takes more. */
const MAX_ROW_BYTES = 4 * MAX_NUMBER_BYTES;

/** Where rows are written; kept up to this many bytes. */
let scratch = new Uint8Array(1024);
const MOST_KEPT = 256 * 1024;

/** So many of the first entries of an earlier queue may be gone for the rest to be found in a later one. */
const MOST_GONE = 16;

/** The rows of `entries`; `hasTokens`: of holders. */
export function writeRows(
  sessions: readonly SessionId[],
  entries: readonly LockEntry[],
  hasTokens: boolean,
): LockRows {
  const places = new Map(sessions.map((session, index) => [session, index]));
  const size = entries.length * MAX_ROW_BYTES;
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
  for (const { pid, request, mode, token } of entries) {
    starts.push(end);
    write(2 * places.get(pid.session)! + (mode === "shared" ? 1 : 0));
    write(pid.seq);
    write(request);
    if (hasTokens) write(token);
  }
  return { sessions, bytes: buffer.slice(0, end), entries, starts };
}

/**
 * The entries in `bytes`. Throws `MalformedError` for what {@linkcode writeRows} cannot have made. What is
 * there as it was in `before`, a few entries having gone and others having come, is not read again.
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
  while (at < bytes.length) {
    starts.push(at);
    const first = read();
    const session = sessions[Math.floor(first / 2)] ?? refuse();
    const node = session.slice(0, session.indexOf("/"));
    const pid = { node, session, seq: read() };
    const mode = first % 2 === 1 ? "shared" : "exclusive";
    entries.push({ pid, request: read(), mode, token: hasTokens ? read() : 0 });
  }
  return { sessions, bytes, entries, starts };
}

/** How many entries of `before` are gone in `bytes`, which begin with all others of it; -1: they do not. */
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
