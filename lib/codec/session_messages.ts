import { integer, milliseconds, node, owner, refuse } from "./field_reader.ts";
import { MAX_HOSTS, MAX_LIST, MAX_REST, MAX_TTL, MAX_WALL_TIME } from "./limits.ts";
import type { MessageKind, ReplyKinds, RequestKind, RequestKinds } from "./message_kind.ts";
import { isSpecId } from "./names.ts";
import type { ReplyOf } from "./message_kind.ts";

/** A request that names a session. */
function sessionRequest<T extends "fence" | "look" | "end">(
  type: T,
  number: number,
): RequestKind<T> {
  const kind: RequestKind<"fence" | "look" | "end"> = {
    number,
    fields: 3,
    handler: "voter",
    encode: ({ id, session }, number, to) => [number, id, to.session(session)],
    decode: (field, id, from) => ({ id, type, session: from.session(field[2]) }),
  };
  return kind as unknown as RequestKind<T>;
}

/** A request that names a life. */
function lifeRequest<T extends "over" | "watchLife">(type: T, number: number): RequestKind<T> {
  const kind: RequestKind<"over" | "watchLife"> = {
    number,
    fields: 3,
    handler: "voter",
    encode: ({ id, life }, number, to) => [number, id, to.life(life)],
    decode: (field, id, from) => ({ id, type, life: from.life(field[2]) }),
  };
  return kind as unknown as RequestKind<T>;
}

/** A reply that names a session. */
function sessionReply<T extends "refused" | "fenced">(
  type: T,
  number: number,
): MessageKind<ReplyOf<T>> {
  const kind: MessageKind<ReplyOf<"refused" | "fenced">> = {
    number,
    fields: 3,
    encode: ({ id, session }, number, to) => [number, id, to.session(session)],
    decode: (field, id, from) => ({ id, type, session: from.session(field[2]) }),
  };
  return kind as unknown as MessageKind<ReplyOf<T>>;
}

/** The requests about sessions (section 6). */
export const SESSION_REQUESTS: RequestKinds<
  "renew" | "fence" | "look" | "end" | "over" | "watchLife" | "sessionOf" | "hosts"
> = {
  renew: {
    number: 7,
    fields: 7,
    handler: "voter",
    encode: ({ id, session, ttl, renewal, wall, hosts }, number, to) => [
      number,
      id,
      to.session(session),
      ttl,
      renewal,
      wall,
      hosts,
    ],
    decode: (field, id, from) => ({
      id,
      type: "renew",
      session: from.session(field[2]),
      ttl: milliseconds(field[3], MAX_TTL),
      renewal: integer(field[4]),
      wall: milliseconds(field[5], MAX_WALL_TIME),
      hosts: from.list(field[6], MAX_HOSTS, specId),
    }),
  },
  fence: sessionRequest("fence", 8),
  end: sessionRequest("end", 9),
  look: sessionRequest("look", 19),
  over: lifeRequest("over", 20),
  watchLife: lifeRequest("watchLife", 21),
  sessionOf: {
    number: 10,
    fields: 3,
    handler: "voter",
    encode: ({ id, node }, number) => [number, id, node],
    decode: (field, id) => ({ id, type: "sessionOf", node: owner(field[2]) }),
  },
  hosts: {
    number: 15,
    fields: 3,
    handler: "voter",
    encode: ({ id, spec }, number) => [number, id, spec],
    decode: (field, id) => ({ id, type: "hosts", spec: specId(field[2]) }),
  },
};

/** The replies about sessions (section 6). */
export const SESSION_REPLIES: ReplyKinds<
  "renewed" | "refused" | "fenced" | "alive" | "newest" | "hosting" | "over"
> = {
  renewed: {
    number: 8,
    fields: 4,
    encode: ({ id, session, renewal }, number, to) => [number, id, to.session(session), renewal],
    decode: (field, id, from) => ({
      id,
      type: "renewed",
      session: from.session(field[2]),
      renewal: integer(field[3]),
    }),
  },
  refused: sessionReply("refused", 9),
  fenced: sessionReply("fenced", 10),
  alive: {
    number: 11,
    fields: 4,
    encode: ({ id, session, remaining }, number, to) => [
      number,
      id,
      to.session(session),
      remaining,
    ],
    decode: (field, id, from) => ({
      id,
      type: "alive",
      session: from.session(field[2]),
      remaining: milliseconds(field[3], MAX_REST),
    }),
  },
  newest: {
    number: 12,
    fields: 4,
    encode: ({ id, session, remaining }, number, to) => [
      number,
      id,
      session === null ? null : to.session(session),
      remaining,
    ],
    decode: (field, id, from) => ({
      id,
      type: "newest",
      session: field[2] === null ? null : from.session(field[2]),
      remaining: milliseconds(field[3], MAX_REST),
    }),
  },
  hosting: {
    number: 21,
    fields: 3,
    encode: ({ id, nodes }, number) => [number, id, nodes],
    decode: (field, id, from) => ({
      id,
      type: "hosting",
      nodes: from.list(field[2], MAX_LIST, node),
    }),
  },
  over: {
    number: 24,
    fields: 3,
    encode: ({ id, life }, number, to) => [number, id, to.life(life)],
    decode: (field, id, from) => ({ id, type: "over", life: from.life(field[2]) }),
  },
};

function specId(field: unknown): string {
  return isSpecId(field) ? field : refuse("not the id of a singleton");
}
