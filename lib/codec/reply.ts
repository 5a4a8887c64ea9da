import type { Reply } from "../paxos/messages.ts";
import { CONFIGURATION_REPLIES } from "./configuration_messages.ts";
import { type FieldReader, fields, integer, refuse } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { MEMBERSHIP_REPLIES } from "./membership_messages.ts";
import { byNumber, type MessageKind, registerBytes, type ReplyKinds } from "./message_kind.ts";
import { NODE_REPLIES } from "./node_messages.ts";
import { REGISTER_REPLIES } from "./register_messages.ts";
import { SESSION_REPLIES } from "./session_messages.ts";

/** All replies. */
const REPLIES: ReplyKinds<Reply["type"]> = {
  ...REGISTER_REPLIES,
  ...SESSION_REPLIES,
  ...MEMBERSHIP_REPLIES,
  ...CONFIGURATION_REPLIES,
  ...NODE_REPLIES,
};

/** The table for a reply whose kind is known only at run time. */
const KINDS = REPLIES as unknown as Readonly<Record<Reply["type"], MessageKind<Reply>>>;
const BY_NUMBER = byNumber(KINDS);

/** The fields of a reply. */
export function encodeReply(reply: Reply, to: FieldWriter): Fields {
  const kind = KINDS[reply.type];
  return kind.encode(reply, kind.number, to);
}

/** Decodes a reply from its fields; throws a `MalformedField` if they are malformed. */
export function decodeReply(field: unknown, from: FieldReader): Reply {
  if (!Array.isArray(field)) refuse("not a reply");
  const id = integer(field[1]);
  const kind = BY_NUMBER[integer(field[0])];
  if (kind === undefined) refuse("a reply of an unknown kind");
  if (kind.fields !== null) fields(field, kind.fields);
  return kind.decode(field, id, from);
}

/** The approximate bytes of the content of a reply. */
export function replySize(reply: Reply): number {
  const named = "register" in reply ? registerBytes(reply.register) : 0;
  return named + (KINDS[reply.type].size?.(reply) ?? 0);
}
