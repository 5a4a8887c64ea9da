import { decodeListed, encodeListed } from "./copies.ts";
import {
  type FieldReader,
  flag,
  integer,
  node,
  refuse,
  register,
  registerOrNone,
} from "./field_reader.ts";
import { MAX_LIST, MAX_MEMBERS } from "./limits.ts";
import {
  bare,
  MESSAGE_BYTES,
  registerBytes,
  type ReplyKinds,
  type RequestKind,
  type RequestKinds,
} from "./message_kind.ts";
import { isBucketPrefix } from "./register_id.ts";
import {
  decodeAccepted,
  decodeFast,
  decodeSessions,
  decodeState,
  encodeAccepted,
  encodeSessions,
  encodeState,
  stateBytes,
} from "./state.ts";
import type { ReplyOf } from "./message_kind.ts";
import { MAX_COUNTER } from "../paxos/ballot.ts";
import { isConfiguration, type RegisterId } from "../paxos/register.ts";

/** A request that names a register. */
function aboutRegister<T extends "read" | "watch" | "unwatch">(
  type: T,
  number: number,
  name: (field: unknown) => RegisterId = register,
): RequestKind<T> {
  const kind: RequestKind<"read" | "watch" | "unwatch"> = {
    number,
    fields: 3,
    handler: "voter",
    encode: ({ id, register }, number) => [number, id, register],
    decode: (field, id) => ({ id, type, register: name(field[2]) }),
  };
  return kind as unknown as RequestKind<T>;
}

/** A request that names a register and a ballot. */
function aboutBallot<T extends "forget" | "chosen">(type: T, number: number): RequestKind<T> {
  const kind: RequestKind<"forget" | "chosen"> = {
    number,
    fields: 5,
    handler: "voter",
    encode({ id, register, ballot }, number, to) {
      return [number, id, register, to.counter(ballot.counter), to.life(ballot.life)];
    },
    decode: (field, id, from) => ({
      id,
      type,
      register: register(field[2]),
      ballot: from.ballot(field[3], field[4]),
    }),
  };
  return kind as unknown as RequestKind<T>;
}

/** What a `prepare` of a sweep has in place of whether it may use the reserve; above that: the bytes that it adds. */
const SWEEP = 2;

/** Most bytes that one change adds to a register: above those of the longest value, and of the longest queue of a lock. */
const MAX_GROWTH = 2 ** 24;

/** The bytes of the value that an acceptor reports. */
function reportedBytes({ accepted }: ReplyOf<"promise" | "current">): number {
  return accepted === null ? 0 : stateBytes(accepted.state);
}

/** The requests about registers (section 3). */
export const REGISTER_REQUESTS: RequestKinds<
  "prepare" | "accept" | "fast" | "chosen" | "read" | "forget" | "watch" | "unwatch" | "list"
> = {
  prepare: {
    number: 0,
    fields: 6,
    handler: "voter",
    encode({ id, register, ballot, reserve, sweep, grows = 0 }, number, to) {
      const { counter, life } = ballot;
      const room = sweep === true ? SWEEP : grows > 0 ? SWEEP + grows : reserve === true;
      return [number, id, register, to.counter(counter), to.life(life), room];
    },
    decode(field, id, from) {
      const grows = typeof field[5] === "number" ? integer(field[5]) - SWEEP : 0;
      const sweep = field[5] === SWEEP;
      const reserve = typeof field[5] !== "number" && flag(field[5]);
      const ballot = from.ballot(field[3], field[4]);
      const request = { id, type: "prepare", register: register(field[2]), ballot } as const;
      // Not as one literal with a spread in it, which takes runtimes longer than all the rest.
      if (sweep) return { ...request, sweep };
      if (grows < 0 || grows > MAX_GROWTH) refuse("not the bytes that a prepare adds");
      if (grows > 0) return { ...request, grows };
      return reserve ? { ...request, reserve } : request;
    },
  },
  accept: {
    number: 1,
    fields: 9,
    handler: "voter",
    encode({ id, register, ballot, state, next, heir, fallback, sweep }, number, to) {
      return [
        number,
        id,
        register,
        to.counter(ballot.counter),
        to.life(ballot.life),
        encodeState(state, to),
        heir === undefined ? next : to.life(heir),
        fallback === null ? null : to.counter(fallback),
        sweep === true,
      ];
    },
    decode(field, id, from) {
      const ballot = from.ballot(field[3], field[4]);
      const sweep = flag(field[8]);
      const name = register(field[2]);
      const state = decodeState(field[5], from);
      const heir = typeof field[6] === "boolean" ? undefined : from.life(field[6]);
      const request = {
        id,
        type: "accept",
        register: name,
        ballot,
        state,
        next: heir !== undefined || flag(field[6]),
        fallback: fallbackAbove(field[7], ballot.counter, from),
      } as const;
      if (heir !== undefined) return sweep ? { ...request, heir, sweep } : { ...request, heir };
      return sweep ? { ...request, sweep } : request;
    },
    size: ({ state }) => stateBytes(state),
  },
  fast: {
    number: 30,
    fields: 6,
    handler: "voter",
    encode({ id, register, ballot, state }, number, to) {
      const { counter, life } = ballot;
      return [number, id, register, to.counter(counter), to.life(life), encodeState(state, to)];
    },
    decode(field, id, from) {
      const name = register(field[2]);
      if (isConfiguration(name)) refuse("a fast round about the configuration");
      const { ballot, state } = decodeFast(
        from.ballot(field[3], field[4]),
        decodeState(field[5], from),
      );
      // Its acceptors promise the next ballot with it.
      if (ballot.counter + 1 >= MAX_COUNTER) refuse("a fast round at the last counter");
      return { id, type: "fast", register: name, ballot, state };
    },
    size: ({ state }) => stateBytes(state),
  },
  chosen: aboutBallot("chosen", 31),
  read: aboutRegister("read", 2),
  forget: aboutBallot("forget", 3),
  watch: aboutRegister("watch", 4, watched),
  unwatch: aboutRegister("unwatch", 5, watched),
  list: {
    number: 6,
    fields: 4,
    handler: "voter",
    encode: ({ id, prefix, after }, number) => [number, id, prefix, after],
    decode: (field, id) => ({
      id,
      type: "list",
      prefix: bucketPrefix(field[2]),
      after: registerOrNone(field[3]),
    }),
  },
};

/** The replies about registers (section 3). */
export const REGISTER_REPLIES: ReplyKinds<
  | "promise"
  | "nack"
  | "accepted"
  | "took"
  | "current"
  | "full"
  | "listed"
  | "watching"
  | "learned"
> = {
  promise: {
    number: 0,
    fields: 8,
    encode({ id, ballot, accepted, copied, floor, stale }, number, to) {
      return [
        number,
        id,
        to.counter(ballot.counter),
        to.life(ballot.life),
        encodeAccepted(accepted, to),
        copied,
        to.counter(floor),
        encodeSessions(stale, to),
      ];
    },
    decode: (field, id, from) => ({
      id,
      type: "promise",
      ballot: from.ballot(field[2], field[3]),
      accepted: decodeAccepted(field[4], from),
      copied: flag(field[5]),
      floor: from.counter(field[6]),
      stale: decodeSessions(field[7], from),
    }),
    size: reportedBytes,
  },
  nack: {
    number: 1,
    fields: 4,
    encode: ({ id, promised }, number, to) => [
      number,
      id,
      to.counter(promised.counter),
      to.life(promised.life),
    ],
    decode: (field, id, from) => ({
      id,
      type: "nack",
      promised: from.anyBallot(field[2], field[3]),
    }),
  },
  accepted: {
    number: 2,
    fields: 4,
    encode: ({ id, ballot }, number, to) => [
      number,
      id,
      to.counter(ballot.counter),
      to.life(ballot.life),
    ],
    decode: (field, id, from) => ({
      id,
      type: "accepted",
      ballot: from.ballot(field[2], field[3]),
    }),
  },
  took: {
    number: 31,
    fields: 5,
    encode: ({ id, ballot, over }, number, to) => [
      number,
      id,
      to.counter(ballot.counter),
      to.life(ballot.life),
      to.counter(over),
    ],
    decode: (field, id, from) => ({
      id,
      type: "took",
      ballot: from.ballot(field[2], field[3]),
      over: from.counter(field[4]),
    }),
  },
  current: {
    number: 3,
    fields: 8,
    encode({ id, promised, accepted, copied, floor, stale }, number, to) {
      return [
        number,
        id,
        to.counter(promised.counter),
        to.life(promised.life),
        encodeAccepted(accepted, to),
        copied,
        to.counter(floor),
        encodeSessions(stale, to),
      ];
    },
    decode: (field, id, from) => ({
      id,
      type: "current",
      promised: from.anyBallot(field[2], field[3]),
      accepted: decodeAccepted(field[4], from),
      copied: flag(field[5]),
      floor: from.counter(field[6]),
      stale: decodeSessions(field[7], from),
    }),
    size: reportedBytes,
  },
  full: {
    number: 4,
    fields: 4,
    encode: ({ id, tidying, missing }, number) => [number, id, tidying, missing],
    decode: (field, id, from) => ({
      id,
      type: "full",
      tidying: flag(field[2]),
      missing: from.list(field[3], MAX_MEMBERS, node),
    }),
  },
  listed: {
    number: 5,
    fields: 4,
    encode: ({ id, registers, more }, number, to) => [
      number,
      id,
      registers.map((listed) => encodeListed(listed, to)),
      more,
    ],
    decode: (field, id, from) => ({
      id,
      type: "listed",
      registers: from.list(field[2], MAX_LIST, (listed) => decodeListed(listed, from)),
      more: flag(field[3]),
    }),
    size: ({ registers }) =>
      registers.reduce((sum, { register }) => sum + MESSAGE_BYTES + registerBytes(register), 0),
  },
  watching: bare("watching", 6),
  learned: {
    number: 7,
    fields: 7,
    encode: ({ id, register, ballot, state, fast, heir }, number, to) => [
      number,
      id,
      register,
      ...to.ballot(ballot),
      encodeState(state, to),
      // A fast round hands nothing on.
      heir === undefined ? fast : to.life(heir),
    ],
    decode(field, id, from) {
      const learned = {
        id,
        type: "learned",
        register: register(field[2]),
        ballot: from.ballot(field[3], field[4]),
        state: decodeState(field[5], from),
      } as const;
      if (typeof field[6] === "boolean") return { ...learned, fast: field[6] };
      return { ...learned, fast: false, heir: from.life(field[6]) };
    },
    size: ({ state }) => stateBytes(state),
  },
};

/** A fallback must be higher than its ballot: a lower one would be refused as well. */
function fallbackAbove(field: unknown, ballot: number, from: FieldReader): number | null {
  if (field === null) return null;
  const counter = from.counter(field);
  return counter > ballot ? counter : refuse("a fallback that is no higher ballot");
}

/** A register, or a bucket. */
function watched(field: unknown): RegisterId {
  return isBucketPrefix(field) ? field : register(field);
}

function bucketPrefix(field: unknown): string {
  return isBucketPrefix(field) ? field : refuse("not the prefix of a bucket");
}
