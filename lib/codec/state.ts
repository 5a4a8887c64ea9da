import type { Ballot } from "../paxos/ballot.ts";
import type { Accepted, Binding, Pid, Present, SessionId, State } from "../paxos/register.ts";
import { blob, type FieldReader, fields, integer, refuse, register } from "./field_reader.ts";
import type { Fields, FieldWriter } from "./field_writer.ts";
import { MAX_BINDINGS, MAX_LIST } from "./limits.ts";

/** The states of registers within frames. */

const BINDING_KINDS = { pid: 0, node: 1, key: 2, until: 3 } as const;

/** The number of fields of a tombstone, and of a state with a value. */
const ABSENT = 1;
const PRESENT = 7;

/** The number of fields of what was accepted, and of what was accepted in a fast round. */
const ACCEPTED = 3;
const FAST_ACCEPTED = 4;

/** Encodes a list of sessions to one field. */
export function encodeSessions(sessions: readonly SessionId[], to: FieldWriter): Fields {
  return sessions.map((session) => to.session(session));
}

/** Decodes a list of sessions from one field. */
export function decodeSessions(field: unknown, from: FieldReader): readonly SessionId[] {
  return from.list(field, MAX_LIST, (session) => from.session(session));
}

/** Encodes a pid to two fields, session and number. The session must name the node: throws `TypeError`. */
export function encodePid(pid: Pid, to: FieldWriter): [unknown, number] {
  if (!pid.session.startsWith(pid.node + "/")) {
    throw new TypeError(`a pid of ${pid.node} in a session of another node: ${pid.session}`);
  }
  return [to.session(pid.session), pid.seq];
}

/** Decodes a pid from two fields. */
export function decodePid(session: unknown, seq: unknown, from: FieldReader): Pid {
  const id = from.session(session);
  return { node: id.slice(0, id.indexOf("/")), session: id, seq: integer(seq) };
}

/** Encodes a list of bindings to one field. */
export function encodeBindings(bindings: readonly Binding[], to: FieldWriter): Fields {
  return bindings.map((binding) => {
    switch (binding.kind) {
      case "pid":
        return [BINDING_KINDS.pid, ...encodePid(binding.pid, to)];
      case "node":
        return [BINDING_KINDS.node, to.session(binding.session)];
      case "key":
        return [BINDING_KINDS.key, binding.register, to.counter(binding.token)];
      case "until":
        return [BINDING_KINDS.until, binding.time];
    }
  });
}

/** Decodes a list of bindings from one field. */
export function decodeBindings(field: unknown, from: FieldReader): readonly Binding[] {
  return from.list(field, MAX_BINDINGS, (binding) => decodeBinding(binding, from));
}

function decodeBinding(field: unknown, from: FieldReader): Binding {
  if (!Array.isArray(field)) refuse("not a binding");
  switch (field[0]) {
    case BINDING_KINDS.pid:
      fields(field, 3);
      return { kind: "pid", pid: decodePid(field[1], field[2], from) };
    case BINDING_KINDS.node:
      fields(field, 2);
      return { kind: "node", session: from.session(field[1]) };
    case BINDING_KINDS.key:
      fields(field, 3);
      return { kind: "key", register: register(field[1]), token: from.counter(field[2]) };
    case BINDING_KINDS.until:
      fields(field, 2);
      return { kind: "until", time: wallTime(field[1]) };
    default:
      refuse("a binding of an unknown kind");
  }
}

/** A number of milliseconds since 1970, not necessarily an integer; `Infinity` means never. */
export function wallTime(field: unknown): number {
  if (typeof field !== "number" || Number.isNaN(field)) refuse("not a time");
  return field + 0;
}

/** Encodes a state to one field. */
export function encodeState(state: State, to: FieldWriter): Fields {
  if (!state.present) return [to.counter(state.token)];
  const [author, sequence] = to.operation(state.op);
  return [
    to.counter(state.token),
    to.counter(state.over),
    author,
    sequence,
    state.value,
    encodeBindings(state.bindings, to),
    encodeSessions(state.owners, to),
  ];
}

/** Decodes a state from one field. */
export function decodeState(field: unknown, from: FieldReader): State {
  if (Array.isArray(field) && field.length === ABSENT) {
    return { present: false, token: from.counter(field[0]) };
  }
  // By their places: the iterator of a pattern takes longer than all the rest.
  const parts = fields(field, PRESENT);
  return {
    present: true,
    token: from.counter(parts[0]),
    over: from.counter(parts[1]),
    op: from.operation(parts[2], parts[3]),
    value: blob(parts[4]),
    bindings: decodeBindings(parts[5], from),
    owners: decodeSessions(parts[6], from),
  };
}

/** Encodes a ballot and the state accepted at it, or null, to one field; that of a fast round has a further mark. */
export function encodeAccepted(accepted: Accepted | null, to: FieldWriter): Fields | null {
  if (accepted === null) return null;
  const content = [...to.ballot(accepted.ballot), encodeState(accepted.state, to)];
  return accepted.fast === true ? [...content, true] : content;
}

/** Decodes a ballot and the state accepted at it, or null, from one field. */
export function decodeAccepted(field: unknown, from: FieldReader): Accepted | null {
  if (field === null) return null;
  if (Array.isArray(field) && field.length === FAST_ACCEPTED) {
    const [counter, life, state, fast] = field;
    if (fast !== true) refuse("not the mark of a fast round");
    return decodeFast(from.ballot(counter, life), decodeState(state, from));
  }
  const [counter, life, state] = fields(field, ACCEPTED);
  return { ballot: from.ballot(counter, life), state: decodeState(state, from) };
}

/** What was accepted in a fast round: a value, with the counter of its ballot as its token. */
export function decodeFast(ballot: Ballot, state: State): Accepted & { readonly state: Present } {
  if (!state.present || state.token !== ballot.counter) refuse("not the state of a fast round");
  return { ballot, state, fast: true };
}

/** The size of the value of a state, in bytes; 0 for a tombstone. */
export function stateBytes(state: State): number {
  return state.present ? state.value.length : 0;
}
