import { bucketPrefix, decodeValue, MAX_BUCKET_BYTES, parseRegisterId } from "../codec.ts";
import type { NodeParts } from "../cluster/wiring.ts";
import { lockOf } from "../locks/lock_value.ts";
import { readLocks } from "../locks/snapshot.ts";
import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import { type Present, REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import type { CallsUnderWay } from "../singletons/singleton_messages.ts";
import { singletonOf } from "../singletons/singleton_value.ts";
import { callsUnderWay, type NamedInstance } from "./calls.ts";
import { preview } from "./preview.ts";
import { fromLink, toLink } from "./register_link.ts";

/** Registers of one kind that are looked at for one answer, to bound its time. */
export const MOST_SEEN = 200_000;

/** Owners and waiting requests of one lock that are shown in a list. */
const MOST_PARTIES = 5;

/** One owner, or one request that waits. */
export interface InspectedParty {
  /** The node, or `~id` of a guest. */
  node: string;
  /** The number of its process. */
  process: number;
  /** `"exclusive"` or `"shared"`. */
  mode: string;
  /** When it asked for the lock, in milliseconds since 1970; `null`: not known. */
  since: number | null;
  /** Its label; `null`: none. */
  label: string | null;
  /** Its fencing token; 0 if it waits. */
  token: number;
}

/** A lock that is held. */
export interface InspectedLock {
  /** The name of the lock in URLs of the inspector. */
  link: string;
  /** Its key as a text. */
  key: string;
  /** The first owners. */
  holders: InspectedParty[];
  /** How many owners there are. */
  held: number;
  /** The first requests that wait. */
  waiters: InspectedParty[];
  /** How many wait. */
  waiting: number;
}

/** A page of a list. */
export interface Page<T> {
  /** The rows. */
  rows: T[];
  /** How many rows there are in all. */
  total: number;
}

/** All locks, those for which most requests wait first, and then the oldest; those whose text contains `filter`. */
export async function locksOf(
  parts: NodeParts,
  filter: string,
  offset: number,
  limit: number,
): Promise<Page<InspectedLock>> {
  const found: { register: RegisterId; key: string; lock: LockValue }[] = [];
  const wanted = filter.toLowerCase();
  for await (const [register, lock] of allLocks(parts)) {
    if (lock.holders.length === 0) continue;
    const key = preview(parseRegisterId(register).key);
    if (wanted === "" || textOf(key, lock).includes(wanted)) found.push({ register, key, lock });
  }
  const age = ({ holders }: LockValue) => holders[0].since ?? Infinity;
  found.sort((a, b) => b.lock.queue.length - a.lock.queue.length || age(a.lock) - age(b.lock));
  const rows = found.slice(offset, offset + limit).map(({ register, key, lock }) => ({
    ...{ link: toLink(register), key },
    holders: lock.holders.slice(0, MOST_PARTIES).map(partyOf),
    held: lock.holders.length,
    waiters: lock.queue.slice(0, MOST_PARTIES).map(partyOf),
    waiting: lock.queue.length,
  }));
  return { rows, total: found.length };
}

function textOf(key: string, { holders, queue }: LockValue): string {
  const parties = [...holders.slice(0, MOST_PARTIES), ...queue.slice(0, MOST_PARTIES)];
  const names = parties.map(({ pid, label = "" }) => `${pid.node} ${label}`);
  return `${key} ${names.join(" ")}`.toLowerCase();
}

async function* allLocks({ core, lockTable }: NodeParts): AsyncGenerator<[RegisterId, LockValue]> {
  const prefix = bucketPrefix(REGISTER_KINDS.lock, undefined);
  if (!core.votes) {
    yield* await readLocks(core, lockTable, () => true, core.limits());
    return;
  }
  for await (const { register, state } of core.held(prefix, MOST_SEEN)) {
    if (state.present) yield [register, lockOf(state)];
  }
}

function partyOf({ pid, mode, since, label, token }: LockEntry): InspectedParty {
  const known = { since: since ?? null, label: label ?? null };
  return { node: pid.node, process: pid.seq, mode, ...known, token };
}

/** A bucket of the KV. */
export interface InspectedBucket {
  /** Its name; `null`: the default bucket. */
  name: string | null;
  /** The keys in it. */
  keys: number;
}

/** The buckets of the KV, as this member has them. */
export async function bucketsOf({ core }: NodeParts): Promise<InspectedBucket[]> {
  const counts = new Map<string | null, number>();
  for await (const { register, state } of core.held(REGISTER_KINDS.key, MOST_SEEN)) {
    if (!state.present) continue;
    const { bucket = null } = parseRegisterId(register);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts].map(([name, keys]) => ({ name, keys }));
}

/** A key of the KV. */
export interface InspectedKey {
  /** The name of the key in URLs of the inspector. */
  link: string;
  /** Its key as a text. */
  key: string;
  /** Its value as a text. */
  value: string;
  /** The size of the value, in bytes. */
  bytes: number;
  /** Its fencing token. */
  token: number;
  /** What the value lasts as long as, as texts. */
  bindings: string[];
}

/** The keys of a bucket after the one that `after` names, in the order of their bytes; as this member has them. */
export async function keysOf(
  { core }: NodeParts,
  bucket: string | null,
  after: string,
  limit: number,
): Promise<{ rows: InspectedKey[]; more: boolean }> {
  if (bucket !== null && bucket.length > MAX_BUCKET_BYTES) return { rows: [], more: false };
  const prefix = bucketPrefix(REGISTER_KINDS.key, bucket ?? undefined);
  const from = after === "" ? "" : fromLink(after) ?? "";
  const rows: InspectedKey[] = [];
  for await (const { register, state } of core.held(prefix, MOST_SEEN, from)) {
    if (!state.present) continue;
    if (rows.length >= limit) return { rows, more: true };
    rows.push({
      ...{ link: toLink(register), key: preview(parseRegisterId(register).key) },
      ...{ value: preview(decodeValue(state.value)), bytes: state.value.length },
      ...{ token: state.token, bindings: state.bindings.map(bindingText) },
    });
  }
  return { rows, more: false };
}

function bindingText(binding: Present["bindings"][number]): string {
  switch (binding.kind) {
    case "pid":
      return `process ${binding.pid.seq} of ${binding.pid.node}`;
    case "node":
      return `node ${binding.session.slice(0, binding.session.indexOf("/"))}`;
    case "key":
      return `key ${preview(parseRegisterId(binding.register).key, 60)}`;
    case "until": {
      const date = new Date(binding.time);
      return `until ${Number.isNaN(date.getTime()) ? binding.time : date.toISOString()}`;
    }
  }
}

/** An instance of a singleton. */
export interface InspectedSingleton {
  /** The id of its spec. */
  spec: string;
  /** Its key as a text. */
  key: string;
  /** The node that runs it; `null`: it waits to be started again. */
  node: string | null;
  /** Its fencing token. */
  token: number;
  /** The first calls that run; `null`: its host has not told. */
  running: CallsUnderWay["running"] | null;
  /** How many run; `null` as for `running`. */
  begun: number | null;
  /** How many wait; `null` as for `running`. */
  waiting: number | null;
}

/** The singletons, as this member has them; their calls, as their hosts tell. */
export async function singletonsOf(
  parts: NodeParts,
  offset: number,
  limit: number,
): Promise<Page<InspectedSingleton>> {
  const found: { register: RegisterId; node: string | null; token: number }[] = [];
  let total = 0;
  for await (const { register, state } of parts.core.held(REGISTER_KINDS.singleton, MOST_SEEN)) {
    if (!state.present) continue;
    total++;
    if (total <= offset || found.length >= limit) continue;
    found.push({ register, node: singletonOf(state)?.pid?.node ?? null, token: state.token });
  }
  const calls = await callsUnderWay(
    parts,
    found.filter((one): one is NamedInstance => one.node !== null),
  );
  const rows = found.map(({ register, node, token }) => {
    const { bucket: spec = "", key } = parseRegisterId(register);
    const { running = null, begun = null, waiting = null } = calls.get(register) ?? {};
    return { ...{ spec, key: preview(key), node, token }, running, begun, waiting };
  });
  return { rows, total };
}
