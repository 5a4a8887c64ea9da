import type { RegisterId } from "../../paxos/register.ts";
import type { Released } from "./released.ts";

/** To whom the changes of one register report. */
export interface ProposalEvents {
  /** Nothing is left to propose for this register. */
  readonly idle: (register: RegisterId) => void;
  /** Called with each chosen tombstone, and with the proposer that counts which members have accepted it. */
  released: Released;
}
