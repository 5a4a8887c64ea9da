import type { GenesisRecord } from "../paxos/messages.ts";
import type { Life } from "../paxos/ballot.ts";
import type { KnownIncarnations } from "../paxos/incarnations.ts";
import { MAX_FORMER } from "../paxos/member_limits.ts";
import { type FieldReader, fields, flag, milliseconds, node, refuse } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { MAX_MEMBERS, MAX_TTL } from "./limits.ts";
import { GENESIS_PATTERN } from "./names.ts";

/** The parts of frames about the whole cluster: its members, its genesis, its crash vector. */

/** The most nodes whose incarnations a frame names: the members, and one that joins or leaves. */
export const MAX_VOICES: number = MAX_MEMBERS + 1;

/** The most entries of the incarnations that a node tells: of voices, of former members, and of all other nodes. */
export const MAX_KNOWN: number = MAX_VOICES + MAX_FORMER + 1;

/** The id of a genesis. */
export function genesis(field: unknown): string {
  if (typeof field !== "string" || !GENESIS_PATTERN.test(field)) refuse("not the id of a genesis");
  return field;
}

/** A crash vector: the highest known incarnation of each member, and of a node that joins or leaves, or `""`. */
export function decodeVector(field: unknown, from: FieldReader): readonly Life[] {
  return from.list(field, MAX_VOICES, (life) => from.lifeOrNone(life));
}

/** Encodes incarnations by the ids of their nodes to one field. */
export function encodeIncarnations(known: KnownIncarnations, to: FieldWriter): Fields {
  return known.map(([id, life]) => [id, to.life(life)]);
}

/** Decodes incarnations by the ids of their nodes from one field. */
export function decodeIncarnations(field: unknown, from: FieldReader): KnownIncarnations {
  return from.list(field, MAX_KNOWN, (one) => {
    const [id, life] = fields(one, 2);
    return [id === "" ? id : node(id), from.life(life)] as const;
  });
}

/** The names of all members, in order. */
export function decodeMembers(field: unknown, from: FieldReader): readonly string[] {
  return from.list(field, MAX_MEMBERS, node);
}

/** Encodes a genesis record to one field. */
export function encodeRecord(record: GenesisRecord, to: FieldWriter): Fields {
  return [
    record.id,
    record.lives.map((life) => to.life(life)),
    to.counter(record.floor),
    record.maxTtl,
    record.clients,
  ];
}

/** Decodes a genesis record from one field. */
export function decodeRecord(field: unknown, from: FieldReader): GenesisRecord {
  const [id, lives, floor, maxTtl, clients] = fields(field, 5);
  return {
    id: genesis(id),
    lives: from.list(lives, MAX_MEMBERS, (life) => from.life(life)),
    floor: from.counter(floor),
    maxTtl: milliseconds(maxTtl, MAX_TTL),
    clients: flag(clients),
  };
}
