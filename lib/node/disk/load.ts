import {
  checksumOf,
  DISK_VERSION,
  type DiskEntry,
  type EndedKind,
  fromDisk,
  type StoredMember,
} from "../../codec/disk_entry.ts";
import { MalformedError } from "../../codec/malformed.ts";
import { SynodError } from "../../errors.ts";
import type { Life } from "../../paxos/ballot.ts";
import { hasCopiedIn, remembersIn } from "../../paxos/configuration.ts";
import type { DiskMemory } from "../../paxos/disk_start.ts";
import type { StoredRegister } from "../../paxos/messages.ts";
import type { StoredVotes } from "../../paxos/voter.ts";
import { type Storage, StorageDamaged } from "../../storage/storage.ts";

/** A complete memory on a disk. */
export type Remembered = DiskMemory & StoredVotes;

/** What was found on a disk. */
export type Found =
  | { readonly type: "empty" }
  /** It cannot be trusted; it has been put aside. */
  | { readonly type: "damaged"; readonly why: string }
  /** A member without a memory lived in this life. */
  | { readonly type: "blank"; readonly life: Life; readonly answered: Life }
  | { readonly type: "memory"; readonly memory: Remembered }
  /** The memory of a node that is no member under the configuration on the disk; it has been put aside. */
  | { readonly type: "outside"; readonly incarnation: Life }
  /** The same of a node that leaves: it may be the only one that knows of that, so all is still there. */
  | { readonly type: "leaving"; readonly memory: Remembered };

/** The checksums of all entries that are on a disk, by their keys. */
export type Checksums = Map<string, number>;

/**
 * Reads what is on a disk; puts aside what cannot be trusted. Calls `inUse` while another process has it, and goes on
 * when that has let it go.
 */
export async function loadDisk(
  storage: Storage,
  self: string,
  inUse?: () => void,
): Promise<{ found: Found; checksums: Checksums }> {
  try {
    const checksums: Checksums = new Map();
    const found = read(await storage.load(inUse), self, checksums);
    if (found.type !== "memory") return { found, checksums };
    const { configuration, incarnation } = found.memory;
    if (remembersIn(configuration, self, incarnation)) return { found, checksums };
    if (hasCopiedIn(configuration, self, incarnation)) return { found, checksums };
    if (configuration.leaving?.id === self) {
      return { found: { type: "leaving", memory: found.memory }, checksums };
    }
    await storage.clear();
    return { found: { type: "outside", incarnation }, checksums: new Map() };
  } catch (error) {
    const isDamaged = error instanceof StorageDamaged || error instanceof MalformedError;
    if (!isDamaged) throw error;
    await storage.clear();
    return { found: { type: "damaged", why: error.message }, checksums: new Map() };
  }
}

function read(
  entries: Iterable<readonly [key: string, value: Uint8Array]>,
  self: string,
  checksums: Checksums,
): Found {
  let member: StoredMember | null = null;
  let one: { [K in DiskEntry["kind"]]?: Extract<DiskEntry, { kind: K }> } = {};
  const registers: StoredRegister[] = [];
  const ended: Record<EndedKind, string[]> = { fenced: [], ended: [], over: [] };
  let damage: MalformedError | null = null;
  for (const [key, value] of entries) {
    let entry: DiskEntry;
    try {
      entry = fromDisk(key, value);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      // Whose disk it is may come later: that of another member is not put aside.
      damage ??= error;
      continue;
    }
    if (entry.kind === "version") throw newer(self, entry.version);
    if (entry.kind !== "sum") checksums.set(key, checksumOf(value));
    if (entry.kind === "register") registers.push(entry.register);
    else if (entry.kind === "ended") ended[entry.how].push(entry.name);
    else one = { ...one, [entry.kind]: entry };
    if (entry.kind === "member") member = entry;
  }
  if (one.owner !== undefined && one.owner.id !== self) throw ofAnother(self, one.owner.id);
  if (damage !== null) throw damage;
  if (checksums.size === 0 && one.sum === undefined) return { type: "empty" };
  checkSum(checksums, one.sum);
  if (member === null) {
    if (one.blank === undefined) throw new MalformedError("neither a memory nor a life");
    const { life, answered } = one.blank;
    return { type: "blank", life, answered };
  }
  const { configuration } = one.configuration ?? {};
  if (configuration === undefined || one.known === undefined || one.floor === undefined) {
    throw new MalformedError("a memory lacks a part");
  }
  const { record, incarnation, waited } = member;
  const { known } = one.known;
  const { floor } = one.floor;
  const memory = { record, incarnation, waited, configuration, known, floor, registers, ...ended };
  return { type: "memory", memory };
}

/** The sum over all entries shows those that are lost, or went back by themselves. */
function checkSum(
  checksums: Checksums,
  expected: { count: number; sum: number; squares: number } | undefined,
): void {
  const found = sumOf(checksums);
  const fits = expected !== undefined && expected.count === found.count &&
    expected.sum === found.sum && expected.squares === found.squares;
  if (!fits) throw new MalformedError("entries are missing, or older than others");
}

/** The sum over these checksums. */
export function sumOf(checksums: Checksums): { count: number; sum: number; squares: number } {
  let sum = 0;
  let squares = 0;
  for (const checksum of checksums.values()) {
    sum = (sum + checksum) >>> 0;
    squares = (squares + Math.imul(checksum, checksum)) >>> 0;
  }
  return { count: checksums.size, sum, squares };
}

function newer(self: string, version: number): SynodError {
  return new SynodError(
    "storage_failed",
    `The storage of ${self} has version ${version} of the format, and this release knows only ${DISK_VERSION}: ` +
      "start it with the release that wrote it, or a later one",
  );
}

function ofAnother(self: string, owner: string): SynodError {
  return new SynodError(
    "storage_failed",
    `The storage given to ${self} is that of ${owner}: each member needs its own`,
  );
}
