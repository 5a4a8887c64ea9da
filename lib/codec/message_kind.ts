import type { Reply, Request } from "../paxos/messages.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { FieldReader } from "./frame_reader.ts";
import type { Fields, FieldWriter } from "./frame_writer.ts";

/**
 * One kind of message: all that is known of it below the feature that it belongs to. A new message is
 * one entry in the table of its subject (`register_messages.ts` and its neighbours), and a handler.
 */
export interface MessageKind<M> {
  /** Its number in a frame. A number is never used for another kind of the same format version. */
  readonly number: number;
  /** How many fields it has, its number and its id included; `null`: `decode` checks that. */
  readonly fields: number | null;
  /** The fields of a message: number, id, then what it says. */
  encode(message: M, number: number, to: FieldWriter): Fields;
  /** The message that these fields are; throws a `MalformedField` unless they are exactly right. */
  decode(field: readonly unknown[], id: number, from: FieldReader): M;
  /** Bytes of what it carries, about; 0 if left out. The id of a register in it is counted besides. */
  readonly size?: (message: M) => number;
}

/** The part of a node that handles a request. */
export type RequestHandler =
  /** The vote of an operational member. */
  | "voter"
  /** Genesis and recovery, in a member that need not be operational. */
  | "membership"
  /** The node itself: nothing about votes. */
  | "node"
  /** A member, which passes it on. */
  | "relay"
  /** The node that something was passed on to. */
  | "relayed";

/** The request of a type. */
export type RequestOf<T extends Request["type"]> = Extract<Request, { readonly type: T }>;

/** The reply of a type. */
export type ReplyOf<T extends Reply["type"]> = Extract<Reply, { readonly type: T }>;

/** One kind of request. */
export interface RequestKind<T extends Request["type"]> extends MessageKind<RequestOf<T>> {
  /** What handles it. */
  readonly handler: RequestHandler;
}

/** The requests of these types. */
export type RequestKinds<T extends Request["type"]> = { readonly [K in T]: RequestKind<K> };

/** The replies of these types. */
export type ReplyKinds<T extends Reply["type"]> = { readonly [K in T]: MessageKind<ReplyOf<K>> };

/** Bytes that a message or an entry of a list counts as, besides what it carries. */
export const MESSAGE_BYTES = 100;

/** The bytes that an id of a register has at most: a character above U+007F takes two. */
export function registerBytes(register: RegisterId): number {
  return 2 * register.length;
}

/** The kinds of a table by their numbers. */
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

/** A reply that says no more than its kind. */
export function bare<T extends "watching" | "replaced" | "notAMember">(
  type: T,
  number: number,
): MessageKind<ReplyOf<T>> {
  const kind: MessageKind<ReplyOf<"watching" | "replaced" | "notAMember">> = {
    number,
    fields: 2,
    encode: ({ id }, number) => [number, id],
    decode: (_field, id) => ({ id, type }),
  };
  return kind as unknown as MessageKind<ReplyOf<T>>;
}
