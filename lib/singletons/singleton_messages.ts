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

/** The requests with a session and nothing else, by their codes. */
const NOTICES = new Map<unknown, "gone" | "leaving" | "hasDeparted">([
  [2, "gone"],
  [4, "leaving"],
  [6, "hasDeparted"],
]);

/** Open attempts listed in one message; bounds its size. */
export const MAX_OPEN = 1_000;

/** Encodes a request. */
export function encodeSingletonRequest(request: SingletonRequest): Uint8Array {
  if (request.type === "start") {
    const { register, spec, args, timeout, chain, background, kept, after } = request;
    const how = [timeout, chain, background, kept, after];
    return encodeValue([0, register, spec, args, ...how], MAX_BYTES);
  }
  if (request.type === "gone") return encodeValue([2, request.session], MAX_BYTES);
  if (request.type === "leaving") return encodeValue([4, request.session], MAX_BYTES);
  if (request.type === "hasDeparted") return encodeValue([6, request.session], MAX_BYTES);
  if (request.type === "callsOf") return encodeValue([7, request.registers], MAX_BYTES);
  if (request.type === "departed") {
    return encodeValue([5, request.session, request.unsure], MAX_BYTES);
  }
  const { session, birth, sequence, caller } = request;
  const by = caller === undefined ? [] : [caller];
  if (request.type === "cancel") {
    return encodeValue([3, session, birth, sequence, ...by], MAX_BYTES);
  }
  const { register, token, done, open, full, method, args, chain, awaited } = request;
  const numbers = [birth, sequence, done, open, full];
  const fields = [1, register, session, token, ...numbers, method, args, chain, awaited];
  return encodeValue([...fields, ...by], MAX_BYTES);
}

/** Decodes a request; throws `MalformedError` unless `body` is well-formed. */
export function decodeSingletonRequest(body: Uint8Array): SingletonRequest {
  const fields = list(decodeValue(body));
  if (fields[0] === 0 && fields.length === 9) {
    const [, register, spec, args, timeout, chain, background, kept] = fields;
    const after = fields[8] === null ? null : count(fields[8]);
    if (!isRegisterId(register) || !isSpecId(spec) || !(args instanceof Uint8Array)) refuse();
    if (typeof timeout !== "number" || !(timeout >= 0 && timeout <= 2 ** 31)) refuse();
    if (typeof background !== "boolean" || typeof kept !== "boolean") refuse();
    const how = { timeout, chain: registersOf(chain, MAX_CHAIN), background, kept, after };
    return { type: "start", register, spec, args, ...how };
  }
  const notice = NOTICES.get(fields[0]);
  if (notice !== undefined && fields.length === 2) {
    return isSession(fields[1]) ? { type: notice, session: fields[1] } : refuse();
  }
  if (fields[0] === 5 && fields.length === 3) {
    const [, session, unsure] = fields;
    if (!isSession(session)) refuse();
    return { type: "departed", session, unsure: attemptNames(unsure) };
  }
  if (fields[0] === 7 && fields.length === 2) {
    return { type: "callsOf", registers: registersOf(fields[1], MAX_ASKED) };
  }
  if (fields[0] === 3 && (fields.length === 4 || fields.length === 5)) {
    const [, session, birth, sequence] = fields;
    if (!isSession(session)) refuse();
    const numbers = { birth: count(birth), sequence: count(sequence) };
    return { type: "cancel", session, ...numbers, ...callerOf(fields, 4) };
  }
  if (fields[0] !== 1 || (fields.length !== 13 && fields.length !== 14)) refuse();
  const [, register, session, token, birth, sequence, done, open, full, method, args, chain] =
    fields;
  const awaited = fields[12];
  if (typeof awaited !== "boolean") refuse();
  if (!isRegisterId(register) || !isSession(session) || !(args instanceof Uint8Array)) refuse();
  if (typeof method !== "string" || method === "" || method.length > MAX_METHOD) refuse();
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
    chain: registersOf(chain, MAX_CHAIN),
    awaited,
    ...callerOf(fields, 13),
  };
}

/** The guest that calls, if the list has a field at `index`. */
function callerOf(fields: readonly unknown[], index: number): { readonly caller?: string } {
  if (fields.length <= index) return {};
  const caller = fields[index];
  return typeof caller === "string" && GUEST_PATTERN.test(caller) ? { caller } : refuse();
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
    case "running":
    case "begun":
    case "refused":
    case "busy":
    case "stale":
    case "settled":
    case "noted":
    case "unknown":
      return { type };
    case "departed":
      return { type, unsure: attemptNames(fields[1]) };
    case "calls":
      return { type, instances: list(fields[1], MAX_ASKED).map(callsOf) };
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

function registersOf(value: unknown, most: number): readonly RegisterId[] {
  const registers = list(value, most);
  return registers.every(isRegisterId) ? registers : refuse();
}

function attemptNames(value: unknown): readonly string[] {
  const names = list(value);
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name.length <= MAX_ATTEMPT_NAME;
  return names.length <= MAX_UNSURE && names.every(isName) ? names : refuse();
}

function list(value: unknown, most = Infinity): unknown[] {
  return Array.isArray(value) && value.length <= most ? value : refuse();
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : refuse();
}

function refuse(): never {
  throw new MalformedError("not a message about a singleton");
}
