import { type Ballot, compareBallots, floorBallot } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";
import type { Accepted, SessionId, State } from "./register.ts";

/** One acceptor's report of one register, in a promise or in answer to a read. */
export interface Report {
  /** The highest ballot promised, in answer to a read. */
  readonly promised?: Ballot;
  /** What the acceptor accepted last; `null`: nothing. */
  readonly accepted: Accepted | null;
  /** Copied during recovery: a value to adopt, but no vote. */
  readonly copied: boolean;
  /** The acceptor's floor if nothing is accepted; otherwise 0. */
  readonly floor: number;
  /** The owners of the state that the acceptor believes expired. */
  readonly stale: readonly SessionId[];
}

/** The summary of a quorum of reports. */
export interface Summary {
  /** The accepted state with the highest ballot; `null`: no acceptor accepted anything. */
  readonly state: State | null;
  /** The token of that state; without a state, the highest floor. */
  readonly token: number;
  /**
   * The ballot of that state. Without a state, a lower bound of every later ballot of this register: the lowest
   * of the floors, since any other quorum shares an acceptor with this one.
   */
  readonly ballot: Ballot;
  /** Whether all of them voted for exactly this ballot, or none of them for any: then it is chosen. */
  readonly unanimous: boolean;
  /** The owners of the state that all of them believe expired. */
  readonly stale: readonly SessionId[];
}

/** Sums up the reports of a crash-consistent quorum. */
export function summarize(reports: readonly Report[]): Summary {
  assertInvariant(reports.length > 0, "a quorum is of at least one report");
  let accepted: Accepted | null = null;
  let floor = 0;
  for (const report of reports) {
    floor = Math.max(floor, report.floor);
    if (report.accepted === null) continue;
    if (accepted === null || compareBallots(report.accepted.ballot, accepted.ballot) > 0) {
      accepted = report.accepted;
    }
  }
  if (accepted === null) {
    const lowest = Math.min(...reports.map(belowAllLater));
    return { state: null, token: floor, ballot: floorBallot(lowest), unanimous: true, stale: [] };
  }
  const { ballot, state } = accepted;
  const stale = state.present
    ? state.owners.filter((owner) => reports.every((report) => report.stale.includes(owner)))
    : [];
  return {
    state,
    token: state.token,
    ballot,
    unanimous: reports.every((report) => votesFor(report, ballot)),
    stale,
  };
}

/** A counter below that of every ballot that this acceptor may still accept; it has accepted none. */
function belowAllLater({ promised, floor }: Report): number {
  // It may hold a promise below its floor, and still accept at that ballot.
  return promised === undefined || compareBallots(promised, floorBallot(floor)) >= 0
    ? floor
    : promised.counter - 1;
}

function votesFor(report: Report, ballot: Ballot): boolean {
  return report.accepted !== null && !report.copied &&
    compareBallots(report.accepted.ballot, ballot) === 0;
}
