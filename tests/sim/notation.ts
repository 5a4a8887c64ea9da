import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { State } from "../../lib/paxos/register.ts";

/** A ballot as text, for reports. */
export function show({ counter, life }: Ballot): string {
  return `${counter}/${life}`;
}

/** A state as text with all details: equal texts mean equal states. */
export function identify(state: State): string {
  if (!state.present) return `absent @${state.token}`;
  const { token, over, op, value, bindings, owners } = state;
  return `${op} @${token} over ${over} [${value}] ${JSON.stringify([bindings, owners])}`;
}
