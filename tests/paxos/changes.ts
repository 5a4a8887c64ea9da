import type { Change, Draft } from "../../lib/paxos/proposer.ts";
import type { RegisterId, State } from "../../lib/paxos/register.ts";

/** The one register that scripts are about. */
export const REGISTER: RegisterId = "k1";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of `text`. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A present state with `value`, as a change function gives it. */
export function present(value: string, op = `op ${value}`): Draft & { present: true } {
  return { present: true, op, value: bytes(value), bindings: [], owners: [] };
}

/** What is there, as text; empty when nothing is. */
export function textOf(state: State | null): string {
  return state?.present ? decoder.decode(state.value) : "";
}

/** Sets the register whatever is there. */
export function write(value: string): Change<void> {
  return () => ({ draft: present(value), result: undefined });
}

/** Sets the register if nothing is there; results in what is there then. */
export function setOnce(value: string): Change<string> {
  return ({ state }) =>
    state?.present
      ? { draft: null, result: textOf(state) }
      : { draft: present(value), result: value };
}

/** Adds `letter` to the text that is there, once. */
export function append(letter: string): Change<string> {
  return ({ state }) => {
    const text = textOf(state);
    return text.includes(letter)
      ? { draft: null, result: text }
      : { draft: present(text + letter, `${text}${letter}`), result: text + letter };
  };
}

/** Makes the register absent whatever is there. */
export const release: Change<void> = () => ({ draft: { present: false }, result: undefined });

/** Leaves everything as it is. */
export const look: Change<void> = () => ({ draft: null, result: undefined });
