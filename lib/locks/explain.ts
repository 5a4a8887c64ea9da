import { bucketPrefix, type Key, parseRegisterId } from "../codec.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import { fencedOnce } from "../owners/fenced.ts";
import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import type { Deadlock, Explanation, LockOwnerParty, LockParty } from "./explanation.ts";
import { NOTHING } from "./explanation_value.ts";
import { textOf } from "./explanation_text.ts";
import {
  type CycleStep,
  cycleThrough,
  sameProcess,
  sameSession,
  waitedForBy,
} from "./lock_graph.ts";
import { lockOf } from "./lock_value.ts";
import type { WholeLabels } from "./whole_labels.ts";

/** Waiting requests that are named, and owners that are asked about; the other requests are counted. */
const MOST_NAMED = 100;

/** Locks that are looked at in the search for a cycle, to bound its time. */
const MOST_SEARCHED = 20_000;

/** Other locks that are named for one owner. */
const MOST_WAITED_FOR = 10;

/** The locks of a node, as far as it needs them here. */
interface Locks {
  readonly labels: Pick<WholeLabels, "of">;
  peek(
    register: RegisterId,
    hasEnded: (session: string) => Promise<boolean>,
    limits: Limits,
  ): Promise<LockValue>;
}

/** Why the lock of `register` is not free; asks, and changes nothing. */
export async function explainLock(
  core: Core,
  locks: Locks,
  register: RegisterId,
  limits: Limits,
): Promise<Explanation> {
  const facts = await factsOf(core, locks, register, limits);
  const explanation = { key: keyOf(register), at: core.runtime.wallNow(), ...facts };
  return { ...explanation, text: textOf(explanation) };
}

/** What there is to say of a lock. */
type Facts = Omit<Explanation, "key" | "at" | "text">;

async function factsOf(
  core: Core,
  locks: Locks,
  register: RegisterId,
  limits: Limits,
): Promise<Facts> {
  const hasEnded = fencedOnce(core, limits);
  const peek = (register: RegisterId) => locks.peek(register, hasEnded, limits);
  const lock = await peek(register);
  if (lock.holders.length === 0) return { ...NOTHING, state: "free", reason: null };
  const waiters = lock.queue.slice(0, MOST_NAMED);
  const labelled = [...lock.holders.slice(0, MOST_NAMED), ...waiters];
  // First: that of a dead owner takes a second, and the rest is for the time of the explanation.
  const labels = await locks.labels.of(register, labelled, limits);
  const waited = await waitedLocks(core, peek, limits);
  waited.set(register, lock);
  const deadlock = await deadlockOf(register, waited, peek);
  const remaining = await remainingOf(core, lock.holders, limits);
  const named = (entry: LockEntry) => partyOf(entry, labels.get(entry));
  const holders = lock.holders.map((entry): LockOwnerParty => ({
    ...named(entry),
    token: entry.token,
    remaining: remaining.get(entry.pid.session) ?? null,
    waitsFor: waitedForBy(entry, waited, sameProcess).filter((other) => other !== register)
      .slice(0, MOST_WAITED_FOR).map(keyOf),
  }));
  const ends = holders.map((holder) => holder.remaining ?? Infinity).sort((a, b) => a - b);
  const leaving = leavingBefore(lock);
  const longest = ends[leaving - 1];
  return {
    ...{ state: "held", reason: null, holders },
    waiters: waiters.map(named),
    waiting: lock.queue.length,
    freedBy: freedBy(holders, leaving),
    latest: longest === Infinity ? null : core.runtime.wallNow() + Math.ceil(longest),
    deadlock,
  };
}

/** All locks with a queue: as this member has them, or as a quorum lists them if this node does not vote. */
async function waitedLocks(
  core: Core,
  peek: (register: RegisterId) => Promise<LockValue>,
  limits: Limits,
): Promise<Map<RegisterId, LockValue>> {
  const waited = new Map<RegisterId, LockValue>();
  const add = (register: RegisterId, lock: LockValue) => {
    if (lock.queue.length > 0) waited.set(register, lock);
  };
  const prefix = bucketPrefix(REGISTER_KINDS.lock, undefined);
  if (core.votes) {
    for await (const { register, state } of core.held(prefix, MOST_SEARCHED)) {
      add(register, lockOf(state));
    }
    return waited;
  }
  const listed = [...(await core.queries.list(prefix, limits)).keys()];
  const queue = listed.slice(0, MOST_SEARCHED).values();
  const look = async () => {
    for (const register of queue) add(register, await peek(register));
  };
  await Promise.all(Array.from({ length: 16 }, look));
  return waited;
}

/** How many owners have to leave before another one can have it: fewer than all where the next one wants a permit. */
function leavingBefore({ holders, queue }: LockValue): number {
  const permits = queue[0]?.permits;
  if (permits === undefined || holders.some((holder) => holder.permits === undefined)) {
    return holders.length;
  }
  return Math.max(1, holders.length - permits + 1);
}

/** How long the sessions of the owners last at least, in milliseconds. */
async function remainingOf(
  core: Core,
  holders: readonly LockEntry[],
  limits: Limits,
): Promise<Map<string, number>> {
  const sessions = [...new Set(holders.map(({ pid }) => pid.session))].slice(0, MOST_NAMED);
  const entries = await Promise.all(sessions.map(async (session) => {
    const remaining = await core.queries.remaining(session, limits);
    return [session, remaining] as const;
  }));
  return new Map(entries);
}

/** The cycle through a lock, if it is still there when its locks are read again. */
async function deadlockOf(
  start: RegisterId,
  waited: Map<RegisterId, LockValue>,
  peek: (register: RegisterId) => Promise<LockValue>,
): Promise<Deadlock | null> {
  for (const same of [sameProcess, sameSession]) {
    const found = cycleThrough(start, waited, same);
    if (found === null) continue;
    const now = new Map<RegisterId, LockValue>();
    for (const { register } of found) now.set(register, await peek(register));
    const cycle = cycleThrough(start, now, same);
    if (cycle === null) continue;
    // Another owner of a counting lock may leave, which ends it.
    const hasChoice = [...now.values()].some((lock) => leavingBefore(lock) < lock.holders.length);
    return { certain: same === sameProcess && !hasChoice, cycle: cycle.map(stepOf) };
  }
  return null;
}

function stepOf({ register, owner }: CycleStep) {
  return { key: keyOf(register), owner: partyOf(owner) };
}

function partyOf(
  { pid, mode, permits, since, label: beginning }: LockEntry,
  label: string | undefined = beginning,
): LockParty {
  const told = { permits: permits ?? null, since: since ?? null, label: label ?? null };
  return { node: pid.node, pid: { ...pid }, mode, ...told };
}

function keyOf(register: RegisterId): Key {
  return parseRegisterId(register).key;
}

function freedBy(holders: readonly LockOwnerParty[], leaving: number): string {
  const nodes = [...new Set(holders.map(({ node }) => node))];
  if (leaving < holders.length) {
    const owners = leaving === 1 ? "one of its owners" : `${leaving} of its owners`;
    return `A permit is free as soon as ${owners} (on ${nodes.join(", ")}) left`;
  }
  const all = nodes.length === 1 ? `node ${nodes[0]}` : `each of the nodes ${nodes.join(", ")}`;
  return `It is free as soon as ${all} releases it or closes, or its session ends without a renewal`;
}
