import type { Life } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";
import { MAX_MEMBERS } from "./member_limits.ts";
import { helpersNeeded, majority, type Sender, type Share } from "./quorum.ts";

/** A member of a configuration. */
export interface ConfiguredMember {
  /** The id of the node. */
  readonly id: string;
  /** The life in which it was admitted: an incarnation below it has a memory from an earlier admission. */
  readonly life: Life;
  /** The epoch of its admission. */
  readonly since: number;
}

/** A node that is about to be admitted, or was removed. */
export interface NamedLife {
  /** The id of the node. */
  readonly id: string;
  /** The life that is meant; no other life of the node is. */
  readonly life: Life;
}

/**
 * The members of a cluster in one epoch (section 11). Two configurations that follow each other differ by one
 * member, so that their majorities share a member.
 */
export interface Configuration {
  /** Its number: 0 for that of the genesis; each replacement has the next one. */
  readonly epoch: number;
  /** The nodes that vote. */
  readonly members: readonly ConfiguredMember[];
  /** A node that copies what the members know, to be admitted next. */
  readonly joining: NamedLife | null;
  /** The node that this configuration removed, until it is settled. */
  readonly leaving: NamedLife | null;
  /** Whether no other configuration is in use any more, so that the next change may begin. */
  readonly settled: boolean;
}

/** What the header of a frame says of its sender's configuration. */
export interface EpochMark {
  /** The epoch of the sender's configuration. */
  readonly epoch: number;
  /** Whether the sender does not know it to be settled. */
  readonly unsettled?: true;
}

/** The configuration that a genesis makes of `members`, which it found in `lives`. */
export function firstConfiguration(
  members: readonly string[],
  lives: readonly Life[],
): Configuration {
  return {
    epoch: 0,
    members: members.map((id, index) => ({ id, life: lives[index] ?? "", since: 0 })),
    joining: null,
    leaving: null,
    settled: true,
  };
}

/** By the members of a configuration, which never change. */
const VOTERS = new WeakMap<Configuration["members"], readonly string[]>();

/** The ids of the nodes that vote: the same array each time. */
export function votersOf({ members }: Configuration): readonly string[] {
  let voters = VOTERS.get(members);
  if (voters === undefined) VOTERS.set(members, voters = members.map(({ id }) => id));
  return voters;
}

/**
 * The ids of the nodes whose incarnations count under a configuration, in the order of its crash vectors: the
 * members, and the node that joins or leaves.
 */
export function voicesOf(configuration: Configuration): string[] {
  const { joining, leaving } = configuration;
  return [...votersOf(configuration), ...[joining, leaving].flatMap((one) => one?.id ?? [])];
}

/** The ids of the members of the configuration before an unsettled one. */
export function votersBefore({ epoch, members, leaving }: Configuration): string[] {
  const stayed = members.filter(({ since }) => since < epoch).map(({ id }) => id);
  return leaving === null ? stayed : [...stayed, leaving.id];
}

/** The life that a configuration names for a node; `undefined`: it does not name the node. */
export function lifeIn({ members, joining, leaving }: Configuration, id: string): Life | undefined {
  const named: readonly (NamedLife | null)[] = [...members, joining, leaving];
  return named.find((one) => one?.id === id)?.life;
}

/**
 * Whether a memory of this incarnation is one of a member under `configuration`. A copy of a node that was not admitted is
 * none, and one from an earlier admission is none any more. A node that leaves has its memory only for members that recover
 * meanwhile: after its end it counts as one that has lost it.
 */
export function remembersIn(
  configuration: Configuration,
  self: string,
  incarnation: Life,
): boolean {
  return votersOf(configuration).includes(self) &&
    (lifeIn(configuration, self) ?? "") <= incarnation;
}

/**
 * Whether a memory of this incarnation is the copy of a node that joins, which may be that of a member by now: the node is
 * told last.
 */
export function hasCopiedIn(
  { joining }: Configuration,
  self: string,
  incarnation: Life,
): boolean {
  return joining?.id === self && joining.life === incarnation;
}

/** Whether `a` is newer than `b`: of a later epoch, or settled in the same one. */
export function isNewer(a: Configuration, b: Configuration): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.settled && !b.settled);
}

/** Whether both are the same: the members of an epoch, and whether they are settled, are chosen once. */
export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  return a.epoch === b.epoch && a.settled === b.settled && sameNames(a.members, b.members) &&
    sameNames(listOf(a.joining), listOf(b.joining)) &&
    sameNames(listOf(a.leaving), listOf(b.leaving));
}

function listOf(one: NamedLife | null): readonly NamedLife[] {
  return one === null ? [] : [one];
}

function sameNames(a: readonly NamedLife[], b: readonly NamedLife[]): boolean {
  return a.length === b.length &&
    a.every(({ id, life }, index) => id === b[index].id && life === b[index].life);
}

/** The configuration under which `node` copies what the members of a settled one know. */
export function joinedBy(before: Configuration, node: NamedLife): Configuration {
  assertInvariant(before.settled, "a member is added to a settled configuration");
  assertInvariant(
    before.members.length < MAX_MEMBERS,
    `a cluster has at most ${MAX_MEMBERS} members`,
  );
  assertInvariant(!votersOf(before).includes(node.id), "no member is added twice");
  return { ...before, epoch: before.epoch + 1, joining: node, settled: false };
}

/** The configuration that admits the node that joins. */
export function admitted(before: Configuration): Configuration {
  const { epoch, members, joining } = before;
  assertInvariant(joining !== null, "a node copies before it is admitted");
  const since = epoch + 1;
  return { ...before, epoch: since, members: [...members, { ...joining, since }], joining: null };
}

/** The configuration that gives up to admit the node that joins: nothing has changed. */
export function undone(before: Configuration): Configuration {
  assertInvariant(before.joining !== null, "only what was begun is undone");
  return { ...before, epoch: before.epoch + 1, joining: null, settled: true };
}

/** The configuration that removes `id` from a settled one of at least two members. */
export function withoutMember(before: Configuration, id: string): Configuration {
  const { epoch, members, settled } = before;
  assertInvariant(settled, "a member is removed from a settled configuration");
  const leaving = members.find((member) => member.id === id);
  assertInvariant(leaving !== undefined && members.length > 1, "one of several members is removed");
  return {
    epoch: epoch + 1,
    members: members.filter((member) => member !== leaving),
    joining: null,
    leaving: { id, life: leaving.life },
    settled: false,
  };
}

/** An unsettled configuration, settled. */
export function settledOf(before: Configuration): Configuration {
  assertInvariant(
    before.joining === null && !before.settled,
    "a configuration is settled once, and not while a node joins",
  );
  return { ...before, leaving: null, settled: true };
}

/**
 * Whether `accepted`, a state of the configuration register that a member has accepted, says that `configuration` is settled.
 * Chosen or not, it is a proof that its proposer has rewritten all registers with a majority of the members, and waited: what
 * was decided by the list before is in theirs. That an admission is undone is settled in the same epoch, and proves nothing of
 * the list that it would have made.
 */
export function settles(accepted: Configuration | null, configuration: Configuration): boolean {
  const { settled, joining } = configuration;
  if (accepted === null || settled || joining !== null) return false;
  return sameConfiguration(accepted, settledOf(configuration));
}

/**
 * The change of the configuration register: a compare-and-set. Returns the next configuration, and `null` if
 * `current` is not the one that is to be replaced; then nothing is written.
 */
export function replaceConfiguration(
  current: Configuration,
  expected: Configuration,
  next: Configuration,
): Configuration | null {
  return sameConfiguration(current, expected) ? next : null;
}

/**
 * The sender of a reply that counts in an attempt under `configuration`: a member of it that has a memory, and
 * knows the same epoch. Otherwise `undefined`.
 */
export function countedSender(
  configuration: Configuration,
  from: string,
  header: EpochMark & { readonly incarnation: Life | null; readonly vector: readonly Life[] },
): Sender | undefined {
  const { incarnation, vector } = header;
  if (incarnation === null || header.epoch !== configuration.epoch) return undefined;
  if (!votersOf(configuration).includes(from)) return undefined;
  return { member: from, incarnation, vector };
}

/** The lists of members that may be in use: while a configuration is not settled, also the one before. */
export function listsIn(configuration: Configuration): (readonly string[])[] {
  const lists = [votersOf(configuration)];
  if (!configuration.settled) lists.push(votersBefore(configuration));
  return lists;
}

/**
 * The nodes that `self` copies from when it comes back, or joins, under `configuration`: a share of the members, and
 * while it is not settled a share of those before, too, since both may be in use.
 */
export function helpersIn(configuration: Configuration, self: string): Share[] {
  return listsIn(configuration).map((list) => ({
    of: list.filter((id) => id !== self),
    needed: list.includes(self) ? helpersNeeded(list.length) : majority(list.length),
  }));
}

/**
 * The nodes of which a share has to know of the crash of `self` before it may come back under an older
 * configuration, although `next` may have been chosen: any quorum of `next` without its old memory needs one of
 * them, which then is not behind. In a list of `self` alone no other node could know.
 */
export function witnessesIn(next: Configuration, self: string): Share {
  const of = votersOf(next).filter((id) => id !== self);
  return { of, needed: majority(of.length) };
}
