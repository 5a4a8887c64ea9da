import type { Life } from "../paxos/ballot.ts";
import type { Configuration } from "../paxos/configuration.ts";
import type { KnownIncarnations } from "../paxos/incarnations.ts";
import type { GenesisRecord, StoredRegister } from "../paxos/messages.ts";
import type { RegisterId } from "../paxos/register.ts";
import { pack, unpack } from "./pack.ts";
import { crc32 } from "./checksum.ts";
import { decodeConfigurationField, encodeConfigurationField } from "./configuration_messages.ts";
import { decodeCopy, encodeCopy } from "./copies.ts";
import {
  choice,
  FieldReader,
  fields,
  flag,
  integer,
  MalformedField,
  node,
} from "./field_reader.ts";
import { FieldWriter } from "./field_writer.ts";
import { decodeIncarnations, decodeRecord, encodeIncarnations, encodeRecord } from "./genesis.ts";
import { MalformedError } from "./malformed.ts";
import { FRAME_RULES, scan } from "./scan.ts";
import { decodeFast } from "./state.ts";

/**
 * Entries of a member's disk, each with a checksum over its key and its value. The first byte is the version of the
 * format; of another version nothing else is read. The marks of a register say what is a copy, and what the vote of a fast round.
 */
export const DISK_VERSION: number = 1;

/** Checksum and version. */
const HEAD = 5;

/** The keys of entries of which there is one. */
export const DISK_KEYS = {
  /** Whose disk it is. */
  owner: "node",
  /** The record, the incarnation and the rest of what begins with a memory. */
  member: "member",
  /** The configuration. */
  configuration: "configuration",
  /** The highest known incarnations. */
  known: "known",
  /** The floor of the acceptor. */
  floor: "floor",
  /** The life of a member without a memory. */
  blank: "blank",
  /** The sum over all other entries, which shows a lost one, and one that went back. */
  sum: "sum",
} as const;

/** The first characters of the keys of registers, and of sessions and lives that ended. */
const REGISTER = "r:";
const ENDED = "e:";

const KINDS = ["fenced", "ended", "over"] as const;

/** How a session or a life ended. */
export type EndedKind = typeof KINDS[number];

/** What the entry `member` says. */
export interface StoredMember {
  /** The genesis. */
  readonly record: GenesisRecord;
  /** The life that counts as the incarnation of this memory. */
  readonly incarnation: Life;
  /** Whether the wait for grants after the genesis is over. */
  readonly waited: boolean;
}

/** The sum over all other entries: their number, and two sums of their checksums. */
export interface DiskSum {
  /** The number of entries. */
  readonly count: number;
  /** The sum of their checksums, modulo 2^32. */
  readonly sum: number;
  /** The sum of the squares of their checksums, modulo 2^32. */
  readonly squares: number;
}

const encoder = new TextEncoder();

/** The key of a register. */
export function registerKey(register: RegisterId): string {
  return REGISTER + register;
}

/** The key of a session or a life that ended. */
export function endedKey(name: string): string {
  return ENDED + name;
}

/** The value of an entry, with its checksum. */
function sealed(key: string, content: unknown): Uint8Array {
  const packed = pack(DISK_VERSION, content);
  const value = new Uint8Array(packed.length + 4);
  value.set(packed, 4);
  new DataView(value.buffer).setUint32(0, crc32(packed, 0, crc32(encoder.encode(key))));
  return value;
}

/** The checksum of an entry. */
export function checksumOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getUint32(0);
}

/** Makes the entries of a disk. */
export const toDisk = {
  /** Whose disk it is. */
  owner: (id: string): Uint8Array => sealed(DISK_KEYS.owner, id),
  /** What begins with a memory. */
  member: ({ record, incarnation, waited }: StoredMember): Uint8Array => {
    const to = new FieldWriter(0);
    return sealed(DISK_KEYS.member, [encodeRecord(record, to), to.life(incarnation), waited]);
  },
  /** The configuration. */
  configuration: (configuration: Configuration): Uint8Array =>
    sealed(DISK_KEYS.configuration, encodeConfigurationField(configuration, new FieldWriter(0))),
  /** The highest known incarnations. */
  known: (known: KnownIncarnations): Uint8Array => {
    const to = new FieldWriter(0);
    return sealed(DISK_KEYS.known, encodeIncarnations(known, to));
  },
  /** The floor of the acceptor. */
  floor: (floor: number): Uint8Array => sealed(DISK_KEYS.floor, new FieldWriter(0).counter(floor)),
  /** The life of a member without a memory, and whose question of the second round it has answered. */
  blank: (life: Life, answered: Life): Uint8Array => {
    const to = new FieldWriter(0);
    return sealed(DISK_KEYS.blank, [to.life(life), to.life(answered)]);
  },
  /** A register. The last two marks are those of a vote of a fast round: that it is one, and the token that it is over. */
  register: (stored: StoredRegister): Uint8Array => {
    const to = new FieldWriter(0);
    const { register, promised, accepted, copied } = stored;
    const classic = accepted && { ballot: accepted.ballot, state: accepted.state };
    const isFast = accepted?.fast === true;
    const over = isFast && accepted.state.present ? to.counter(accepted.state.over) : null;
    const copy = encodeCopy({ register, promised, accepted: classic }, to);
    const content = [...copy, copied, isFast, over];
    return sealed(registerKey(stored.register), content);
  },
  /** A session or a life that ended. */
  ended: (name: string, kind: EndedKind): Uint8Array => sealed(endedKey(name), KINDS.indexOf(kind)),
  /** The sum over all other entries. */
  sum: ({ count, sum, squares }: DiskSum): Uint8Array =>
    sealed(DISK_KEYS.sum, [count, sum, squares]),
};

/** One entry of a disk, decoded. */
export type DiskEntry =
  | { readonly kind: "owner"; readonly id: string }
  | ({ readonly kind: "member" } & StoredMember)
  | { readonly kind: "configuration"; readonly configuration: Configuration }
  | { readonly kind: "known"; readonly known: KnownIncarnations }
  | { readonly kind: "floor"; readonly floor: number }
  | { readonly kind: "blank"; readonly life: Life; readonly answered: Life }
  | { readonly kind: "register"; readonly register: StoredRegister }
  | { readonly kind: "ended"; readonly name: string; readonly how: EndedKind }
  | ({ readonly kind: "sum" } & DiskSum)
  /** Of another version of the format; the rest of it is not read. */
  | { readonly kind: "version"; readonly version: number };

/** Decodes an entry. Throws {@linkcode MalformedError} if its checksum does not fit, or its content. */
export function fromDisk(key: string, value: Uint8Array): DiskEntry {
  if (value.length <= HEAD) throw new MalformedError(`an entry of ${value.length} bytes`);
  if (checksumOf(value) !== crc32(value, 4, crc32(encoder.encode(key)))) {
    throw new MalformedError("the checksum of an entry does not fit");
  }
  if (value[4] !== DISK_VERSION) return { kind: "version", version: value[4] };
  const wrong = scan(value, HEAD, FRAME_RULES);
  if (wrong !== undefined) throw new MalformedError(`an entry cannot be decoded: ${wrong}`);
  try {
    return decode(key, unpack(value, HEAD));
  } catch (error) {
    const detail = error instanceof MalformedField ? error.detail : String(error);
    throw new MalformedError(`an entry cannot be decoded: ${detail}`);
  }
}

function decode(key: string, content: unknown): DiskEntry {
  const from = new FieldReader(0);
  switch (key) {
    case DISK_KEYS.owner:
      return { kind: "owner", id: node(content) };
    case DISK_KEYS.member: {
      const [record, incarnation, waited] = fields(content, 3);
      return {
        kind: "member",
        record: decodeRecord(record, from),
        incarnation: from.life(incarnation),
        waited: flag(waited),
      };
    }
    case DISK_KEYS.configuration:
      return { kind: "configuration", configuration: decodeConfigurationField(content, from) };
    case DISK_KEYS.known:
      return { kind: "known", known: decodeIncarnations(content, from) };
    case DISK_KEYS.floor:
      return { kind: "floor", floor: from.counter(content) };
    case DISK_KEYS.blank: {
      const [life, answered] = fields(content, 2);
      return { kind: "blank", life: from.life(life), answered: from.lifeOrNone(answered) };
    }
    case DISK_KEYS.sum: {
      const [count, sum, squares] = fields(content, 3);
      return { kind: "sum", count: integer(count), sum: integer(sum), squares: integer(squares) };
    }
  }
  if (key.startsWith(REGISTER)) {
    const [id, counter, life, accepted, copied, isFast, over] = fields(content, 7);
    const copy = decodeCopy([id, counter, life, accepted], from);
    if (registerKey(copy.register) !== key) {
      throw new MalformedError("a register under another key");
    }
    const register = { ...copy, copied: flag(copied) };
    if (!flag(isFast)) return { kind: "register", register };
    if (copy.accepted === null) throw new MalformedError("a vote of a fast round without a state");
    const vote = decodeFast(copy.accepted.ballot, copy.accepted.state);
    if (vote.state.over !== from.counter(over)) {
      throw new MalformedError("a vote of a fast round over another token");
    }
    return { kind: "register", register: { ...register, accepted: vote } };
  }
  if (!key.startsWith(ENDED)) throw new MalformedError("an unknown key");
  return {
    kind: "ended",
    name: key.slice(ENDED.length),
    how: KINDS[choice(content, KINDS.length)],
  };
}
