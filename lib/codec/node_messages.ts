import {
  blob,
  choice,
  fields,
  flag,
  integer,
  milliseconds,
  owner,
  refuse,
  register,
  shortLabel,
} from "./field_reader.ts";
import { MAX_PERMITS } from "../paxos/lock_register.ts";
import { MAX_ORDERED } from "../paxos/lock_orders.ts";
import type { OrderedRequest } from "../paxos/messages.ts";
import { MAX_TIMEOUT } from "./limits.ts";
import type { ReplyKinds, RequestKinds } from "./message_kind.ts";
import { decodeBindings, decodePid, encodeBindings, encodePid } from "./state.ts";

const MODES = ["exclusive", "shared"] as const;

const OUTCOMES = ["written", "found", "invalid_value", "no_quorum", "full"] as const;

/** The requests to a node itself; they do not concern votes. */
export const NODE_REQUESTS: RequestKinds<"handover" | "ask" | "order"> = {
  handover: {
    number: 14,
    fields: 11,
    handler: "node",
    encode: ({ id, op, pid, register, value, bindings, timeout, since }, number, to) => [
      number,
      id,
      ...to.operation(op),
      ...encodePid(pid, to),
      register,
      value,
      encodeBindings(bindings, to),
      timeout,
      to.counter(since),
    ],
    decode: (field, id, from) => ({
      id,
      type: "handover",
      op: from.operation(field[2], field[3]),
      pid: decodePid(field[4], field[5], from),
      register: register(field[6]),
      value: blob(field[7]),
      bindings: decodeBindings(field[8], from),
      timeout: milliseconds(field[9], MAX_TIMEOUT),
      since: from.counter(field[10]),
    }),
    size: ({ value }) => value.length,
  },
  ask: {
    number: 16,
    fields: 3,
    handler: "node",
    encode: ({ id, body }, number) => [number, id, body],
    decode: (field, id) => ({ id, type: "ask", body: blob(field[2]) }),
    size: ({ body }) => body.length,
  },
  order: {
    number: 50,
    fields: 6,
    handler: "link",
    encode: ({ id, register, term, session, requests }, number, to) => [
      number,
      id,
      register,
      to.counter(term),
      to.session(session),
      requests.map(({ seq, request, mode, permits, since, label }) => [
        seq,
        request,
        permits > 0 ? MODES.length - 1 + permits : MODES.indexOf(mode),
        since,
        label,
      ]),
    ],
    decode: (field, id, from) => ({
      id,
      type: "order",
      register: register(field[2]),
      term: from.counter(field[3]),
      session: from.session(field[4]),
      requests: orderedRequests(from.list(field[5], MAX_ORDERED, orderedRequest)),
    }),
    size: ({ requests }) =>
      requests.reduce((sum, { label }) => sum + ORDERED_BYTES + 3 * label.length, 0),
  },
};

/** The most bytes of one request of an order without its label. */
const ORDERED_BYTES = 34;

function orderedRequest(field: unknown): OrderedRequest {
  const [seq, request, kind, since, label] = fields(field, 5);
  // 0 and 1 are modes, and all above 1 are permits.
  const mode = choice(kind, MODES.length + MAX_PERMITS);
  const permits = Math.max(0, mode - MODES.length + 1);
  return {
    seq: integer(seq),
    request: integer(request),
    mode: MODES[permits > 0 ? MODES.length - 1 : mode],
    permits,
    since: integer(since),
    label: shortLabel(label),
  };
}

/** At least one request; their numbers rise. */
function orderedRequests(requests: readonly OrderedRequest[]): readonly OrderedRequest[] {
  const rises = requests.every(({ request }, at) => at === 0 || request > requests[at - 1].request);
  return rises && requests.length > 0 ? requests : refuse("not the requests of an order");
}

/** The replies of a node itself; they do not concern votes. */
export const NODE_REPLIES: ReplyKinds<"handed" | "told" | "unordered" | "unreachable"> = {
  handed: {
    number: 20,
    fields: null,
    encode(reply, number, to) {
      const outcome = OUTCOMES.indexOf(reply.outcome);
      return reply.outcome === "written" || reply.outcome === "found"
        ? [number, reply.id, outcome, reply.value, to.counter(reply.token)]
        : [number, reply.id, outcome];
    },
    decode(field, id, from) {
      const outcome = OUTCOMES[choice(field[2], OUTCOMES.length)];
      if (outcome !== "written" && outcome !== "found") {
        fields(field, 3);
        return { id, type: "handed", outcome };
      }
      fields(field, 5);
      const token = from.counter(field[4]);
      return { id, type: "handed", outcome, value: blob(field[3]), token };
    },
    size: (reply) => "value" in reply ? reply.value.length : 0,
  },
  told: {
    number: 22,
    fields: 3,
    encode: ({ id, body }, number) => [number, id, body],
    decode: (field, id) => ({ id, type: "told", body: blob(field[2]) }),
    size: ({ body }) => body.length,
  },
  unordered: {
    number: 50,
    fields: 3,
    encode: ({ id, moved }, number) => [number, id, moved],
    decode: (field, id) => ({ id, type: "unordered", moved: flag(field[2]) }),
  },
  unreachable: {
    number: 23,
    fields: 3,
    encode: ({ id, to }, number) => [number, id, to],
    decode: (field, id) => ({ id, type: "unreachable", to: owner(field[2]) }),
  },
};
