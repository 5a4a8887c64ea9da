import type { Ballot } from "../../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { Step } from "../../../lib/paxos/proposer.ts";
import type { Accepted, State } from "../../../lib/paxos/register.ts";

const decoder = new TextDecoder();

/** `3p`: counter 3 of life p. */
export function showBallot({ counter, life }: Ballot): string {
  return `${counter}${life}`;
}

/** `none`, `absent@3` or `x@3`: the value as text, and the token. */
export function showState(state: State | null): string {
  if (state === null) return "none";
  return `${state.present ? decoder.decode(state.value) : "absent"}@${state.token}`;
}

/** A request about one register, without the register. */
export function showRequest(request: RegisterRequest): string {
  switch (request.type) {
    case "prepare":
    case "forget":
      return `${request.type} ${showBallot(request.ballot)}`;
    case "accept": {
      const next = request.next ? " and promise the next" : "";
      const { ballot: { life }, fallback } = request;
      const or = fallback === null ? "" : `, or prepare ${showBallot({ counter: fallback, life })}`;
      return `accept ${showBallot(request.ballot)} ${showState(request.state)}${next}${or}`;
    }
    case "list":
      return `list ${request.prefix} after ${request.after}`;
    default:
      return request.type;
  }
}

/** A reply about one register: the accepted state, or the floor without one. */
export function showReply(reply: RegisterReply): string {
  switch (reply.type) {
    case "promise":
      return `promise ${showBallot(reply.ballot)}, ${showReport(reply)}`;
    case "current":
      return `current, promised ${showBallot(reply.promised)}, ${showReport(reply)}`;
    case "nack":
      return `nack ${showBallot(reply.promised)}`;
    case "accepted":
      return `accepted ${showBallot(reply.ballot)}`;
    case "learned":
      return `learned ${showBallot(reply.ballot)} ${showState(reply.state)}`;
    default:
      return reply.type;
  }
}

function showReport(reply: {
  readonly accepted: Accepted | null;
  readonly copied: boolean;
  readonly floor: number;
}): string {
  if (reply.accepted === null) return reply.floor === 0 ? "none" : `none, floor ${reply.floor}`;
  const { ballot, state } = reply.accepted;
  return `${showState(state)} at ${showBallot(ballot)}${reply.copied ? ", copied" : ""}`;
}

/** The next step of a proposer, other than sending. */
export function showStep(step: Step<unknown>): string {
  if (step.do === "send") return showRequest(step.request);
  if (step.do !== "done") return step.do;
  return `done, ${showState(step.chosen.state)} at ${showBallot(step.chosen.ballot)}`;
}
