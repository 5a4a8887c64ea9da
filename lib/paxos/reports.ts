import { type Ballot, compareBallots, floorBallot } from "./ballot.ts";
import type { Accepted, SessionId, State } from "./register.ts";

/** What one acceptor says of one register, in a promise or in answer to a read. */
export interface Report {
  /** The highest ballot promised, in answer to a read. */
  readonly promised?: Ballot;
  /** What the acceptor accepted last; `null`: nothing. */
  readonly accepted: Accepted | null;
  /** Copied during recovery: a value to adopt, but no vote. */
  readonly copied: boolean;
  /** The acceptor's floor, when nothing is accepted; else 0. */
  readonly floor: number;
  /** Those of the state's owners that the acceptor believes expired. */
  readonly stale: readonly SessionId[];
}

/** What a quorum of reports says together. */
export interface Summary {
  /** The accepted state with the highest ballot; `null`: none of them accepted anything. */
  readonly state: State | null;
  /** The token of that state; else the highest floor. */
  readonly token: number;
  /**
   * The ballot of that state. Without one, what every later ballot of this register is above: the lowest
   * of the floors, since any other quorum shares an acceptor with this one.
   */
  readonly ballot: Ballot;
  /** Whether all of them voted for just this ballot, or none of them for any: then it is chosen. */
  readonly unanimous: boolean;
  /** The owners of the state that every one of them believes expired. */
  readonly stale: readonly SessionId[];
}

/** Sums up the reports of a crash-consistent quorum. */
export function summarize(reports: readonly Report[]): Summary {
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

/** A counter below that of every ballot that this acceptor may accept yet; it has accepted none. */
function belowAllLater({ promised, floor }: Report): number {
  // It may hold a promise that is older than its floor, and still accept there.
  return promised === undefined || compareBallots(promised, floorBallot(floor)) >= 0
    ? floor
    : promised.counter - 1;
}

function votesFor(report: Report, ballot: Ballot): boolean {
  return report.accepted !== null && !report.copied &&
    compareBallots(report.accepted.ballot, ballot) === 0;
}
