import type { GenesisRecord } from "../paxos/messages.ts";
import type { Life } from "../paxos/ballot.ts";
import { type FieldReader, fields, flag, milliseconds, node, refuse } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { MAX_MEMBERS, MAX_TTL } from "./limits.ts";
import { GENESIS_PATTERN } from "./names.ts";

/** The parts of frames about the whole cluster: its members, its genesis, its crash vector. */

/** The id of a genesis. */
export function genesis(field: unknown): string {
  if (typeof field !== "string" || !GENESIS_PATTERN.test(field)) refuse("not the id of a genesis");
  return field;
}

/** A crash vector: the highest known incarnation of each member, or `""`. */
export function decodeVector(field: unknown, from: FieldReader): readonly Life[] {
  return from.list(field, MAX_MEMBERS, (life) => from.lifeOrNone(life));
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
