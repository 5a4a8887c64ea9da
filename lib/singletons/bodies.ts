import {
  decodeValue,
  encodeValue,
  isRegisterId,
  isSession,
  isSpecId,
  MalformedError,
} from "../codec.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";

/** What one node asks another about a singleton. */
export type Question =
  | {
    readonly type: "start";
    readonly register: RegisterId;
    readonly spec: string;
    /** Encoded arguments. */
    readonly args: Uint8Array;
    /** How long the host may look for a quorum, in milliseconds. */
    readonly timeout: number;
  }
  | {
    readonly type: "call";
    readonly register: RegisterId;
    /** The session of the instance's process: only its node, in this life, may answer. */
    readonly session: SessionId;
    /** The token of the instance that is meant. */
    readonly token: number;
    /** The number of this attempt among all of the caller's to this life of the host. */
    readonly sequence: number;
    /** The caller wants no answer any more to attempts up to this number. */
    readonly done: number;
    /**
     * The first of the caller's attempts between `done` and this one that it still waits for, in order.
     * All others up to the last of these (up to this one, unless the list is `full`) are over for it.
     */
    readonly open: readonly number[];
    /** Whether `open` goes no further than to its last number. */
    readonly full: boolean;
    readonly method: string;
    /** Encoded arguments. */
    readonly args: Uint8Array;
  }
  /** No question: nothing runs any more in this session of the sender. */
  | { readonly type: "gone"; readonly session: SessionId };

/** What the other answers. */
export type Answer =
  /** The instance runs in this process. */
  | { readonly type: "started"; readonly pid: Pid; readonly token: number }
  /** It does not run: its start threw, or something else went wrong, by the code of a `SynodError`. */
  | { readonly type: "failed"; readonly name: string; readonly message: string; code: string }
  | { readonly type: "returned"; readonly value: Uint8Array }
  | { readonly type: "threw"; readonly name: string; readonly message: string }
  /** The attempt arrived, and is not over. */
  | { readonly type: "running" }
  /** So is this one, which is being executed: it cannot be refused any more. */
  | { readonly type: "begun" }
  /** The attempt never started and never will: the instance that is meant is not here. */
  | { readonly type: "refused" }
  /** So is this one: too many wait. */
  | { readonly type: "busy" };

const MAX_BYTES = 9 * 2 ** 20;

/** The longest name of a method, in UTF-16 code units. */
export const MAX_METHOD = 1_000;

/** So many open attempts are named in one message. */
export const MAX_OPEN = 1_000;

/** The bytes of a question. */
export function encodeQuestion(question: Question): Uint8Array {
  if (question.type === "start") {
    const { register, spec, args, timeout } = question;
    return encodeValue([0, register, spec, args, timeout], MAX_BYTES);
  }
  if (question.type === "gone") return encodeValue([2, question.session], MAX_BYTES);
  const { register, session, token, sequence, done, open, full, method, args } = question;
  return encodeValue(
    [1, register, session, token, sequence, done, open, full, method, args],
    MAX_BYTES,
  );
}

/** The question that `body` is; throws `MalformedError` unless it is exactly right. */
export function decodeQuestion(body: Uint8Array): Question {
  const fields = list(decodeValue(body));
  if (fields[0] === 0 && fields.length === 5) {
    const [, register, spec, args, timeout] = fields;
    if (!isRegisterId(register) || !isSpecId(spec) || !(args instanceof Uint8Array)) refuse();
    if (typeof timeout !== "number" || !(timeout >= 0 && timeout <= 2 ** 31)) refuse();
    return { type: "start", register, spec, args, timeout };
  }
  if (fields[0] === 2 && fields.length === 2) {
    return isSession(fields[1]) ? { type: "gone", session: fields[1] } : refuse();
  }
  if (fields[0] !== 1 || fields.length !== 10) refuse();
  const [, register, session, token, sequence, done, open, full, method, args] = fields;
  if (!isRegisterId(register) || !isSession(session) || !(args instanceof Uint8Array)) refuse();
  if (typeof method !== "string" || method.length > MAX_METHOD) refuse();
  if (list(open).length > MAX_OPEN || typeof full !== "boolean") refuse();
  if (full && list(open).length === 0) refuse();
  let last = count(done);
  for (const number of list(open).map(count)) {
    if (number <= last || number >= count(sequence)) refuse();
    last = number;
  }
  return {
    type: "call",
    register,
    session,
    token: count(token),
    sequence: count(sequence),
    done: count(done),
    open: list(open).map(count),
    full,
    method,
    args,
  };
}

/** What each kind of answer is called on the wire, and how many fields it has. */
const LENGTHS = {
  started: 4,
  failed: 4,
  returned: 2,
  threw: 3,
  running: 1,
  refused: 1,
  busy: 1,
  begun: 1,
} as const;

const CODES = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];

/** The bytes of an answer. */
export function encodeAnswer(answer: Answer): Uint8Array {
  const code = CODES.indexOf(answer.type);
  switch (answer.type) {
    case "started":
      return encodeValue([code, answer.pid.session, answer.pid.seq, answer.token], MAX_BYTES);
    case "failed":
      return encodeValue([code, answer.name, answer.message, answer.code], MAX_BYTES);
    case "returned":
      return encodeValue([code, answer.value], MAX_BYTES);
    case "threw":
      return encodeValue([code, answer.name, answer.message], MAX_BYTES);
    default:
      return encodeValue([code], MAX_BYTES);
  }
}

/** The answer that `body` is; throws `MalformedError` unless it is exactly right. */
export function decodeAnswer(body: Uint8Array): Answer {
  const fields = list(decodeValue(body));
  const type = CODES[count(fields[0])];
  if (type === undefined || fields.length !== LENGTHS[type]) refuse();
  switch (type) {
    case "started": {
      const [, session, seq, token] = fields;
      if (!isSession(session)) refuse();
      const node = session.slice(0, session.indexOf("/"));
      return { type, pid: { node, session, seq: count(seq) }, token: count(token) };
    }
    case "failed":
      return { type, name: text(fields[1]), message: text(fields[2]), code: text(fields[3]) };
    case "returned":
      if (!(fields[1] instanceof Uint8Array)) refuse();
      return { type, value: fields[1] };
    case "threw":
      return { type, name: text(fields[1]), message: text(fields[2]) };
    case "running":
    case "begun":
    case "refused":
    case "busy":
      return { type };
  }
}

/** A text that can be sent, of a reasonable length. */
export function sendable(text: unknown): string {
  return String(text).slice(0, 10_000).replace(/\p{Surrogate}/gu, "\uFFFD");
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse();
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : refuse();
}

function text(value: unknown): string {
  return typeof value === "string" ? value : refuse();
}

function refuse(): never {
  throw new MalformedError("not a message about a singleton");
}
