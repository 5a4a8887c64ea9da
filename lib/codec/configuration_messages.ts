import type { Configuration, ConfiguredMember, NamedLife } from "../paxos/configuration.ts";
import type { ConfigurationNews } from "../paxos/incarnations.ts";
import { type FieldReader, fields, flag, integer, node, refuse } from "./field_reader.ts";
import { register, registerOrNone } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { decodeIncarnations, encodeIncarnations } from "./genesis.ts";
import { MAX_LIST, MAX_MEMBERS } from "./limits.ts";
import {
  bare,
  MESSAGE_BYTES,
  registerBytes,
  type ReplyKinds,
  type RequestKinds,
} from "./message_kind.ts";

/** The bytes of a configuration in a frame, with its lives and who joins or leaves, and of the incarnations with it. */
export function newsBytes({ configuration, incarnations }: ConfigurationNews): number {
  return MESSAGE_BYTES * (configuration.members.length + 2 + incarnations.length);
}

/** Encodes a configuration and the incarnations that go with it to two fields. */
export function encodeNews(
  { configuration, incarnations }: ConfigurationNews,
  to: FieldWriter,
): [Fields, Fields] {
  return [encodeConfigurationField(configuration, to), encodeIncarnations(incarnations, to)];
}

/** Decodes a configuration and the incarnations that go with it from two fields. */
export function decodeNews(
  configuration: unknown,
  incarnations: unknown,
  from: FieldReader,
): ConfigurationNews {
  return {
    configuration: decodeConfigurationField(configuration, from),
    incarnations: decodeIncarnations(incarnations, from),
  };
}

export function encodeConfigurationField(configuration: Configuration, to: FieldWriter): Fields {
  const { epoch, members, joining, leaving, settled } = configuration;
  return [
    epoch,
    members.map(({ id, life, since }) => [id, to.life(life), since]),
    encodeNamed(joining, to),
    encodeNamed(leaving, to),
    settled,
  ];
}

export function decodeConfigurationField(field: unknown, from: FieldReader): Configuration {
  const [epoch, members, joining, leaving, settled] = fields(field, 5);
  const configuration = {
    epoch: integer(epoch),
    members: from.list(members, MAX_MEMBERS, (member) => decodeMember(member, from)),
    joining: decodeNamed(joining, from),
    leaving: decodeNamed(leaving, from),
    settled: flag(settled),
  };
  if (configuration.members.length === 0) refuse("a configuration without members");
  return configuration;
}

function encodeNamed(one: NamedLife | null, to: FieldWriter): Fields | null {
  return one === null ? null : [one.id, to.life(one.life)];
}

function decodeNamed(field: unknown, from: FieldReader): NamedLife | null {
  if (field === null) return null;
  const [id, life] = fields(field, 2);
  return { id: node(id), life: from.life(life) };
}

function decodeMember(field: unknown, from: FieldReader): ConfiguredMember {
  const [id, life, since] = fields(field, 3);
  return { id: node(id), life: from.life(life), since: integer(since) };
}

/** The requests about changes of the members (section 11). */
export const CONFIGURATION_REQUESTS: RequestKinds<
  "configure" | "incarnationOf" | "stand" | "inventory" | "raiseFloor"
> = {
  configure: {
    number: 25,
    fields: 4,
    handler: "change",
    encode: (request, number, to) => [number, request.id, ...encodeNews(request, to)],
    decode: (field, id, from) => ({
      id,
      type: "configure",
      ...decodeNews(field[2], field[3], from),
    }),
    size: newsBytes,
  },
  incarnationOf: {
    number: 26,
    fields: 3,
    handler: "change",
    encode: ({ id, node }, number) => [number, id, node],
    decode: (field, id) => ({ id, type: "incarnationOf", node: node(field[2]) }),
  },
  stand: {
    number: 27,
    fields: 3,
    handler: "change",
    encode: ({ id, above }, number, to) => [number, id, to.life(above)],
    decode: (field, id, from) => ({ id, type: "stand", above: from.lifeOrNone(field[2]) }),
  },
  inventory: {
    number: 28,
    fields: 3,
    handler: "change",
    encode: ({ id, after }, number) => [number, id, after],
    decode: (field, id) => ({ id, type: "inventory", after: registerOrNone(field[2]) }),
  },
  raiseFloor: {
    number: 29,
    fields: 3,
    handler: "change",
    encode: ({ id, floor }, number, to) => [number, id, to.counter(floor)],
    decode: (field, id, from) => ({ id, type: "raiseFloor", floor: from.counter(field[2]) }),
  },
};

/** The replies about changes of the members; `known` is among those of recovery. */
export const CONFIGURATION_REPLIES: ReplyKinds<
  "configured" | "newerConfiguration" | "unknownEpoch" | "standing" | "inventoried" | "raised"
> = {
  configured: {
    number: 25,
    fields: 3,
    encode: ({ id, copied }, number) => [number, id, copied],
    decode: (field, id) => ({ id, type: "configured", copied: flag(field[2]) }),
  },
  newerConfiguration: {
    number: 26,
    fields: 4,
    encode: (reply, number, to) => [number, reply.id, ...encodeNews(reply, to)],
    decode: (field, id, from) => ({
      id,
      type: "newerConfiguration",
      ...decodeNews(field[2], field[3], from),
    }),
    size: newsBytes,
  },
  unknownEpoch: bare("unknownEpoch", 27),
  standing: bare("standing", 28),
  inventoried: {
    number: 29,
    fields: 4,
    encode: ({ id, registers, floor }, number, to) => [
      number,
      id,
      registers,
      // A floor of 0 is written as null.
      floor === null ? false : to.counter(floor),
    ],
    decode: (field, id, from) => ({
      id,
      type: "inventoried",
      registers: from.list(field[2], MAX_LIST, register),
      floor: field[3] === false ? null : from.counter(field[3]),
    }),
    size: ({ registers }) =>
      registers.reduce((sum, name) => sum + MESSAGE_BYTES + registerBytes(name), 0),
  },
  raised: bare("raised", 30),
};
