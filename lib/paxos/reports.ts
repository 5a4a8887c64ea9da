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
  /** The accepted state that counts, see {@linkcode outranks}; `null`: no acceptor accepted anything. */
  readonly state: State | null;
  /** The token of that state; without a state, the highest floor. */
  readonly token: number;
  /**
   * The ballot of that state. Without a state, a lower bound of every later ballot of this register: the lowest
   * of the floors, since any other quorum shares an acceptor with this one.
   */
  readonly ballot: Ballot;
  /**
   * Whether all of them voted for exactly this ballot, or none of them for any: then it is chosen. The ballot of a fast
   * round is, once the votes of all members are among them, or one that is known to be chosen.
   */
  readonly unanimous: boolean;
  /** Whether that state is the vote of a fast round. */
  readonly fast: boolean;
  /** Whether the reports of the other members may still show that the ballot of a fast round is chosen. */
  readonly open: boolean;
  /** The owners of the state that all of them believe expired. */
  readonly stale: readonly SessionId[];
}

/**
 * Whether `a` counts and `b` does not, of what two acceptors have accepted: a classic state goes before one of a fast
 * round, however high the ballot of that; otherwise the higher ballot counts.
 */
export function outranks(a: Accepted, b: Accepted): boolean {
  if (a.fast !== b.fast) return a.fast !== true;
  return compareBallots(a.ballot, b.ballot) > 0;
}

/**
 * Sums up the reports of a crash-consistent quorum; `members`: the number of all members, if their configuration is settled.
 * Without it, votes of a fast round are not known to be chosen by their number.
 */
export function summarize(reports: readonly Report[], members = Infinity): Summary {
  assertInvariant(reports.length > 0, "a quorum is of at least one report");
  let accepted: Accepted | null = null;
  let floor = 0;
  for (const report of reports) {
    floor = Math.max(floor, report.floor);
    if (report.accepted === null) continue;
    if (accepted === null || outranks(report.accepted, accepted)) accepted = report.accepted;
  }
  if (accepted === null) {
    const lowest = Math.min(...reports.map(belowAllLater));
    const ballot = floorBallot(lowest);
    return {
      state: null,
      token: floor,
      ballot,
      unanimous: true,
      fast: false,
      open: false,
      stale: [],
    };
  }
  const { ballot, state, fast } = accepted;
  const stale = state.present
    ? state.owners.filter((owner) => reports.every((report) => report.stale.includes(owner)))
    : [];
  const agree = reports.every((report) => votesFor(report, ballot));
  const isEnough = fast !== true || reports.length >= members;
  return {
    state,
    token: state.token,
    ballot,
    unanimous: agree && isEnough,
    fast: fast === true,
    open: agree && !isEnough && members < Infinity,
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
