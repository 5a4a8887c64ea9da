import type {
  PersonalReply,
  PersonalRequest,
  RelayPayload,
  Reply,
  Request,
} from "../paxos/messages.ts";
import { type FieldReader, fields, integer, node, refuse } from "./frame_reader.ts";
import type { Fields, FieldWriter } from "./frame_writer.ts";
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

/** The requests that members pass on for others. */
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
      to: node(field[2]),
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
      from: node(field[2]),
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
  ...NODE_REQUESTS,
  ...RELAY_REQUESTS,
};

/** The same, for a request whose kind is known only at run time. */
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

/** The request that these fields are; throws a `MalformedField` unless they are exactly right. */
export function decodeRequest(field: unknown, from: FieldReader): Request {
  if (!Array.isArray(field)) refuse("not a request");
  const id = integer(field[1]);
  const kind = BY_NUMBER[integer(field[0])];
  if (kind === undefined) refuse("a request of an unknown kind");
  if (kind.fields !== null) fields(field, kind.fields);
  return kind.decode(field, id, from);
}

/** About how many bytes a request carries. */
export function requestSize(request: Request): number {
  const named = "register" in request ? registerBytes(request.register) : 0;
  return named + (KINDS[request.type].size?.(request) ?? 0);
}

/** About how many bytes two nodes say to each other by way of a member. */
export function payloadSize({ repliesTo, message }: RelayPayload): number {
  return repliesTo === null ? requestSize(message) : replySize(message);
}

/** Two fields: the life that an answer is for, `null` for a question; and what is said. */
function encodePayload({ repliesTo, message }: RelayPayload, to: FieldWriter): Fields {
  return repliesTo === null
    ? [null, encodeRequest(message, to)]
    : [to.life(repliesTo), encodeReply(message, to)];
}

/** Nothing but questions and answers between two nodes: nothing about votes, and nothing relayed. */
function decodePayload(repliesTo: unknown, message: unknown, from: FieldReader): RelayPayload {
  if (repliesTo !== null) {
    const life = from.life(repliesTo);
    const reply = decodeReply(message, from);
    return isPersonal(reply) ? { repliesTo: life, message: reply } : refuse("not to be relayed");
  }
  // Before it is decoded: a relay within a relay must not nest without end.
  const kind = Array.isArray(message) ? BY_NUMBER[integer(message[0])] : undefined;
  if (kind?.handler !== "node") refuse("not to be relayed");
  return { repliesTo, message: decodeRequest(message, from) as PersonalRequest };
}

function isPersonal(reply: Reply): reply is PersonalReply {
  return reply.type === "told" || reply.type === "handed";
}
