import type {
  PersonalReply,
  PersonalRequest,
  RelayPayload,
  Reply,
  Request,
} from "../paxos/messages.ts";
import { CONFIGURATION_REQUESTS } from "./configuration_messages.ts";
import { type FieldReader, fields, integer, owner, refuse } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { MEMBERSHIP_REQUESTS } from "./membership_messages.ts";
import {
  byNumber,
  type MessageKind,
  registerBytes,
  type RequestHandler,
  type RequestKinds,
} from "./message_kind.ts";
import { NODE_REQUESTS } from "./node_messages.ts";
import { REGISTER_REQUESTS } from "./register_messages.ts";
import { decodeReply, encodeReply, replySize } from "./reply.ts";
import { SESSION_REQUESTS } from "./session_messages.ts";

/** The requests that members relay for other nodes. */
const RELAY_REQUESTS: RequestKinds<"relay" | "relayed"> = {
  relay: {
    number: 17,
    fields: 5,
    handler: "relay",
    encode: ({ id, to: node, payload }, number, to) => [
      number,
      id,
      node,
      ...encodePayload(payload, to),
    ],
    decode: (field, id, from) => ({
      id,
      type: "relay",
      to: owner(field[2]),
      payload: decodePayload(field[3], field[4], from),
    }),
    size: ({ payload }) => payloadSize(payload),
  },
  relayed: {
    number: 18,
    fields: 6,
    handler: "relayed",
    encode: ({ id, from, life, payload }, number, to) => [
      number,
      id,
      from,
      to.life(life),
      ...encodePayload(payload, to),
    ],
    decode: (field, id, from) => ({
      id,
      type: "relayed",
      from: owner(field[2]),
      life: from.life(field[3]),
      payload: decodePayload(field[4], field[5], from),
    }),
    size: ({ payload }) => payloadSize(payload),
  },
};

/** All requests. */
const REQUESTS: RequestKinds<Request["type"]> = {
  ...REGISTER_REQUESTS,
  ...SESSION_REQUESTS,
  ...MEMBERSHIP_REQUESTS,
  ...CONFIGURATION_REQUESTS,
  ...NODE_REQUESTS,
  ...RELAY_REQUESTS,
};

/** The table for a request whose kind is known only at run time. */
const KINDS = REQUESTS as unknown as Readonly<
  Record<Request["type"], MessageKind<Request> & { readonly handler: RequestHandler }>
>;
const BY_NUMBER = byNumber(KINDS);

/** The part of a node that handles this kind of request. */
export function requestHandler(type: Request["type"]): RequestHandler {
  return REQUESTS[type].handler;
}

/** The fields of a request. */
export function encodeRequest(request: Request, to: FieldWriter): Fields {
  const kind = KINDS[request.type];
  return kind.encode(request, kind.number, to);
}

/** Decodes a request from its fields; throws a `MalformedField` if they are malformed. */
export function decodeRequest(field: unknown, from: FieldReader): Request {
  if (!Array.isArray(field)) refuse("not a request");
  const id = integer(field[1]);
  const kind = BY_NUMBER[integer(field[0])];
  if (kind === undefined) refuse("a request of an unknown kind");
  if (kind.fields !== null) fields(field, kind.fields);
  return kind.decode(field, id, from);
}

/** The approximate bytes of the content of a request. */
export function requestSize(request: Request): number {
  const named = "register" in request ? registerBytes(request.register) : 0;
  return named + (KINDS[request.type].size?.(request) ?? 0);
}

/** The approximate bytes of a relayed message. */
export function payloadSize({ repliesTo, message }: RelayPayload): number {
  return repliesTo === null ? requestSize(message) : replySize(message);
}

/** Encodes a relayed message to two fields: the life that a reply is for, or `null`; and the message. */
function encodePayload({ repliesTo, message }: RelayPayload, to: FieldWriter): Fields {
  return repliesTo === null
    ? [null, encodeRequest(message, to)]
    : [to.life(repliesTo), encodeReply(message, to)];
}

/** Decodes a relayed message. Only messages of nodes themselves may be relayed: no votes, no relays. */
function decodePayload(repliesTo: unknown, message: unknown, from: FieldReader): RelayPayload {
  if (repliesTo !== null) {
    const life = from.life(repliesTo);
    const reply = decodeReply(message, from);
    return isPersonal(reply) ? { repliesTo: life, message: reply } : refuse("not to be relayed");
  }
  // Checked before the message is decoded, so that relays cannot nest.
  const kind = Array.isArray(message) ? BY_NUMBER[integer(message[0])] : undefined;
  if (kind?.handler !== "node") refuse("not to be relayed");
  return { repliesTo, message: decodeRequest(message, from) as PersonalRequest };
}

function isPersonal(reply: Reply): reply is PersonalReply {
  return reply.type === "told" || reply.type === "handed";
}
