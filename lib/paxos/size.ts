import type { RegisterId, State } from "./register.ts";

/**
 * Size counted for a register besides its name and its value, in bytes: its entry in an acceptor's maps, two
 * ballots, a token. About what a member's heap grows by for a small value that is bound to one time.
 */
export const ENTRY_BYTES = 400;

/** Size counted for each session that a value depends on, in bytes. */
const OWNER_BYTES = 100;

/** The bytes that one register counts towards `maxBytes`, with this state. */
export function sizeOf(register: RegisterId, state: State | null): number {
  let bytes = ENTRY_BYTES + register.length;
  if (!state?.present) return bytes;
  bytes += state.value.length + OWNER_BYTES * state.owners.length;
  if (state.bindings.length === 0) return bytes;
  for (const binding of state.bindings) {
    if (binding.kind === "key") bytes += binding.register.length;
  }
  return bytes;
}
