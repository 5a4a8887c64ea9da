import type { RegisterRequest } from "../../paxos/messages.ts";
import type { ProposalTrace } from "./proposal_trace.ts";
import type { Released } from "./released.ts";

/** To whom the changes of one register report. */
export interface ProposalEvents {
  /** Nothing is left to propose. */
  readonly idle: () => void;
  readonly released: Released;
  /** A request is about to be sent. */
  readonly sends: (request: RegisterRequest) => void;
  /** `undefined`: there is no listener to the decisions of this node. */
  readonly trace: ProposalTrace | undefined;
}
