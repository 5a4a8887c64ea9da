import {
  decodeValue,
  encodeValue,
  isRegisterId,
  isSession,
  isSpecId,
  MalformedError,
} from "../codec.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { type Failure, failureFields, failureOf } from "./failure.ts";

/**
 * Singletons that run one call at a time, or start, and wait for one another: the first one for a call to
 * the second, and so on. A call to any of them from the last one could never begin.
 */
export type Chain = readonly RegisterId[];

/** The longest chain of calls. */
export const MAX_CHAIN = 64;

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
    /** The calls that wait for it; see there. */
    readonly chain: Chain;
    /** Whether no call waits for it: its error has to be told otherwise. */
    readonly background: boolean;
  }
  | {
    readonly type: "call";
    readonly register: RegisterId;
    /** The session of the instance's process: only its node, in this life, may answer. */
    readonly session: SessionId;
    /** The token of the instance that is meant. */
    readonly token: number;
    /** The Lamport counter at which the caller began to number its attempts to this life of the host. */
    readonly birth: number;
    /** The number of this attempt since then. */
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
    /** The singletons that can run nothing else before this call is over. */
    readonly chain: Chain;
  }
  /** No question: nothing runs any more in this session of the sender. */
  | { readonly type: "gone"; readonly session: SessionId };

/** What the other answers. */
export type Answer =
  /** The instance runs in this process. */
  | { readonly type: "started"; readonly pid: Pid; readonly token: number }
  /** It does not run: its start threw, or its host cannot run it, which says so with a `SynodError`. */
  | { readonly type: "failed"; readonly byHost: boolean; readonly failure: Failure }
  | { readonly type: "returned"; readonly value: Uint8Array }
  | { readonly type: "threw"; readonly failure: Failure }
  /** The attempt arrived, and is not over. */
  | { readonly type: "running" }
  /** So is this one, which is being executed: it cannot be refused any more. */
  | { readonly type: "begun" }
  /** The attempt never started and never will: the instance that is meant is not here. */
  | { readonly type: "refused" }
  /** So is this one: too many wait. */
  | { readonly type: "busy" }
  /** The host has forgotten what it ran since this `birth`: it runs nothing of it, now or later. */
  | { readonly type: "stale" };

const MAX_BYTES = 9 * 2 ** 20;

/** The longest name of a method, in UTF-16 code units. */
export const MAX_METHOD = 1_000;

/** So many open attempts are named in one message. */
export const MAX_OPEN = 1_000;

/** The bytes of a question. */
export function encodeQuestion(question: Question): Uint8Array {
  if (question.type === "start") {
    const { register, spec, args, timeout, chain, background } = question;
    return encodeValue([0, register, spec, args, timeout, chain, background], MAX_BYTES);
  }
  if (question.type === "gone") return encodeValue([2, question.session], MAX_BYTES);
  const { register, session, token, birth, sequence, done, open, full, method, args, chain } =
    question;
  return encodeValue(
    [1, register, session, token, birth, sequence, done, open, full, method, args, chain],
    MAX_BYTES,
  );
}

/** The question that `body` is; throws `MalformedError` unless it is exactly right. */
export function decodeQuestion(body: Uint8Array): Question {
  const fields = list(decodeValue(body));
  if (fields[0] === 0 && fields.length === 7) {
    const [, register, spec, args, timeout, chain, background] = fields;
    if (!isRegisterId(register) || !isSpecId(spec) || !(args instanceof Uint8Array)) refuse();
    if (typeof timeout !== "number" || !(timeout >= 0 && timeout <= 2 ** 31)) refuse();
    if (typeof background !== "boolean") refuse();
    return { type: "start", register, spec, args, timeout, chain: chainOf(chain), background };
  }
  if (fields[0] === 2 && fields.length === 2) {
    return isSession(fields[1]) ? { type: "gone", session: fields[1] } : refuse();
  }
  if (fields[0] !== 1 || fields.length !== 12) refuse();
  const [, register, session, token, birth, sequence, done, open, full, method, args, chain] =
    fields;
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
    birth: count(birth),
    sequence: count(sequence),
    done: count(done),
    open: list(open).map(count),
    full,
    method,
    args,
    chain: chainOf(chain),
  };
}

/** What each kind of answer is called on the wire, and how many fields it has. */
const LENGTHS = {
  started: 4,
  failed: 3,
  returned: 2,
  threw: 2,
  running: 1,
  refused: 1,
  busy: 1,
  begun: 1,
  stale: 1,
} as const;

const CODES = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];

/** The bytes of an answer. */
export function encodeAnswer(answer: Answer): Uint8Array {
  const code = CODES.indexOf(answer.type);
  switch (answer.type) {
    case "started":
      return encodeValue([code, answer.pid.session, answer.pid.seq, answer.token], MAX_BYTES);
    case "failed":
      return encodeValue([code, answer.byHost, failureFields(answer.failure)], MAX_BYTES);
    case "returned":
      return encodeValue([code, answer.value], MAX_BYTES);
    case "threw":
      return encodeValue([code, failureFields(answer.failure)], MAX_BYTES);
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
      if (typeof fields[1] !== "boolean") refuse();
      return { type, byHost: fields[1], failure: failureOf(fields[2]) };
    case "returned":
      if (!(fields[1] instanceof Uint8Array)) refuse();
      return { type, value: fields[1] };
    case "threw":
      return { type, failure: failureOf(fields[1]) };
    case "running":
    case "begun":
    case "refused":
    case "busy":
    case "stale":
      return { type };
  }
}

function chainOf(value: unknown): Chain {
  const chain = list(value);
  return chain.length <= MAX_CHAIN && chain.every(isRegisterId) ? chain : refuse();
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse();
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : refuse();
}

function refuse(): never {
  throw new MalformedError("not a message about a singleton");
}
