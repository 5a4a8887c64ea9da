import { compareBallots } from "../paxos/ballot.ts";
import type { ListedRegister, RegisterCopy, Reply } from "../paxos/messages.ts";
import {
  type FieldReader,
  fields,
  flag,
  integer,
  milliseconds,
  refuse,
  register,
} from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { decodeIncarnations, decodeVector, encodeIncarnations } from "./genesis.ts";
import { MAX_LIST, MAX_REST } from "./limits.ts";
import {
  decodeAccepted,
  decodeSessions,
  encodeAccepted,
  encodeSessions,
  wallTime,
} from "./state.ts";

/** The parts of replies about many registers at once: entries of a list, and of the pieces of a copy. */

/** Encodes an entry of a list to one field. */
export function encodeListed(listed: ListedRegister, to: FieldWriter): Fields {
  const { register, ballot, present, bound, copied, until, owners, stale, fast } = listed;
  return [
    register,
    to.counter(ballot.counter),
    to.life(ballot.life),
    present,
    bound,
    copied,
    until,
    owners,
    encodeSessions(stale, to),
    fast,
  ];
}

/** Decodes an entry of a list from one field. */
export function decodeListed(field: unknown, from: FieldReader): ListedRegister {
  const [id, counter, life, present, bound, copied, until, owners, stale, fast] = fields(
    field,
    10,
  );
  return {
    register: register(id),
    ballot: from.anyBallot(counter, life),
    present: flag(present),
    bound: flag(bound),
    copied: flag(copied),
    until: until === null ? null : wallTime(until),
    owners: integer(owners),
    stale: decodeSessions(stale, from),
    fast: flag(fast),
  };
}

/** Encodes a register of a copy to one field. */
export function encodeCopy(copy: RegisterCopy, to: FieldWriter): Fields {
  const { register, promised, accepted } = copy;
  return [register, ...to.ballot(promised), encodeAccepted(accepted, to)];
}

/** Decodes a register of a copy from one field. */
export function decodeCopy(field: unknown, from: FieldReader): RegisterCopy {
  const [id, counter, life, accepted] = fields(field, 4);
  const copy = {
    register: register(id),
    promised: from.anyBallot(counter, life),
    accepted: decodeAccepted(accepted, from),
  };
  if (copy.accepted !== null && compareBallots(copy.accepted.ballot, copy.promised) > 0) {
    refuse("a ballot was accepted above the promise");
  }
  return copy;
}

/** The data that only the last piece of a copy carries. */
export type Last = Extract<Reply, { type: "piece" }>["last"];

/** Encodes the end of a copy to one field. */
export function encodeLast(last: NonNullable<Last>, to: FieldWriter): Fields {
  return [
    encodeSessions(last.fenced, to),
    encodeSessions(last.ended, to),
    last.over.map((life) => to.life(life)),
    to.counter(last.floor),
    last.vector.map((life) => to.life(life)),
    last.wait,
    encodeIncarnations(last.former, to),
  ];
}

/** Decodes the end of a copy from one field. */
export function decodeLast(field: unknown, from: FieldReader): Last {
  const [fenced, ended, over, floor, vector, wait, former] = fields(field, 7);
  return {
    fenced: decodeSessions(fenced, from),
    ended: decodeSessions(ended, from),
    over: from.list(over, MAX_LIST, (life) => from.life(life)),
    floor: from.counter(floor),
    vector: decodeVector(vector, from),
    wait: milliseconds(wait, MAX_REST),
    former: decodeIncarnations(former, from),
  };
}
