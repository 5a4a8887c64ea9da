import type { ConfigurationNews } from "../paxos/incarnations.ts";
import { decodeNews, encodeNews, newsBytes } from "./configuration_messages.ts";
import { decodeCopy, decodeLast, encodeCopy, encodeLast } from "./copies.ts";
import {
  choice,
  fields,
  flag,
  integer,
  milliseconds,
  refuse,
  registerOrNone,
} from "./field_reader.ts";
import { decodeMembers, decodeRecord, decodeVector, encodeRecord } from "./genesis.ts";
import { MAX_LIST, MAX_WALL_TIME } from "./limits.ts";
import {
  bare,
  MESSAGE_BYTES,
  registerBytes,
  type ReplyKinds,
  type RequestKinds,
} from "./message_kind.ts";
import { stateBytes } from "./state.ts";

const PURPOSES = ["record", "genesis", "givingUp"] as const;

/** The requests about genesis and recovery (section 7). */
export const MEMBERSHIP_REQUESTS: RequestKinds<
  "enquire" | "incarnation" | "transfer" | "announce"
> = {
  enquire: {
    number: 11,
    fields: 5,
    handler: "membership",
    encode: ({ id, members, purpose, round }, number) => [
      number,
      id,
      members,
      PURPOSES.indexOf(purpose),
      round,
    ],
    decode: (field, id, from) => ({
      id,
      type: "enquire",
      members: decodeMembers(field[2], from),
      purpose: PURPOSES[choice(field[3], PURPOSES.length)],
      round: oneOrTwo(field[4]),
    }),
  },
  incarnation: {
    number: 12,
    fields: 3,
    handler: "membership",
    encode: ({ id, members }, number) => [number, id, members],
    decode: (field, id, from) => ({
      id,
      type: "incarnation",
      members: decodeMembers(field[2], from),
    }),
  },
  transfer: {
    number: 13,
    fields: 6,
    handler: "membership",
    encode: ({ id, members, announcement, incarnation, after }, number, to) => [
      number,
      id,
      members,
      announcement,
      to.life(incarnation),
      after,
    ],
    decode: (field, id, from) => ({
      id,
      type: "transfer",
      members: decodeMembers(field[2], from),
      announcement: integer(field[3]),
      incarnation: from.life(field[4]),
      after: registerOrNone(field[5]),
    }),
  },
  announce: {
    number: 40,
    fields: 4,
    handler: "membership",
    encode: ({ id, members, incarnation }, number, to) => [
      number,
      id,
      members,
      to.life(incarnation),
    ],
    decode: (field, id, from) => ({
      id,
      type: "announce",
      members: decodeMembers(field[2], from),
      incarnation: from.life(field[3]),
    }),
  },
};

/** The replies about genesis and recovery (section 7). */
export const MEMBERSHIP_REPLIES: ReplyKinds<
  | "blank"
  | "record"
  | "stored"
  | "replaced"
  | "membersMismatch"
  | "notAMember"
  | "known"
  | "piece"
> = {
  blank: {
    number: 13,
    fields: 5,
    encode: ({ id, members, wall, recovering }, number) => [number, id, members, wall, recovering],
    decode: (field, id, from) => ({
      id,
      type: "blank",
      members: decodeMembers(field[2], from),
      wall: milliseconds(field[3], MAX_WALL_TIME),
      recovering: flag(field[4]),
    }),
  },
  record: {
    number: 14,
    fields: null,
    encode: ({ id, members, record, ...news }, number, to) => [
      number,
      id,
      members,
      encodeRecord(record, to),
      ...(news.configuration === undefined ? [] : encodeNews(news, to)),
    ],
    decode: (field, id, from) => {
      const { length } = field;
      if (length !== 4) fields(field, 6);
      const reply = {
        id,
        type: "record",
        members: decodeMembers(field[2], from),
        record: decodeRecord(field[3], from),
      } as const;
      return length === 4 ? reply : { ...reply, ...decodeNews(field[4], field[5], from) };
    },
    size: (news) => news.configuration === undefined ? 0 : newsBytes(news),
  },
  stored: {
    number: 40,
    fields: null,
    encode: ({ id, members, record, incarnation, vector, epoch, ...news }, number, to) => [
      number,
      id,
      members,
      encodeRecord(record, to),
      to.life(incarnation),
      vector.map((life) => to.life(life)),
      epoch,
      ...(isNews(news) ? encodeNews(news, to) : []),
    ],
    decode: (field, id, from) => {
      const { length } = field;
      if (length !== 7) fields(field, 9);
      const reply = {
        id,
        type: "stored",
        members: decodeMembers(field[2], from),
        record: decodeRecord(field[3], from),
        incarnation: from.life(field[4]),
        vector: decodeVector(field[5], from),
        epoch: integer(field[6]),
      } as const;
      return length === 7 ? reply : { ...reply, ...decodeNews(field[7], field[8], from) };
    },
    size: (reply) => isNews(reply) ? newsBytes(reply) : 0,
  },
  replaced: bare("replaced", 15),
  membersMismatch: {
    number: 16,
    fields: 3,
    encode: ({ id, members }, number) => [number, id, members],
    decode: (field, id, from) => ({
      id,
      type: "membersMismatch",
      members: decodeMembers(field[2], from),
    }),
  },
  notAMember: bare("notAMember", 17),
  known: {
    number: 18,
    fields: 4,
    encode: ({ id, incarnation, ...mark }, number, to) => [
      number,
      id,
      to.life(incarnation),
      "settled" in mark,
    ],
    decode: (field, id, from) => {
      const reply = { id, type: "known", incarnation: from.lifeOrNone(field[2]) } as const;
      return flag(field[3]) ? { ...reply, settled: true } : reply;
    },
  },
  piece: {
    number: 19,
    fields: 5,
    encode: ({ id, announcement, registers, last }, number, to) => [
      number,
      id,
      announcement,
      registers.map((copy) => encodeCopy(copy, to)),
      last === null ? null : encodeLast(last, to),
    ],
    decode: (field, id, from) => ({
      id,
      type: "piece",
      announcement: integer(field[2]),
      registers: from.list(field[3], MAX_LIST, (copy) => decodeCopy(copy, from)),
      last: field[4] === null ? null : decodeLast(field[4], from),
    }),
    size: ({ registers }) =>
      registers.reduce((sum, { register, accepted }) => {
        const value = accepted === null ? 0 : stateBytes(accepted.state);
        return sum + MESSAGE_BYTES + registerBytes(register) + value;
      }, 0),
  },
};

function oneOrTwo(field: unknown): 1 | 2 {
  return field === 1 || field === 2 ? field : refuse("neither round 1 nor round 2");
}

/** Whether a message tells of a configuration. */
function isNews<T extends Partial<ConfigurationNews>>(
  message: T,
): message is T & ConfigurationNews {
  return message.configuration !== undefined && message.incarnations !== undefined;
}
