import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import type { RegisterId, State } from "../../lib/paxos/register.ts";

/** A plain `accept`, without a request for a promise and without a fallback. */
export function acceptRequest(
  register: RegisterId,
  ballot: Ballot,
  state: State,
): RegisterRequest & { readonly type: "accept"; readonly id: number } {
  return { id: 0, type: "accept", register, ballot, state, next: false, fallback: null };
}
