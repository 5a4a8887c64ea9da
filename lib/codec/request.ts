import type { Load, PersonalReply, PersonalRequest, Reply, Request } from "../paxos/messages.ts";
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
  registerOrNone,
} from "./frame_reader.ts";
import type { Fields, FrameWriter } from "./frame_writer.ts";
import { decodeMembers } from "./genesis.ts";
import { MAX_HOSTS, MAX_TIMEOUT, MAX_TTL } from "./limits.ts";
import { isSpecId } from "./names.ts";
import { isBucketPrefix } from "./register_id.ts";
import { decodeReply, encodeReply } from "./reply.ts";
import {
  decodeBindings,
  decodePid,
  decodeState,
  encodeBindings,
  encodePid,
  encodeState,
} from "./state.ts";

/** The number of each request in a frame; a new one gets a new number. */
const KINDS: Readonly<Record<Request["type"], number>> = {
  prepare: 0,
  accept: 1,
  read: 2,
  forget: 3,
  watch: 4,
  unwatch: 5,
  list: 6,
  renew: 7,
  fence: 8,
  end: 9,
  sessionOf: 10,
  enquire: 11,
  incarnation: 12,
  transfer: 13,
  handover: 14,
  hosts: 15,
  ask: 16,
  relay: 17,
  relayed: 18,
};

const PURPOSES = ["record", "genesis", "givingUp"] as const;

/** The fields of a request: its kind, its id, then what it says. */
export function encodeRequest(request: Request, to: FrameWriter): Fields {
  const { id } = request;
  const kind = KINDS[request.type];
  switch (request.type) {
    case "prepare":
    case "forget": {
      const { counter, life } = request.ballot;
      return [kind, id, request.register, to.counter(counter), to.life(life)];
    }
    case "accept": {
      const { counter, life } = request.ballot;
      return [
        kind,
        id,
        request.register,
        to.counter(counter),
        to.life(life),
        encodeState(request.state, to),
        request.next,
        request.fallback === null ? null : to.counter(request.fallback),
      ];
    }
    case "read":
    case "watch":
    case "unwatch":
      return [kind, id, request.register];
    case "list":
      return [kind, id, request.prefix, request.after];
    case "renew":
      return [
        kind,
        id,
        to.session(request.session),
        request.ttl,
        request.renewal,
        request.hosts,
      ];
    case "fence":
    case "end":
      return [kind, id, to.session(request.session)];
    case "sessionOf":
      return [kind, id, request.node];
    case "hosts":
      return [kind, id, request.spec];
    case "ask":
      return [kind, id, request.body];
    case "enquire":
      return [kind, id, request.members, PURPOSES.indexOf(request.purpose), request.round];
    case "incarnation":
      return [kind, id, request.members];
    case "transfer":
      return [
        kind,
        id,
        request.members,
        request.announcement,
        to.life(request.incarnation),
        request.after,
      ];
    case "handover":
      return [
        kind,
        id,
        ...to.operation(request.op),
        ...encodePid(request.pid, to),
        request.register,
        request.value,
        encodeBindings(request.bindings, to),
        request.timeout,
      ];
    case "relay":
      return [kind, id, request.to, ...encodeLoad(request.load, to)];
    case "relayed":
      return [kind, id, request.from, to.life(request.life), ...encodeLoad(request.load, to)];
  }
}

/** Two fields: the life that an answer is for, `null` for a question; and what is said. */
function encodeLoad({ repliesTo, message }: Load, to: FrameWriter): Fields {
  return repliesTo === null
    ? [null, encodeRequest(message, to)]
    : [to.life(repliesTo), encodeReply(message, to)];
}

/** The request that these fields are; throws a `Refusal` unless they are exactly right. */
export function decodeRequest(field: unknown, from: FrameReader): Request {
  if (!Array.isArray(field)) refuse("not a request");
  const id = integer(field[1]);
  switch (field[0]) {
    case KINDS.prepare:
      fields(field, 5);
      return {
        id,
        type: "prepare",
        register: register(field[2]),
        ballot: from.ballot(field[3], field[4]),
      };
    case KINDS.accept: {
      fields(field, 8);
      const ballot = from.ballot(field[3], field[4]);
      return {
        id,
        type: "accept",
        register: register(field[2]),
        ballot,
        state: decodeState(field[5], from),
        next: flag(field[6]),
        fallback: fallback(field[7], ballot.counter, from),
      };
    }
    case KINDS.read:
      fields(field, 3);
      return { id, type: "read", register: register(field[2]) };
    case KINDS.forget:
      fields(field, 5);
      return {
        id,
        type: "forget",
        register: register(field[2]),
        ballot: from.ballot(field[3], field[4]),
      };
    case KINDS.watch:
      fields(field, 3);
      return { id, type: "watch", register: register(field[2]) };
    case KINDS.unwatch:
      fields(field, 3);
      return { id, type: "unwatch", register: register(field[2]) };
    case KINDS.list:
      fields(field, 4);
      return { id, type: "list", prefix: prefix(field[2]), after: registerOrNone(field[3]) };
    case KINDS.renew:
      fields(field, 6);
      return {
        id,
        type: "renew",
        session: from.session(field[2]),
        ttl: milliseconds(field[3], MAX_TTL),
        renewal: integer(field[4]),
        hosts: from.list(field[5], MAX_HOSTS, spec),
      };
    case KINDS.fence:
      fields(field, 3);
      return { id, type: "fence", session: from.session(field[2]) };
    case KINDS.end:
      fields(field, 3);
      return { id, type: "end", session: from.session(field[2]) };
    case KINDS.sessionOf:
      fields(field, 3);
      return { id, type: "sessionOf", node: node(field[2]) };
    case KINDS.hosts:
      fields(field, 3);
      return { id, type: "hosts", spec: spec(field[2]) };
    case KINDS.ask:
      fields(field, 3);
      return { id, type: "ask", body: blob(field[2]) };
    case KINDS.enquire:
      fields(field, 5);
      return {
        id,
        type: "enquire",
        members: decodeMembers(field[2], from),
        purpose: PURPOSES[choice(field[3], PURPOSES.length)],
        round: round(field[4]),
      };
    case KINDS.incarnation:
      fields(field, 3);
      return { id, type: "incarnation", members: decodeMembers(field[2], from) };
    case KINDS.transfer:
      fields(field, 6);
      return {
        id,
        type: "transfer",
        members: decodeMembers(field[2], from),
        announcement: integer(field[3]),
        incarnation: from.life(field[4]),
        after: registerOrNone(field[5]),
      };
    case KINDS.handover:
      fields(field, 10);
      return {
        id,
        type: "handover",
        op: from.operation(field[2], field[3]),
        pid: decodePid(field[4], field[5], from),
        register: register(field[6]),
        value: blob(field[7]),
        bindings: decodeBindings(field[8], from),
        timeout: milliseconds(field[9], MAX_TIMEOUT),
      };
    case KINDS.relay:
      fields(field, 5);
      return {
        id,
        type: "relay",
        to: node(field[2]),
        load: decodeLoad(field[3], field[4], from),
      };
    case KINDS.relayed:
      fields(field, 6);
      return {
        id,
        type: "relayed",
        from: node(field[2]),
        life: from.life(field[3]),
        load: decodeLoad(field[4], field[5], from),
      };
    default:
      refuse("a request of an unknown kind");
  }
}

/** Nothing but questions and answers between two nodes: nothing about votes, and nothing relayed. */
function decodeLoad(repliesTo: unknown, message: unknown, from: FrameReader): Load {
  if (repliesTo !== null) {
    const life = from.life(repliesTo);
    const reply = decodeReply(message, from);
    return isPersonal(reply) ? { repliesTo: life, message: reply } : refuse("not to be relayed");
  }
  const kind = Array.isArray(message) ? message[0] : undefined;
  if (kind !== KINDS.ask && kind !== KINDS.handover) refuse("not to be relayed");
  return { repliesTo, message: decodeRequest(message, from) as PersonalRequest };
}

function isPersonal(reply: Reply): reply is PersonalReply {
  return reply.type === "told" || reply.type === "handed";
}

function spec(field: unknown): string {
  return isSpecId(field) ? field : refuse("not the id of a singleton");
}

/** Above the ballot that it is the fallback of: otherwise it could only be refused, too. */
function fallback(field: unknown, ballot: number, from: FrameReader): number | null {
  if (field === null) return null;
  const counter = from.counter(field);
  return counter > ballot ? counter : refuse("a fallback that is no higher ballot");
}

function prefix(field: unknown): string {
  return isBucketPrefix(field) ? field : refuse("not the prefix of a bucket");
}

function round(field: unknown): 1 | 2 {
  return field === 1 || field === 2 ? field : refuse("neither round 1 nor round 2");
}
