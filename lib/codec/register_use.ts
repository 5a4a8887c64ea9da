import { ownersOf } from "../paxos/kv_register.ts";
import type { RegisterId, State } from "../paxos/register.ts";
import { isWholeRegisterId } from "./register_id.ts";

/** Values of locks and singletons take at most this many bytes: their own bounds are below it. */
const MAX_INTERNAL_BYTES = 8 * 2 ** 20 + 1024;

/** The kinds of registers that clients write. */
const USED = "kls";

/** Whether a put may write `value` under this id: it is that of a key, and the value is not too large. */
export function isPutOf(register: RegisterId, value: Uint8Array, maxValueBytes: number): boolean {
  return register[0] === "k" && value.length <= maxValueBytes && isWholeRegisterId(register);
}

/**
 * Whether `state` is one that the feature which `register` belongs to writes, as far as can be told without
 * decoding its value: for what a client writes, since no acceptor can check how it came to propose that.
 */
export function isFitFor(register: RegisterId, state: State, maxValueBytes: number): boolean {
  if (!state.present) return USED.includes(register[0]);
  const { value, bindings, owners } = state;
  switch (register[0]) {
    case "k": {
      if (!isPutOf(register, value, maxValueBytes)) return false;
      const expected = ownersOf(bindings);
      return owners.length === expected.length && expected.every((one) => owners.includes(one));
    }
    case "l":
    case "s":
      return bindings.length === 0 && value.length <= MAX_INTERNAL_BYTES &&
        isWholeRegisterId(register);
    default:
      return false;
  }
}
