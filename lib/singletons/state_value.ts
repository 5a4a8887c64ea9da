import { decodeValue, encodeValue, MalformedError } from "../codec.ts";
import type { Draft, RegisterChange } from "../paxos/change.ts";
import type { OperationId, State } from "../paxos/register.ts";
import { type KeptState, mayForget, openState, writeState } from "../paxos/state_register.ts";

/** The result of an instance's change: what the register holds, or `null` if the instance must not write it. */
export type Kept = KeptState | null;

/** Longest encoded value, in bytes; above the largest value of a user. */
const MAX_BYTES = 8 * 2 ** 20 + 64;

/** Decodes a register; `null` if it is absent. Throws `MalformedError` for bytes that no node wrote. */
export function keptStateOf(state: State | null): Kept {
  if (state === null || !state.present) return null;
  const fields = decodeValue(state.value);
  if (!Array.isArray(fields) || fields.length !== 2) throw malformed();
  const [token, value] = fields;
  if (!Number.isSafeInteger(token) || token < 0) throw malformed();
  if (value !== null && !(value instanceof Uint8Array)) throw malformed();
  return { token, value };
}

/** See {@linkcode openState}; `mayWrite` returns at the moment of writing whether the instance may still act. */
export function openChange(
  op: OperationId,
  token: number,
  mayWrite: () => boolean,
): RegisterChange<Kept> {
  return change(op, mayWrite, (kept) => openState(kept, token));
}

/** See {@linkcode writeState}. */
export function writeChange(
  op: OperationId,
  token: number,
  value: Uint8Array | null,
  mayWrite: () => boolean,
): RegisterChange<Kept> {
  return change(op, mayWrite, (kept) => writeState(kept, token, value));
}

/** Releases a state, unless a later instance than that with `token` has opened it. */
export function forgetChange(token: number): RegisterChange<void> {
  return ({ state }) => {
    const isOwn = mayForget(keptStateOf(state), token);
    return { draft: isOwn ? { present: false } : null, result: undefined };
  };
}

function change(
  op: OperationId,
  mayWrite: () => boolean,
  next: (kept: Kept) => Kept,
): RegisterChange<Kept> {
  return ({ state }) => {
    const written = next(keptStateOf(state));
    if (written === null) return { draft: null, result: null };
    // The operation has written it already, in an earlier attempt.
    if (state?.present && state.op === op) return { draft: null, result: written };
    if (!mayWrite()) return { draft: null, result: null };
    return { draft: toDraft(op, written), result: written };
  };
}

function toDraft(op: OperationId, { token, value }: KeptState): Draft {
  const encoded = encodeValue([token, value], MAX_BYTES);
  return { present: true, op, value: encoded, bindings: [], owners: [] };
}

function malformed(): MalformedError {
  return new MalformedError("not the value of a state");
}
