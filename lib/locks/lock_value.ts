import { decodeValue, encodeValue, isSession, MalformedError } from "../codec.ts";
import { FREE, type LockEntry, type LockValue } from "../paxos/lock_register.ts";
import type { SessionId, State } from "../paxos/register.ts";

/** Far above what the longest queue takes. */
const MAX_BYTES = 8 * 2 ** 20;

/** Decoding a long queue takes time, and one state is looked at often. */
const decoded = new WeakMap<Uint8Array, LockValue>();

/** What a lock's register holds. Throws `MalformedError` for what no node of this version wrote. */
export function lockOf(state: State | null): LockValue {
  if (state === null || !state.present) return FREE;
  const known = decoded.get(state.value);
  if (known !== undefined) return known;
  const value = parse(decodeValue(state.value));
  decoded.set(state.value, value);
  return value;
}

/** The bytes of a lock's register. */
export function encodeLock(value: LockValue): Uint8Array {
  const sessions = sessionsOf(value);
  const numbers = new Map(sessions.map((session, index) => [session, index]));
  const rows = (entries: readonly LockEntry[]) =>
    entries.map(({ pid, request, mode, token }) => [
      numbers.get(pid.session),
      pid.seq,
      request,
      mode === "shared",
      token,
    ]);
  const bytes = encodeValue([sessions, rows(value.holders), rows(value.queue)], MAX_BYTES);
  decoded.set(bytes, value);
  return bytes;
}

/** The sessions that a lock depends on. */
export function sessionsOf({ holders, queue }: LockValue): SessionId[] {
  const sessions = new Set<SessionId>();
  for (const { pid } of holders) sessions.add(pid.session);
  for (const { pid } of queue) sessions.add(pid.session);
  return [...sessions];
}

function parse(value: unknown): LockValue {
  const [sessions, holders, queue] = list(value);
  const names = list(sessions).map((session) => {
    if (!isSession(session)) refuse();
    return session;
  });
  return { holders: list(holders).map(entry(names)), queue: list(queue).map(entry(names)) };
}

function entry(sessions: readonly SessionId[]): (row: unknown) => LockEntry {
  return (row) => {
    const [session, seq, request, shared, token] = list(row);
    const name = sessions[count(session)] ?? refuse();
    const node = name.slice(0, name.indexOf("/"));
    const pid = { node, session: name, seq: count(seq) };
    if (typeof shared !== "boolean") refuse();
    const mode = shared ? "shared" : "exclusive";
    return { pid, request: count(request), mode, token: count(token) };
  };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse();
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : refuse();
}

function refuse(): never {
  throw new MalformedError("not the value of a lock");
}
