import { decodeValue, encodeValue, isSession, MalformedError } from "../codec.ts";
import type { Change, Draft } from "../paxos/proposer.ts";
import type { OperationId, Pid, SessionId, State } from "../paxos/register.ts";
import type { Restart } from "./spec.ts";

/** What the register of a singleton holds; without an instance that has to be kept, it is absent. */
export interface SingletonValue {
  /** The process of the instance; `null` while it waits to be started again. */
  readonly pid: Pid | null;
  readonly restart: Restart;
  /** The encoded arguments of its start. */
  readonly args: Uint8Array;
}

/** Far above what the arguments of one start may take. */
const MAX_BYTES = 8 * 2 ** 20 + 1024;

const RESTARTS: readonly Restart[] = ["temporary", "permanent", "transient"];

/** What a register holds; `null`: nothing. Throws `MalformedError` for what no node wrote. */
export function singletonOf(state: State | null): SingletonValue | null {
  if (state === null || !state.present) return null;
  const fields = decodeValue(state.value);
  if (!Array.isArray(fields) || fields.length !== 4) throw malformed();
  const [session, seq, restart, args] = fields;
  if (!RESTARTS.includes(restart) || !(args instanceof Uint8Array)) throw malformed();
  if (session === null) return { pid: null, restart, args };
  if (!isSession(session) || !Number.isSafeInteger(seq)) throw malformed();
  return { pid: { node: session.slice(0, session.indexOf("/")), session, seq }, restart, args };
}

/** A host takes the place, unless a live instance has it: tells who has it then. */
export function takeChange(
  op: OperationId,
  pid: Pid,
  start: Pick<SingletonValue, "restart" | "args">,
  hasEnded: (session: SessionId) => boolean,
  mayTake: () => boolean,
): Change<{ readonly pid: Pid | null; readonly args: Uint8Array }> {
  return ({ state }) => {
    const value = singletonOf(state);
    const holder = value?.pid ?? null;
    if (value !== null && holder !== null && !hasEnded(holder.session)) {
      return { draft: null, result: { pid: holder, args: value.args } };
    }
    if (!mayTake()) return { draft: null, result: { pid: null, args: start.args } };
    // What has to be kept running keeps the arguments that it was first started with.
    const kept = value !== null && value.restart !== "temporary" ? value : start;
    const { restart, args } = kept;
    return { draft: toDraft(op, { pid, restart, args }), result: { pid, args } };
  };
}

/** The instance in `pid` has ended, `byItself` or not: the place is free, or waits for a start. */
export function leaveChange(
  op: OperationId,
  isHolder: (pid: Pid) => boolean,
  byItself: boolean,
): Change<void> {
  return ({ state }) => {
    const value = singletonOf(state);
    if (value === null || value.pid === null || !isHolder(value.pid)) {
      return { draft: null, result: undefined };
    }
    const waits = value.restart === "permanent" || (value.restart === "transient" && !byItself);
    const draft = waits ? toDraft(op, { ...value, pid: null }) : { present: false } as const;
    return { draft, result: undefined };
  };
}

function toDraft(op: OperationId, { pid, restart, args }: SingletonValue): Draft {
  const value = encodeValue([pid?.session ?? null, pid?.seq ?? 0, restart, args], MAX_BYTES);
  const owners = pid === null ? [] : [pid.session];
  return { present: true, op, value, bindings: [], owners };
}

function malformed(): MalformedError {
  return new MalformedError("not the value of a singleton");
}
