import type { Reply } from "../paxos/messages.ts";
import {
  decodeCopy,
  decodeLast,
  decodeListed,
  encodeCopy,
  encodeLast,
  encodeListed,
} from "./copies.ts";
import {
  blob,
  choice,
  fields,
  flag,
  type FrameReader,
  integer,
  milliseconds,
  node,
  refuse,
  register,
} from "./frame_reader.ts";
import type { Fields, FrameWriter } from "./frame_writer.ts";
import { decodeMembers, decodeRecord, encodeRecord } from "./genesis.ts";
import { MAX_LIST, MAX_REST } from "./limits.ts";
import {
  decodeAccepted,
  decodeSessions,
  decodeState,
  encodeAccepted,
  encodeSessions,
  encodeState,
} from "./state.ts";

/** The number of each reply in a frame; a new one gets a new number. */
const KINDS: Readonly<Record<Reply["type"], number>> = {
  promise: 0,
  nack: 1,
  accepted: 2,
  current: 3,
  full: 4,
  listed: 5,
  watching: 6,
  learned: 7,
  renewed: 8,
  refused: 9,
  fenced: 10,
  alive: 11,
  newest: 12,
  blank: 13,
  record: 14,
  replaced: 15,
  membersMismatch: 16,
  notAMember: 17,
  known: 18,
  piece: 19,
  handed: 20,
  hosting: 21,
  told: 22,
  unreachable: 23,
};

const OUTCOMES = ["written", "found", "invalid_value", "no_quorum", "full"] as const;

/** The latest time that a Date can have, in milliseconds since 1970. */
const MAX_WALL_TIME = 8.64e15;

/** The fields of a reply: its kind, its id, then what it says. */
export function encodeReply(reply: Reply, to: FrameWriter): Fields {
  const { id } = reply;
  const kind = KINDS[reply.type];
  switch (reply.type) {
    case "promise":
    case "current": {
      const { counter, life } = reply.type === "promise" ? reply.ballot : reply.promised;
      return [
        kind,
        id,
        to.counter(counter),
        to.life(life),
        encodeAccepted(reply.accepted, to),
        reply.copied,
        to.counter(reply.floor),
        encodeSessions(reply.stale, to),
      ];
    }
    case "nack":
      return [kind, id, to.counter(reply.promised.counter), to.life(reply.promised.life)];
    case "accepted":
      return [kind, id, to.counter(reply.ballot.counter), to.life(reply.ballot.life)];
    case "full":
    case "watching":
    case "replaced":
    case "notAMember":
      return [kind, id];
    case "listed":
      return [kind, id, reply.registers.map((listed) => encodeListed(listed, to)), reply.more];
    case "learned":
      return [kind, id, reply.register, ...to.ballot(reply.ballot), encodeState(reply.state, to)];
    case "renewed":
      return [kind, id, to.session(reply.session), reply.renewal];
    case "refused":
    case "fenced":
      return [kind, id, to.session(reply.session)];
    case "alive":
      return [kind, id, to.session(reply.session), reply.remaining];
    case "newest":
      if (reply.session === null) return [kind, id, null];
      return [kind, id, to.session(reply.session), reply.remaining];
    case "blank":
      return [kind, id, reply.members, reply.wall, reply.recovering];
    case "record":
      return [kind, id, reply.members, encodeRecord(reply.record, to)];
    case "membersMismatch":
      return [kind, id, reply.members];
    case "known":
      return [kind, id, to.life(reply.incarnation)];
    case "piece":
      return [
        kind,
        id,
        reply.announcement,
        reply.registers.map((copy) => encodeCopy(copy, to)),
        reply.last === null ? null : encodeLast(reply.last, to),
      ];
    case "hosting":
      return [kind, id, reply.nodes];
    case "told":
      return [kind, id, reply.body];
    case "unreachable":
      return [kind, id, reply.to];
    case "handed": {
      const outcome = OUTCOMES.indexOf(reply.outcome);
      return reply.outcome === "written" || reply.outcome === "found"
        ? [kind, id, outcome, reply.value, to.counter(reply.token)]
        : [kind, id, outcome];
    }
  }
}

/** The reply that these fields are; throws a `Refusal` unless they are exactly right. */
export function decodeReply(field: unknown, from: FrameReader): Reply {
  if (!Array.isArray(field)) refuse("not a reply");
  const id = integer(field[1]);
  switch (field[0]) {
    case KINDS.promise:
      fields(field, 8);
      return {
        id,
        type: "promise",
        ballot: from.ballot(field[2], field[3]),
        accepted: decodeAccepted(field[4], from),
        copied: flag(field[5]),
        floor: from.counter(field[6]),
        stale: decodeSessions(field[7], from),
      };
    case KINDS.nack:
      fields(field, 4);
      return { id, type: "nack", promised: from.anyBallot(field[2], field[3]) };
    case KINDS.accepted:
      fields(field, 4);
      return { id, type: "accepted", ballot: from.ballot(field[2], field[3]) };
    case KINDS.current:
      fields(field, 8);
      return {
        id,
        type: "current",
        promised: from.anyBallot(field[2], field[3]),
        accepted: decodeAccepted(field[4], from),
        copied: flag(field[5]),
        floor: from.counter(field[6]),
        stale: decodeSessions(field[7], from),
      };
    case KINDS.full:
      fields(field, 2);
      return { id, type: "full" };
    case KINDS.listed:
      fields(field, 4);
      return {
        id,
        type: "listed",
        registers: from.list(field[2], MAX_LIST, (listed) => decodeListed(listed, from)),
        more: flag(field[3]),
      };
    case KINDS.watching:
      fields(field, 2);
      return { id, type: "watching" };
    case KINDS.learned:
      fields(field, 6);
      return {
        id,
        type: "learned",
        register: register(field[2]),
        ballot: from.ballot(field[3], field[4]),
        state: decodeState(field[5], from),
      };
    case KINDS.renewed:
      fields(field, 4);
      return { id, type: "renewed", session: from.session(field[2]), renewal: integer(field[3]) };
    case KINDS.refused:
      fields(field, 3);
      return { id, type: "refused", session: from.session(field[2]) };
    case KINDS.fenced:
      fields(field, 3);
      return { id, type: "fenced", session: from.session(field[2]) };
    case KINDS.alive:
      fields(field, 4);
      return {
        id,
        type: "alive",
        session: from.session(field[2]),
        remaining: milliseconds(field[3], MAX_REST),
      };
    case KINDS.newest:
      if (field[2] === null) {
        fields(field, 3);
        return { id, type: "newest", session: null, remaining: 0 };
      }
      fields(field, 4);
      return {
        id,
        type: "newest",
        session: from.session(field[2]),
        remaining: milliseconds(field[3], MAX_REST),
      };
    case KINDS.blank:
      fields(field, 5);
      return {
        id,
        type: "blank",
        members: decodeMembers(field[2], from),
        wall: milliseconds(field[3], MAX_WALL_TIME),
        recovering: flag(field[4]),
      };
    case KINDS.record:
      fields(field, 4);
      return {
        id,
        type: "record",
        members: decodeMembers(field[2], from),
        record: decodeRecord(field[3], from),
      };
    case KINDS.replaced:
      fields(field, 2);
      return { id, type: "replaced" };
    case KINDS.membersMismatch:
      fields(field, 3);
      return { id, type: "membersMismatch", members: decodeMembers(field[2], from) };
    case KINDS.notAMember:
      fields(field, 2);
      return { id, type: "notAMember" };
    case KINDS.known:
      fields(field, 3);
      return { id, type: "known", incarnation: from.lifeOrNone(field[2]) };
    case KINDS.piece:
      fields(field, 5);
      return {
        id,
        type: "piece",
        announcement: integer(field[2]),
        registers: from.list(field[3], MAX_LIST, (copy) => decodeCopy(copy, from)),
        last: field[4] === null ? null : decodeLast(field[4], from),
      };
    case KINDS.hosting:
      fields(field, 3);
      return { id, type: "hosting", nodes: from.list(field[2], MAX_LIST, node) };
    case KINDS.told:
      fields(field, 3);
      return { id, type: "told", body: blob(field[2]) };
    case KINDS.unreachable:
      fields(field, 3);
      return { id, type: "unreachable", to: node(field[2]) };
    case KINDS.handed: {
      const outcome = OUTCOMES[choice(field[2], OUTCOMES.length)];
      if (outcome === "written" || outcome === "found") {
        fields(field, 5);
        return {
          id,
          type: "handed",
          outcome,
          value: blob(field[3]),
          token: from.counter(field[4]),
        };
      }
      fields(field, 3);
      return { id, type: "handed", outcome };
    }
    default:
      refuse("a reply of an unknown kind");
  }
}
