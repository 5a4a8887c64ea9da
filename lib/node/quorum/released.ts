import type { Ballot } from "../../paxos/ballot.ts";
import type { RegisterRequest } from "../../paxos/messages.ts";
import type { Proposer } from "../../paxos/proposer.ts";
import type { RegisterId } from "../../paxos/register.ts";

/** A chosen tombstone, and the question by which members still report that they accepted it. */
export interface Release {
  readonly register: RegisterId;
  readonly ballot: Ballot;
  readonly requestId: number;
  readonly request: RegisterRequest;
  readonly proposer: Proposer<unknown>;
  /** The smoothed round trip to a quorum, in milliseconds. */
  readonly roundTrip: number;
}

/** Takes over a release and its question, which it has to close. */
export type Released = (release: Release) => void;
