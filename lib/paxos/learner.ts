import { type Ballot, compareBallots, type Life, NO_BALLOT } from "./ballot.ts";
import { type Sender, Tally } from "./quorum.ts";
import type { State } from "./register.ts";

/** Ballots of one register counted at the same time, the highest ones, to bound memory. */
const MAX_BALLOTS = 8;

/** A report. */
interface Vote {
  /** `early`: a vote of a fast round under a configuration that was not settled. */
  readonly kind: "classic" | "fast" | "early";
  /** To whom the acceptor promised the next ballot. */
  readonly heir: Life | undefined;
}

/** A chosen state, and its ballot. */
export interface Learned {
  /** The ballot at which a quorum accepted it. */
  readonly ballot: Ballot;
  /** The chosen state. */
  readonly state: State | null;
  /** The other life to which that quorum promised the next ballot with it. Default: none. */
  readonly heir?: Life;
}

/**
 * Learns what is chosen for one register from the acceptors' reports of what they accepted (Lamport, *Paxos
 * Made Simple*, section 2.3): the same ballot from a crash-consistent quorum, or from all members if all of these reports
 * are votes of a fast round. The learned ballot never goes back.
 */
export class Learner {
  readonly #members: readonly string[];
  readonly #isSettled: () => boolean;
  readonly #tallies: { ballot: Ballot; tally: Tally<Vote> }[] = [];
  #known: Ballot = NO_BALLOT;

  /**
   * Learns from `members`. Votes of a fast round that arrive before their configuration `isSettled` are not chosen by their
   * number. It may become settled while a learner counts: the members, and so the epoch, stay the same.
   */
  constructor(members: readonly string[], isSettled: () => boolean = () => true) {
    this.#members = members;
    this.#isSettled = isSettled;
  }

  /**
   * Counts that an acceptor accepted `state` at `ballot`, in a fast round or not; returns what is chosen if that is newly
   * learned.
   */
  receive(
    sender: Sender,
    ballot: Ballot,
    state: State,
    fast: boolean,
    heir?: Life,
  ): Learned | undefined {
    if (compareBallots(ballot, this.#known) <= 0) return undefined;
    let counted = this.#tallies.find((other) => compareBallots(other.ballot, ballot) === 0);
    if (counted === undefined) {
      counted = { ballot, tally: new Tally(this.#members) };
      this.#tallies.push(counted);
      this.#tallies.sort((a, b) => compareBallots(b.ballot, a.ballot));
      this.#tallies.length = Math.min(this.#tallies.length, MAX_BALLOTS);
    }
    const kind = !fast ? "classic" : this.#isSettled() ? "fast" : "early";
    if (!counted.tally.add(sender, { kind, heir })) return undefined;
    const { replies, size } = counted.tally;
    const isThere = (kind: Vote["kind"]) => replies.some((vote) => vote.kind === kind);
    // An early vote may have been written over by the sweep, also if it arrives after that.
    const areAll = size === this.#members.length && !isThere("early");
    if (!areAll && !isThere("classic")) return undefined;
    if (!this.learn(ballot)) return undefined;
    const isHandedOn = heir !== undefined && replies.every((vote) => vote.heir === heir);
    return isHandedOn ? { ballot, state, heir } : { ballot, state };
  }

  /** Notes a state that is known from elsewhere to be chosen at `ballot`; returns whether it is newer. */
  learn(ballot: Ballot): boolean {
    if (compareBallots(ballot, this.#known) <= 0) return false;
    this.#known = ballot;
    const kept = this.#tallies.filter((other) => compareBallots(other.ballot, ballot) > 0);
    this.#tallies.splice(0, this.#tallies.length, ...kept);
    return true;
  }
}
