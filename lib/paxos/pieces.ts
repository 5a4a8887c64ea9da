import type { AcceptorEntry } from "./acceptor_types.ts";
import type { RegisterCopy } from "./messages.ts";
import type { RegisterId } from "./register.ts";

/** Entries in one reply to `list`, and in one piece of a copy, to bound the size of a frame. */
export const PIECE_ENTRIES = 1_000;

/** Approximate bytes of the registers in one piece of a copy, which has at least one register. */
export const PIECE_BYTES = 256 * 1024;

/** As many of these registers as fit into one piece of a copy, and whether there are more. */
export function copyPiece(
  names: Iterable<RegisterId>,
  entries: ReadonlyMap<RegisterId, AcceptorEntry>,
): { registers: RegisterCopy[]; more: boolean } {
  const registers: RegisterCopy[] = [];
  let bytes = 0;
  for (const register of names) {
    const entry = entries.get(register);
    if (entry === undefined) continue;
    if (registers.length >= PIECE_ENTRIES || (bytes >= PIECE_BYTES && registers.length > 0)) {
      return { registers, more: true };
    }
    registers.push({ register, promised: entry.promised, accepted: entry.accepted });
    bytes += register.length + 100;
    if (entry.accepted?.state.present) bytes += entry.accepted.state.value.length;
  }
  return { registers, more: false };
}

/** As many of these names as fit into one piece of an inventory, and whether there are more. */
export function namesPiece(
  names: Iterable<RegisterId>,
): { registers: RegisterId[]; more: boolean } {
  const registers: RegisterId[] = [];
  for (const register of names) {
    if (registers.length >= PIECE_ENTRIES) return { registers, more: true };
    registers.push(register);
  }
  return { registers, more: false };
}
