import { ownersOf } from "../paxos/kv_register.ts";
import {
  isConfiguration,
  kindOf,
  REGISTER_KINDS,
  type RegisterId,
  type State,
} from "../paxos/register.ts";
import { readConfiguration } from "./configuration_value.ts";
import { isWholeRegisterId } from "./register_id.ts";

/** The largest value of a lock, a singleton or its state, in bytes; the bounds of all are not above it. */
const MAX_INTERNAL_BYTES = 8 * 2 ** 20 + 1024;

/** The most bytes of what is kept with the value of a cell: 64 writers, with the ids of guests. */
const MAX_WRITERS_BYTES = 16 * 1024;

/** The kinds of registers that clients release. */
const RELEASED_BY_CLIENTS: ReadonlySet<string> = new Set([
  REGISTER_KINDS.key,
  REGISTER_KINDS.lock,
  REGISTER_KINDS.singleton,
  REGISTER_KINDS.state,
  REGISTER_KINDS.cell,
]);

/** Whether a put may write `value` to `register`: the id is that of a key, and the value is not too large. */
export function isPutOf(register: RegisterId, value: Uint8Array, maxValueBytes: number): boolean {
  return kindOf(register) === REGISTER_KINDS.key && value.length <= maxValueBytes &&
    isWholeRegisterId(register);
}

/**
 * Whether the feature that `register` belongs to could have written `state`; no user's value is decoded. It
 * checks the writes of clients, because an acceptor cannot check how a client came to propose a state.
 */
export function isFitFor(register: RegisterId, state: State, maxValueBytes: number): boolean {
  const kind = kindOf(register);
  if (!state.present) return RELEASED_BY_CLIENTS.has(kind);
  const { value, bindings, owners } = state;
  switch (kind) {
    case REGISTER_KINDS.key: {
      if (!isPutOf(register, value, maxValueBytes)) return false;
      const expected = ownersOf(bindings);
      return owners.length === expected.length && expected.every((one) => owners.includes(one));
    }
    case REGISTER_KINDS.lock:
    case REGISTER_KINDS.singleton:
    case REGISTER_KINDS.state:
      return bindings.length === 0 && value.length <= MAX_INTERNAL_BYTES &&
        isWholeRegisterId(register);
    case REGISTER_KINDS.cell:
      return bindings.length === 0 && owners.length === 0 &&
        value.length <= maxValueBytes + MAX_WRITERS_BYTES && isWholeRegisterId(register);
    case REGISTER_KINDS.configuration:
      return isConfiguration(register) && bindings.length === 0 && owners.length === 0 &&
        isConfigurationIn(state);
    default:
      return false;
  }
}

function isConfigurationIn(state: State): boolean {
  try {
    return readConfiguration(state) !== null;
  } catch {
    return false;
  }
}
