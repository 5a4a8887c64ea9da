import { decodeValue, encodeValue, isSession, MalformedError } from "../codec.ts";
import type { Draft, RegisterChange } from "../paxos/change.ts";
import type { OperationId, Pid, SessionId, State } from "../paxos/register.ts";
import type { Restart } from "./spec.ts";

/**
 * The value in the register of a singleton. The register is absent while there is no instance and none has to
 * be kept running.
 */
export interface SingletonValue {
  /** The process of the instance; `null` while it waits to be started again. */
  readonly pid: Pid | null;
  readonly restart: Restart;
  /** The encoded arguments of its start. */
  readonly args: Uint8Array;
  /** The number of starts in a row that failed, or whose instance ended at once. */
  readonly failures: number;
}

/** What a start writes. */
export interface Wanted extends Pick<SingletonValue, "restart" | "args"> {
  /** Whether this holds although an earlier start of an instance that is kept running said something else. */
  readonly decides: boolean;
  /** The token of the register that the start is meant for, 0 without a state; `null`: any. */
  readonly after: number | null;
}

/** How an instance ended, according to its host. */
export interface Leaving {
  /** Whether it ended by itself: a `"transient"` one is not started again then. */
  readonly byItself: boolean;
  /** Whether its start failed, or it ended right after it began. */
  readonly failed: boolean;
}

/** Longest encoded value, in bytes; far above what the arguments of one start may take. */
const MAX_BYTES = 8 * 2 ** 20 + 1024;

/** Failed starts are counted up to this number; the longest wait is reached long before. */
const MAX_FAILURES = 1_000;

const NOTHING = { present: false } as const;

const RESTARTS: readonly Restart[] = ["temporary", "permanent", "transient"];

/** Decodes a register; `null` if it is absent. Throws `MalformedError` for bytes that no node wrote. */
export function singletonOf(state: State | null): SingletonValue | null {
  if (state === null || !state.present) return null;
  const fields = decodeValue(state.value);
  if (!Array.isArray(fields) || fields.length !== 5) throw malformed();
  const [session, seq, restart, args, failures] = fields;
  if (!RESTARTS.includes(restart) || !(args instanceof Uint8Array)) throw malformed();
  if (!Number.isSafeInteger(failures) || failures < 0) throw malformed();
  if (session === null) return { pid: null, restart, args, failures };
  if (!isSession(session) || !Number.isSafeInteger(seq)) throw malformed();
  return {
    pid: { node: session.slice(0, session.indexOf("/")), session, seq },
    restart,
    args,
    failures,
  };
}

/**
 * Writes `pid` as the instance, unless an instance of a session that has not ended is there. The result names
 * the instance, or `null` if `mayTake` forbids the write, or the start is meant for an earlier state.
 */
export function takeChange(
  op: OperationId,
  pid: Pid,
  wanted: Wanted,
  hasEnded: (session: SessionId) => boolean,
  mayTake: () => boolean,
): RegisterChange<Pick<SingletonValue, "pid" | "restart" | "args">> {
  return ({ state, token }) => {
    const value = singletonOf(state);
    const holder = value?.pid ?? null;
    if (value !== null && holder !== null && !hasEnded(holder.session)) {
      const { restart, args } = value;
      return { draft: null, result: { pid: holder, restart, args } };
    }
    const isMeant = wanted.after === null || wanted.after === (value === null ? 0 : token);
    if (!isMeant || !mayTake()) {
      return { draft: null, result: { pid: null, restart: wanted.restart, args: wanted.args } };
    }
    const kept = value !== null && value.restart !== "temporary" ? value : null;
    // An instance that has to be kept running keeps the arguments of its first start.
    const { restart, args } = wanted.decides ? wanted : kept ?? wanted;
    // An instance that ran until its host vanished did not fail.
    const failures = holder === null ? kept?.failures ?? 0 : 0;
    const result = { pid, restart, args };
    return { draft: toDraft(op, { ...result, failures }), result };
  };
}

/** Removes the instance that `isHolder` accepts: the register becomes absent, or waits for a start. */
export function leaveChange(
  op: OperationId,
  isHolder: (pid: Pid) => boolean,
  { byItself, failed }: Leaving,
): RegisterChange<void> {
  return ({ state }) => {
    const value = singletonOf(state);
    if (value === null || value.pid === null || !isHolder(value.pid)) {
      return { draft: null, result: undefined };
    }
    const waits = value.restart === "permanent" || (value.restart === "transient" && !byItself);
    const failures = failed ? Math.min(MAX_FAILURES, value.failures + 1) : 0;
    const draft = waits ? toDraft(op, { ...value, pid: null, failures }) : NOTHING;
    return { draft, result: undefined };
  };
}

function toDraft(op: OperationId, { pid, restart, args, failures }: SingletonValue): Draft {
  const fields = [pid?.session ?? null, pid?.seq ?? 0, restart, args, failures];
  const value = encodeValue(fields, MAX_BYTES);
  const owners = pid === null ? [] : [pid.session];
  return { present: true, op, value, bindings: [], owners };
}

function malformed(): MalformedError {
  return new MalformedError("not the value of a singleton");
}
