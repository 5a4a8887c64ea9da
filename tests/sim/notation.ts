import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { State } from "../../lib/paxos/register.ts";

/** A ballot, for a person. */
export function show({ counter, life }: Ballot): string {
  return `${counter}/${life}`;
}

/** A state, in every detail. */
export function identify(state: State): string {
  if (!state.present) return `absent @${state.token}`;
  const { token, over, op, value, bindings, owners } = state;
  return `${op} @${token} over ${over} [${value}] ${JSON.stringify([bindings, owners])}`;
}
