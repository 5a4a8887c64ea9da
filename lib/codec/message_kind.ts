import type { Reply, Request } from "../paxos/messages.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { FieldReader } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";

/**
 * One kind of message: its properties below the feature that it belongs to. A new message needs one entry
 * in the table of its subject (`register_messages.ts` and its neighbours), and a handler.
 */
export interface MessageKind<M> {
  /** Its number in a frame. A format version never uses a number for two kinds. */
  readonly number: number;
  /** The number of its fields, including its number and its id; `null` if `decode` checks it. */
  readonly fields: number | null;
  /** The fields of a message: number, id, then its content. */
  encode(message: M, number: number, to: FieldWriter): Fields;
  /** Decodes a message from its fields; throws a `MalformedField` if they are malformed. */
  decode(field: readonly unknown[], id: number, from: FieldReader): M;
  /** The approximate bytes of its content, without the id of a register in `register`. Default: 0. */
  readonly size?: (message: M) => number;
}

/** The part of a node that handles a request. */
export type RequestHandler =
  /** The vote of an operational member. */
  | "voter"
  /** Genesis and recovery, in a member that need not be operational. */
  | "membership"
  /** Changes of the members, in any node of the cluster. */
  | "change"
  /** The node itself; the request does not concern votes. */
  | "node"
  /** The node itself, over the sender's own link: it is never relayed. */
  | "link"
  /** A member, which relays the request to another node. */
  | "relay"
  /** The receiver of a relayed message. */
  | "relayed";

/** The request of a type. */
export type RequestOf<T extends Request["type"]> = Extract<Request, { readonly type: T }>;

/** The reply of a type. */
export type ReplyOf<T extends Reply["type"]> = Extract<Reply, { readonly type: T }>;

/** One kind of request. */
export interface RequestKind<T extends Request["type"]> extends MessageKind<RequestOf<T>> {
  /** The part of a node that handles it. */
  readonly handler: RequestHandler;
}

/** The requests of these types. */
export type RequestKinds<T extends Request["type"]> = { readonly [K in T]: RequestKind<K> };

/** The replies of these types. */
export type ReplyKinds<T extends Reply["type"]> = { readonly [K in T]: MessageKind<ReplyOf<K>> };

/** The overhead of a message, or of an entry of a list, in bytes. */
export const MESSAGE_BYTES = 100;

/** The largest number of bytes of a register id: a character above U+007F takes two. */
export function registerBytes(register: RegisterId): number {
  return 2 * register.length;
}

/** The kinds of a table by their numbers; throws if two have the same number. */
export function byNumber<K extends { readonly number: number }>(
  kinds: Readonly<Record<string, K>>,
): readonly (K | undefined)[] {
  const table: (K | undefined)[] = [];
  for (const kind of Object.values(kinds)) {
    if (table[kind.number] !== undefined) throw new Error(`two kinds have number ${kind.number}`);
    table[kind.number] = kind;
  }
  return table;
}

/** The replies without content. */
type BareReply = "watching" | "replaced" | "notAMember" | "unknownEpoch" | "standing" | "raised";

/** A reply without content. */
export function bare<T extends BareReply>(
  type: T,
  number: number,
): MessageKind<ReplyOf<T>> {
  const kind: MessageKind<ReplyOf<BareReply>> = {
    number,
    fields: 2,
    encode: ({ id }, number) => [number, id],
    decode: (_field, id) => ({ id, type }) as ReplyOf<BareReply>,
  };
  return kind as unknown as MessageKind<ReplyOf<T>>;
}
