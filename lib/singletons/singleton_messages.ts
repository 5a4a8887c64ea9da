import { MalformedError } from "../codec/malformed.ts";
import { GUEST_PATTERN, isOwner, isSession, isSpecId } from "../codec/names.ts";
import { isRegisterId } from "../codec/register_id.ts";
import { decodeValue, encodeValue } from "../codec/value.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { type Failure, failureFields, failureOf } from "./failure.ts";

/**
 * The registers of singletons that are blocked, in the order of their calls: each of them runs one call at a
 * time, or starts, and waits for its call to the next one. A call from the last one to any of them could
 * never begin.
 */
export type Chain = readonly RegisterId[];

/** Singletons in one chain; a call that would extend it is refused with `queue_full`. */
export const MAX_CHAIN = 64;

/** A message that one node sends to another about a singleton. */
export type SingletonRequest =
  | {
    readonly type: "start";
    readonly register: RegisterId;
    readonly spec: string;
    /** Encoded arguments. */
    readonly args: Uint8Array;
    /** Time that the host has for reaching a quorum, in milliseconds. */
    readonly timeout: number;
    /** The singletons that wait for this start; see {@linkcode Chain}. */
    readonly chain: Chain;
    /** Whether no call waits for this start: then the host reports its failure as an event. */
    readonly background: boolean;
    /** Whether it has to be kept running, whatever its spec says, with these arguments. */
    readonly kept: boolean;
    /**
     * The token of the register as the sender saw it, 0 if there was nothing; if it is another one now, the start is
     * answered with `refused`, since another node has tried meanwhile. `null`: it does not matter.
     */
    readonly after: number | null;
  }
  | {
    readonly type: "call";
    readonly register: RegisterId;
    /** The session of the instance's process: only its node may answer, in the life of this session. */
    readonly session: SessionId;
    /** The fencing token of the called instance. */
    readonly token: number;
    /** The Lamport counter at which the caller began to number its attempts to this life of the host. */
    readonly birth: number;
    /** The number of this attempt, counted from `birth`. */
    readonly sequence: number;
    /** The caller no longer waits for attempts up to and including this number. */
    readonly done: number;
    /**
     * The attempts between `done` and this one that the caller still waits for: the lowest ones, in ascending
     * order. All other attempts up to the last listed one (up to this one, unless the list is `full`) are
     * over for the caller.
     */
    readonly open: readonly number[];
    /** Whether `open` reached its limit: it says nothing about attempts after its last number. */
    readonly full: boolean;
    readonly method: string;
    /** Encoded arguments. */
    readonly args: Uint8Array;
    /** The singletons that can run nothing else until this call is over. */
    readonly chain: Chain;
    /** Whether the caller waits for the answer, and asks again until it comes; `false` for a cast. */
    readonly awaited: boolean;
    /** The guest that calls, as `~id/life`: the sender is its gateway. Absent: the sender calls itself. */
    readonly caller?: string;
  }
  /** A notice that needs no answer: the caller does not wait for this attempt any more. */
  | {
    readonly type: "cancel";
    /** The session of the instance's process. */
    readonly session: SessionId;
    /** See `call`. */
    readonly birth: number;
    readonly sequence: number;
    readonly caller?: string;
  }
  /**
   * Every call that has begun in this session of the sender has its answer, and none begins any more: answered with
   * `settled` when the receiver has all the answers, and with `running` before.
   */
  | { readonly type: "leaving"; readonly session: SessionId }
  /**
   * The sender leaves in order: all calls in this session that have begun were answered, and their callers have the
   * answers, except perhaps to the attempts in `unsure` (see `attemptName`). Answered with `noted`.
   */
  | {
    readonly type: "departed";
    readonly session: SessionId;
    readonly unsure: readonly string[];
  }
  /** What the receiver knows of a host that has left: answered with `departed` or `unknown`. */
  | { readonly type: "hasDeparted"; readonly session: SessionId }
  /** A notice that needs no answer: nothing runs in this session of the sender any more. */
  | { readonly type: "gone"; readonly session: SessionId }
  /** For people: the calls of these instances, as far as they run at the receiver. Answered with `calls`. */
  | { readonly type: "callsOf"; readonly registers: readonly RegisterId[] };

/** The calls of one instance, for people. */
export interface CallsUnderWay {
  /** The fencing token of the instance. */
  readonly token: number;
  /** How many have begun and are not over. */
  readonly begun: number;
  /** How many wait. */
  readonly waiting: number;
  /** The first of those that have begun: the beginning of the method's name, and the caller's node, or `~id` of a guest. */
  readonly running: readonly { readonly method: string; readonly from: string }[];
}

/** The answer to a {@linkcode SingletonRequest}. */
export type SingletonReply =
  /** The instance runs in this process. */
  | { readonly type: "started"; readonly pid: Pid; readonly token: number }
  /** It does not run: its start threw, or the host cannot run it (`byHost`, a `SynodError`). */
  | { readonly type: "failed"; readonly byHost: boolean; readonly failure: Failure }
  /** What the method returned: a list of one value; or null and the number of a stream. */
  | { readonly type: "returned"; readonly value: Uint8Array }
  | { readonly type: "threw"; readonly failure: Failure }
  /** The attempt has arrived and is not over. */
  | { readonly type: "running" }
  /** As `running`, and its method has begun: it can no longer be refused. */
  | { readonly type: "begun" }
  /** The attempt has not begun and never will: the called instance does not run on this node. */
  | { readonly type: "refused" }
  /** The attempt has not begun and never will: too many attempts wait. */
  | { readonly type: "busy" }
  /** The host has forgotten which attempts of this `birth` it ran; it runs none of them now or later. */
  | { readonly type: "stale" }
  /** See `leaving`, `departed` and `hasDeparted`. */
  | { readonly type: "settled" }
  | { readonly type: "noted" }
  | { readonly type: "departed"; readonly unsure: readonly string[] }
  | { readonly type: "unknown" }
  /** See `callsOf`: in the order of the question; `null` for an instance that does not run at the sender. */
  | { readonly type: "calls"; readonly instances: readonly (CallsUnderWay | null)[] };

const MAX_BYTES = 9 * 2 ** 20;

/** Longest name of a method, in UTF-16 code units. */
export const MAX_METHOD = 1_000;

/** Attempts that may still wait for answers of a host that leaves; with more of them it does not say that it leaves. */
export const MAX_UNSURE = 256;

/** Instances whose calls one message asks for, to bound the work for it. */
export const MAX_ASKED = 100;

/** Calls of one instance that are told. */
export const MAX_TOLD = 10;

/** Longest name of a method that is told, in UTF-16 code units. */
export const MAX_TOLD_METHOD = 100;

/** Longest name of an attempt, in characters: a guest, a life, and two numbers of 16 digits. */
const MAX_ATTEMPT_NAME = 160;

/** The name of an attempt of a life of a caller; of a guest, the life has the guest's name before it. */
export function attemptName(caller: string, birth: number, sequence: number): string {
  return `${caller}/${birth}/${sequence}`;
}

/** The kinds of requests. The position of a kind is its code on the wire. */
const KINDS = [
  ...["start", "call", "gone", "cancel", "leaving", "departed", "hasDeparted", "callsOf"] as const,
];

/** Open attempts listed in one message; bounds its size. */
export const MAX_OPEN = 1_000;

/** Encodes a request. */
export function encodeSingletonRequest(request: SingletonRequest): Uint8Array {
  return encodeValue([KINDS.indexOf(request.type), ...fieldsOf(request)], MAX_BYTES);
}

function fieldsOf(request: SingletonRequest): unknown[] {
  switch (request.type) {
    case "start": {
      const { register, spec, args, timeout, chain, background, kept, after } = request;
      return [register, spec, args, timeout, chain, background, kept, after];
    }
    case "callsOf":
      return [request.registers];
    case "departed":
      return [request.session, request.unsure];
    case "call":
    case "cancel": {
      const { session, birth, sequence, caller } = request;
      const by = caller === undefined ? [] : [caller];
      if (request.type === "cancel") return [session, birth, sequence, ...by];
      const { register, token, done, open, full, method, args, chain, awaited } = request;
      const numbers = [token, birth, sequence, done, open, full];
      return [register, session, ...numbers, method, args, chain, awaited, ...by];
    }
    default:
      return [request.session];
  }
}

/**
 * Decodes a request; `undefined` unless `body` is well-formed. Wrong fields throw nothing: to throw takes longer than
 * all the rest, and a broken peer may send a thousand requests in a frame.
 */
export function decodeSingletonRequest(body: Uint8Array): SingletonRequest | undefined {
  let fields: unknown;
  try {
    fields = decodeValue(body);
  } catch {
    return undefined;
  }
  if (!isList(fields, Infinity)) return undefined;
  const { length } = fields;
  const [code, session, birth, sequence] = fields;
  const type = isCount(code) ? KINDS[code] : undefined;
  switch (type) {
    case "start":
      return length === 9 ? startOf(fields) : undefined;
    case "call":
      return callOf(fields);
    case "callsOf":
      return length === 2 && areRegisters(session, MAX_ASKED)
        ? { type, registers: session }
        : undefined;
  }
  if (type === undefined || !isSession(session)) return undefined;
  switch (type) {
    case "cancel": {
      const by = callerOf(fields, 4);
      const isFit = by !== undefined && isCount(birth) && isCount(sequence);
      return isFit ? { type, session, birth, sequence, ...by } : undefined;
    }
    case "departed":
      return length === 3 && areAttemptNames(birth) ? { type, session, unsure: birth } : undefined;
    default:
      return length === 2 ? { type, session } : undefined;
  }
}

function startOf(fields: readonly unknown[]): SingletonRequest | undefined {
  const [, register, spec, args, timeout, chain, background, kept, after] = fields;
  const isFit = isRegisterId(register) && isSpecId(spec) && args instanceof Uint8Array &&
    typeof timeout === "number" && timeout >= 0 && timeout <= 2 ** 31 &&
    areRegisters(chain, MAX_CHAIN) && typeof background === "boolean" &&
    typeof kept === "boolean" && (after === null || isCount(after));
  if (!isFit) return undefined;
  return { type: "start", register, spec, args, timeout, chain, background, kept, after };
}

function callOf(fields: readonly unknown[]): SingletonRequest | undefined {
  const [, register, session, token, birth, sequence, done, open, full, method, args, chain] =
    fields;
  const awaited = fields[12];
  const by = callerOf(fields, 13);
  const isFit = by !== undefined && isRegisterId(register) && isSession(session) &&
    isCount(token) && isCount(birth) && isCount(sequence) && isCount(done) &&
    areBetween(done, open, sequence) && typeof full === "boolean" && !(full && open.length === 0) &&
    typeof method === "string" && method !== "" && method.length <= MAX_METHOD &&
    args instanceof Uint8Array && areRegisters(chain, MAX_CHAIN) && typeof awaited === "boolean";
  if (!isFit) return undefined;
  const numbers = { token, birth, sequence, done, open, full };
  return { type: "call", register, session, ...numbers, method, args, chain, awaited, ...by };
}

/** The guest that calls, if the list has a field at `index`, which would be the last one; `undefined`: malformed. */
function callerOf(fields: readonly unknown[], index: number): { caller?: string } | undefined {
  if (fields.length === index) return {};
  const [caller, ...others] = fields.slice(index);
  const isFit = typeof caller === "string" && GUEST_PATTERN.test(caller) && others.length === 0;
  return isFit ? { caller } : undefined;
}

/** The number of fields of each kind of answer. The position of a kind is its code on the wire. */
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
  settled: 1,
  noted: 1,
  departed: 2,
  unknown: 1,
  calls: 2,
} as const;

const CODES = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];

/** Encodes an answer. */
export function encodeSingletonReply(answer: SingletonReply): Uint8Array {
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
    case "departed":
      return encodeValue([code, answer.unsure], MAX_BYTES);
    case "calls":
      return encodeValue([code, answer.instances.map(fieldsOfCalls)], MAX_BYTES);
    default:
      return encodeValue([code], MAX_BYTES);
  }
}

/** Decodes an answer; throws `MalformedError` unless `body` is well-formed. */
export function decodeSingletonReply(body: Uint8Array): SingletonReply {
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
    case "departed":
      if (!areAttemptNames(fields[1])) refuse();
      return { type, unsure: fields[1] };
    case "calls":
      return { type, instances: list(fields[1], MAX_ASKED).map(callsOf) };
    default:
      return { type };
  }
}

function fieldsOfCalls(calls: CallsUnderWay | null): unknown {
  if (calls === null) return null;
  const { token, begun, waiting, running } = calls;
  return [token, begun, waiting, running.map(({ method, from }) => [method, from])];
}

function callsOf(value: unknown): CallsUnderWay | null {
  if (value === null) return null;
  const [token, begun, waiting, running, ...others] = list(value);
  if (others.length > 0) refuse();
  return {
    ...{ token: count(token), begun: count(begun), waiting: count(waiting) },
    running: list(running, MAX_TOLD).map((call) => {
      const [method, from, ...others] = list(call);
      if (typeof method !== "string" || method.length > MAX_TOLD_METHOD) refuse();
      return isOwner(from) && others.length === 0 ? { method, from } : refuse();
    }),
  };
}

function areRegisters(value: unknown, most: number): value is readonly RegisterId[] {
  return isList(value, most) && value.every(isRegisterId);
}

function areAttemptNames(value: unknown): value is readonly string[] {
  const isName = (name: unknown) => typeof name === "string" && name.length <= MAX_ATTEMPT_NAME;
  return isList(value, MAX_UNSURE) && value.every(isName);
}

/** Whether these are at most `MAX_OPEN` numbers in ascending order, all of them between two others. */
function areBetween(from: number, value: unknown, to: number): value is readonly number[] {
  let last = from;
  const isNext = (number: unknown) => isCount(number) && number < to && last < (last = number);
  return isList(value, MAX_OPEN) && value.every(isNext);
}

function isList(value: unknown, most: number): value is unknown[] {
  return Array.isArray(value) && value.length <= most;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function list(value: unknown, most = Infinity): unknown[] {
  return isList(value, most) ? value : refuse();
}

function count(value: unknown): number {
  return isCount(value) ? value : refuse();
}

function refuse(): never {
  throw new MalformedError("not a message about a singleton");
}
