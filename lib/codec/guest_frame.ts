import { LIFE_PATTERN, MAX_COUNTER } from "../paxos/ballot.ts";
import { type LockMode, MAX_PERMITS } from "../paxos/lock_register.ts";
import {
  blob,
  choice,
  flag,
  integer,
  milliseconds,
  owner,
  refuse,
  shortLabel,
} from "./field_reader.ts";
import { MalformedField } from "./field_reader.ts";
import { type Field, list, nullable, object, plain, union } from "./guest_fields.ts";
import type {
  DownFrame,
  DownMessage,
  GuestBinding,
  GuestCall,
  GuestEvent,
  GuestFailure,
  GuestLockEntry,
  GuestMember,
  GuestOperation,
  GuestOutcome,
  GuestPid,
  GuestPiece,
  GuestState,
  UpFrame,
  UpMessage,
} from "./guest_messages.ts";
import {
  MAX_BINDINGS,
  MAX_GUEST_FRAME,
  MAX_LIST,
  MAX_MEMBERS,
  MAX_MESSAGES,
  MAX_TIMEOUT,
  MAX_TTL,
} from "./limits.ts";
import { MIN_TTL } from "../paxos/sessions.ts";
import { GENESIS_PATTERN, isSession, isSpecId, MAX_SEQUENCE } from "./names.ts";
import { isBucketPrefix, isWholeRegisterId } from "./register_id.ts";
import { CborReader } from "./cbor_reader.ts";
import { scan, VALUE_RULES } from "./scan.ts";
import { encodeValue } from "./value.ts";
import { kindOf, REGISTER_KINDS } from "../paxos/register.ts";

/** The first byte of every frame between a guest and its gateway. */
export const GUEST_VERSION = 1;

/** Messages in a frame of a guest: a gateway handles a frame without a pause. A guest sends more in several. */
export const MAX_UP_MESSAGES = 200;

/** Open operations that a frame of a guest lists. */
const MAX_UNDONE = 2_000;

/** Open attempts that a call lists. */
const MAX_OPEN = 1_000;

/** Longest texts of errors, in UTF-16 code units. */
const MAX_TEXT = 10_000;

/** Names of methods: at most 1,000 UTF-16 code units. */
const METHOD_PATTERN = /^[^]{1,1000}$/;

/** Nested causes of an error. */
const MAX_CAUSES = 8;

const text = (limit: number): Field<string> =>
  plain((field) => typeof field === "string" && field.length <= limit ? field : refuse("no text"));
const matching = (pattern: RegExp, what: string): Field<string> =>
  plain((field) => typeof field === "string" && pattern.test(field) ? field : refuse(what));

const count = plain(integer);
const bool = plain(flag);
const bytes = plain(blob);
const name = plain(owner);
const message = text(MAX_TEXT);
const life = matching(LIFE_PATTERN, "not a life");
/** The life of a ballot: also that of no ballot, and that of a floor. */
const ballotLife = matching(/^(?:[-0-9A-Z_a-z]{20}|~?)$/, "not the life of a ballot");
const genesis = nullable(matching(GENESIS_PATTERN, "not the id of a genesis"));
const counter = plain((field) => choice(field, MAX_COUNTER));
const sequence = plain((field) => choice(field, MAX_SEQUENCE));
const timeout = plain((field) => milliseconds(field, MAX_TIMEOUT));
const maxTtl = plain((field) => milliseconds(field, MAX_TTL));
const ttl = plain((field) =>
  milliseconds(field, MAX_TTL) >= MIN_TTL ? field as number : refuse("too short")
);
const session = plain((field) => isSession(field) ? field : refuse("not a session"));
const mode: Field<LockMode> = {
  encode: (value) => value === "shared",
  decode: (field) => flag(field) ? "shared" : "exclusive",
};
const time = plain((field) =>
  typeof field === "number" && !Number.isNaN(field) ? field : refuse("not a time")
);

/** The id of an operation. A guest's has the form of a session's id, a node's is the same without an owner. */
const op = plain((field) =>
  typeof field === "string" && isSession(field[0] === "~" ? field : `~a/${field}`)
    ? field
    : refuse("not an operation")
);

/** The id of a register of this kind that names a bucket and a key. */
const registerOf = (kinds: string): Field<string> =>
  plain((field) =>
    typeof field === "string" && kinds.includes(field[0]) && isWholeRegisterId(field)
      ? field
      : refuse("not the id of a register")
  );

const key = registerOf(REGISTER_KINDS.key);
const cell = registerOf(REGISTER_KINDS.cell);
const keyOrCell = registerOf(REGISTER_KINDS.key + REGISTER_KINDS.cell);
const lock = registerOf(REGISTER_KINDS.lock);
const singleton = registerOf(REGISTER_KINDS.singleton);

const pid = object<GuestPid>({ session, seq: count });
const state = nullable(object<GuestState>({
  token: counter,
  value: bytes,
  node: nullable(name),
  pid: nullable(pid),
}));
const label = plain(shortLabel);
const permits = plain((field) => choice(field, MAX_PERMITS + 1));
const entry = object<GuestLockEntry>({
  ...{ session, seq: count, mode, permits, token: counter },
  ...{ since: count, label },
});
const entries = list(entry, MAX_LIST);
const bindings = list(
  union<GuestBinding>({
    own: { session: sequence },
    ownPid: { session: sequence, seq: count },
    pid: { session, seq: count },
    node: { node: name },
    session: { session },
    key: { register: key },
    token: { register: key, token: counter },
    until: { time },
  }),
  MAX_BINDINGS,
);

const call = {
  register: singleton,
  session,
  token: counter,
  birth: counter,
  sequence: count,
  done: count,
  open: list(count, MAX_OPEN),
  full: bool,
  method: matching(METHOD_PATTERN, "not the name of a method"),
  args: bytes,
} satisfies { [K in keyof GuestCall]: Field<GuestCall[K]> };

const prefix = plain((field) =>
  isBucketPrefix(field) && kindOf(field) === REGISTER_KINDS.key
    ? field
    : refuse("not the name of a bucket")
);

const operation = union<GuestOperation>({
  read: { register: keyOrCell },
  put: { register: key, value: bytes, bindings },
  cell: { register: cell, over: nullable(counter), value: nullable(bytes) },
  release: { register: key, session: sequence, seq: count, unsure: bool },
  list: { prefix, values: bool },
  watch: { register: keyOrCell },
  watchAll: { prefix },
  lock: {
    register: lock,
    session: sequence,
    seq: count,
    mode,
    ifAvailable: bool,
    steal: bool,
    permits,
    asked: count,
    label,
  },
  guard: { register: lock, session: sequence, request: sequence, counter, life: ballotLife },
  unlock: { register: lock, session: sequence, request: sequence, unsure: bool },
  holders: { register: lock },
  query: {},
  place: {
    register: singleton,
    spec: plain((field) => isSpecId(field) ? field : refuse("not the id of a spec")),
    args: bytes,
    start: bool,
  },
  call,
  cast: call,
  session: { node: name },
  status: {},
  end: { session: sequence },
  explain: { register: lock },
});

/** A failure with at most `causes` nested causes. */
function failureWith(causes: number): Field<GuestFailure> {
  const nested = causes > 0 ? failureWith(causes - 1) : undefined;
  return object<GuestFailure>({
    name: message,
    message,
    code: plain((field) => {
      if (field === null || typeof field === "number") return field;
      return typeof field === "string" ? message.decode(field) : refuse("not a code");
    }),
    cause: {
      encode: (cause) =>
        cause === null || typeof cause === "string" ? cause : nested?.encode(cause) ?? null,
      decode: (field) => {
        if (field === null) return null;
        if (typeof field === "string") return message.decode(field);
        return nested?.decode(field) ?? refuse("too many causes");
      },
    },
  });
}
const failure = failureWith(MAX_CAUSES);

const outcome = union<GuestOutcome>({
  done: {},
  state: { state },
  agreed: { token: counter, value: nullable(bytes) },
  invalid: { reason: message },
  unknown: {},
  wrote: { token: counter },
  conflict: {},
  pieces: { pieces: count },
  granted: { token: counter, counter, life: ballotLife },
  refused: {},
  full: {},
  queueFull: {},
  stolen: {},
  lost: {},
  entries: { entries },
  at: { pid, token: counter },
  nowhere: {},
  returned: { value: bytes },
  threw: { failure },
  notStarted: { byHost: bool, failure },
  busy: {},
  newest: { session: nullable(session) },
  members: {
    members: list(
      object<GuestMember>({
        id: name,
        reachable: bool,
        state: message,
        incarnation: nullable(life),
      }),
      MAX_MEMBERS,
    ),
    waitingFor: list(name, MAX_MEMBERS),
  },
  explained: { value: bytes },
});

const event = union<GuestEvent>({
  queued: {},
  begun: {},
  changed: { counter, life: ballotLife, state },
  entry: { register: key, token: counter, value: nullable(bytes) },
  listed: {},
});

const piece = union<GuestPiece>({
  keys: {
    keys: list(
      object<(GuestPiece & { type: "keys" })["keys"][number]>({
        register: key,
        token: nullable(counter),
        value: nullable(bytes),
      }),
      MAX_LIST,
    ),
  },
  locks: {
    locks: list(
      object<(GuestPiece & { type: "locks" })["locks"][number]>({
        register: lock,
        holders: entries,
        queue: entries,
      }),
      MAX_LIST,
    ),
  },
});

const up = object<UpFrame>({
  gateway: nullable(life),
  genesis,
  ticket: count,
  done: count,
  open: list(sequence, MAX_UNDONE),
  messages: list(
    union<UpMessage>({
      hello: { ttl, session: sequence },
      renew: { session: sequence, renewal: count, ttl },
      run: { number: sequence, since: counter, again: bool, timeout, operation },
      cancel: { number: sequence },
      handed: { id: count, outcome },
      bye: {},
    }),
    MAX_UP_MESSAGES,
  ),
});

const down = object<DownFrame>({
  gateway: life,
  genesis,
  clock: counter,
  ticket: count,
  messages: list(
    union<DownMessage>({
      welcome: {
        member: name,
        maxTtl,
        maxValueBytes: count,
        members: list(name, MAX_MEMBERS),
      },
      renewed: { session: sequence, renewal: count },
      lapsed: { session: sequence },
      result: { number: sequence, outcome },
      failed: { number: sequence, code: message, message },
      part: { number: sequence, index: count, piece },
      event: { number: sequence, event },
      handover: { id: count, op, register: key, value: bytes, bindings, timeout, since: count },
      bye: { code: message, message },
    }),
    MAX_MESSAGES,
  ),
});

/** The result of decoding a frame; `version`: the other side speaks this one. */
export type DecodedGuestFrame<F> =
  | { readonly ok: true; readonly frame: F }
  | { readonly ok: false; readonly reason: "version"; readonly version: number }
  | { readonly ok: false; readonly reason: "malformed"; readonly detail: string };

/** The bytes of a guest's frame, which is trusted. */
export function encodeUp(frame: UpFrame): Uint8Array {
  return pack(up.encode(frame));
}

/** The bytes of a gateway's frame, which is trusted. */
export function encodeDown(frame: DownFrame): Uint8Array {
  return pack(down.encode(frame));
}

/** Decodes a guest's frame. Never throws; the result shares no memory with `frame`. */
export function decodeUp(frame: Uint8Array): DecodedGuestFrame<UpFrame> {
  return unpack(up, frame);
}

/** Decodes a gateway's frame. Never throws; the result shares no memory with `frame`. */
export function decodeDown(frame: Uint8Array): DecodedGuestFrame<DownFrame> {
  return unpack(down, frame);
}

function pack(fields: unknown): Uint8Array {
  const body = encodeValue(fields, Infinity);
  const frame = new Uint8Array(1 + body.length);
  frame[0] = GUEST_VERSION;
  frame.set(body, 1);
  return frame;
}

function unpack<F>({ decode }: Field<F>, frame: Uint8Array): DecodedGuestFrame<F> {
  if (frame.length === 0) return malformed("empty");
  if (frame[0] !== GUEST_VERSION) return { ok: false, reason: "version", version: frame[0] };
  if (frame.length > MAX_GUEST_FRAME) return malformed(`longer than ${MAX_GUEST_FRAME} bytes`);
  try {
    const wrong = scan(frame, 1, VALUE_RULES);
    if (wrong !== undefined) return malformed(wrong);
    return { ok: true, frame: decode(new CborReader(frame, 1).item()) };
  } catch (error) {
    return malformed(error instanceof MalformedField ? error.detail : `not a frame: ${error}`);
  }
}

function malformed(detail: string): DecodedGuestFrame<never> {
  return { ok: false, reason: "malformed", detail };
}
