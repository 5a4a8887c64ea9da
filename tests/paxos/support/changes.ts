import type { Draft, RegisterChange } from "../../../lib/paxos/change.ts";
import type { RegisterId, State } from "../../../lib/paxos/register.ts";

/** The register that all scripts use. */
export const REGISTER: RegisterId = "k1";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of `text`. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A present state with `value`, as a change function returns it. */
export function present(value: string, op = `op ${value}`): Draft & { present: true } {
  return { present: true, op, value: bytes(value), bindings: [], owners: [] };
}

/** The present value as text; empty without one. */
export function textOf(state: State | null): string {
  return state?.present ? decoder.decode(state.value) : "";
}

/** Sets the register in every state. */
export function write(value: string): RegisterChange<void> {
  return () => ({ draft: present(value), result: undefined });
}

/** Sets the register if it is absent; the result is the value that is present then. */
export function setOnce(value: string): RegisterChange<string> {
  return ({ state }) =>
    state?.present
      ? { draft: null, result: textOf(state) }
      : { draft: present(value), result: value };
}

/** Appends `letter` to the present text, once. */
export function append(letter: string): RegisterChange<string> {
  return ({ state }) => {
    const text = textOf(state);
    return text.includes(letter)
      ? { draft: null, result: text }
      : { draft: present(text + letter, `${text}${letter}`), result: text + letter };
  };
}

/** Makes the register absent in every state. */
export const release: RegisterChange<void> = () => ({
  draft: { present: false },
  result: undefined,
});

/** Leaves everything as it is. */
export const look: RegisterChange<void> = () => ({ draft: null, result: undefined });
